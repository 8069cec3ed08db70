// NodePlaces.h - which nodes of a graph are compiled, which the host runs, and which wait for values.
// SPDX-License-Identifier: Apache-2.0
//
// Compiled code has static shapes. What depends on a value that the running model computes - a shape, an axis, the way that
// an If takes - waits until that value is there and is compiled then. Nodes that no kernel stands for, because the result's shape
// is their result or because their values are no tensors of numbers, run on the host, in the interpreter.

#ifndef BN_LIB_DRIVER_NODEPLACES_H
#define BN_LIB_DRIVER_NODEPLACES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

namespace bn::driver {

/// When a node's results are there: before the graph runs, from compiled code, from the host after that, or when more is known.
enum class Place { Known, Compiled, Hosted, Later };

/// Whether an op is a constant, which has no place: whoever needs it copies it.
inline bool isConstant(mlir::Operation *op) { return op->hasTrait<mlir::OpTrait::ConstantLike>(); }

/// The values from outside that the regions of `op` use; constants, which a copy takes along, excepted.
llvm::SmallVector<mlir::Value> getCaptures(mlir::Operation *op);

/// The places of a graph's nodes.
class NodePlaces {
public:
  /// Decides for the nodes of a graph with bound types. Fails where a node is for nobody, or its result is larger than the memory.
  static llvm::Expected<NodePlaces> get(mlir::func::FuncOp main);

  /// The nodes of a place in order.
  llvm::SmallVector<mlir::Operation *> getNodes(Place place) const;

private:
  explicit NodePlaces(mlir::Block &block) : block(&block) {}
  Place placeOf(mlir::Value value) const;
  llvm::Expected<Place> decide(mlir::Operation *op);

  mlir::Block *block;
  bool isWhole = true; ///< everything can be compiled
  llvm::DenseMap<mlir::Operation *, Place> places;
};

} // namespace bn::driver

#endif // BN_LIB_DRIVER_NODEPLACES_H
