// GraphParts.h - a graph cut into what can be compiled now, what the host does, and what is left for later.
// SPDX-License-Identifier: Apache-2.0
//
// Values that are known when a part runs have a slot: first the inputs of the graph, then what the part adds.

#ifndef BN_LIB_DRIVER_GRAPHPARTS_H
#define BN_LIB_DRIVER_GRAPHPARTS_H

#include "bn/Driver/Session.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

namespace bn::driver {

/// Values in the order in which a run computes them.
using Slots = llvm::DenseMap<mlir::Value, unsigned>;

/// A part of a graph as a model of its own.
struct GraphPart {
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< null when there is nothing to do
  llvm::SmallVector<unsigned> inputs;       ///< the slots of its inputs
};

struct GraphParts {
  GraphPart segment;                          ///< to compile
  llvm::SmallVector<mlir::Operation *> hosted; ///< nodes of the graph that the host runs after it, in order
  GraphPart rest;                             ///< what follows when these values are known
  Slots slots;                                ///< inputs, results of the segment, results of the hosted nodes
};

/// Cuts a graph with bound types. Fails where a node is for nobody.
llvm::Expected<GraphParts> cutGraph(mlir::ModuleOp module);

/// Whether the segment is the graph: it takes all inputs, and its results are the outputs, in order.
bool isWhole(const GraphParts &parts, mlir::func::FuncOp main);

/// The body of a node as a model: its inputs, then what it uses from around it.
mlir::OwningOpRef<mlir::ModuleOp> makeBodyModel(mlir::Region &body, llvm::ArrayRef<mlir::Value> captures);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_GRAPHPARTS_H
