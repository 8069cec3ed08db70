// Initializers.h - constants as passes see them: found through Identity nodes, made under names that are free.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_INITIALIZERS_H
#define BN_OPTIMIZE_INITIALIZERS_H

#include "bn/IR/Onnx/FreshNames.h"
#include "bn/IR/Onnx/Onnx.h"
#include "mlir/IR/PatternMatch.h"

#include <optional>

namespace bn {

using onnx::FreshNames;

/// The constant that the value is, perhaps through Identity nodes (exporters share equal initializers that way).
onnx::ConstantOp getConstant(mlir::Value value);

/// The value of a constant, perhaps through Identity nodes; null where it is none.
mlir::ElementsAttr getConstantValue(mlir::Value value);

/// The numbers of a value that is a constant of floats.
std::optional<llvm::SmallVector<double>> getConstantReals(mlir::Value value);

/// A list of integers that newer versions of an operator take as an operand, and older ones as an attribute.
std::optional<llvm::SmallVector<int64_t>> getIntegers(onnx::NodeOpInterface node, unsigned operand, llvm::StringRef attribute);

/// Whether the value leaves its graph, so that its name is part of the model's face.
bool isGraphOutput(mlir::Value value);

/// Whether an optional input is not given.
bool isAbsent(mlir::Value value);

/// Whether any op but `reader` needs the constant, directly or through Identity nodes.
bool hasOtherReaders(onnx::ConstantOp constant, mlir::Operation *reader);

/// The bytes that the constant's elements take.
int64_t getNumBytes(onnx::ConstantOp constant);

/// The name for a new version of `constant`: its own one where `reader` is its only reader, otherwise a fresh one.
std::string takeVersionName(onnx::ConstantOp constant, mlir::Operation *reader, FreshNames &names);

/// Whether constants of the graph around `op` are initializers: model-local functions have Constant nodes only.
bool holdsInitializers(mlir::Operation *op);

/// Makes an initializer, or a Constant node where there are none, at the insertion point.
onnx::ConstantOp createInitializer(mlir::OpBuilder &builder, mlir::Location loc, mlir::ElementsAttr value, llvm::StringRef name);

/// Erases the ops that define `values`, and what only they needed, where nothing uses them.
void eraseIfDead(mlir::RewriterBase &rewriter, mlir::ValueRange values);

} // namespace bn

#endif // BN_OPTIMIZE_INITIALIZERS_H
