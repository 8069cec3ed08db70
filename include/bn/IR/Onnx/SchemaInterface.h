// SchemaInterface.h - what the ONNX library knows of an operator, for code that must not know that library.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_ONNX_SCHEMAINTERFACE_H
#define BN_IR_ONNX_SCHEMAINTERFACE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/DialectInterface.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace bn::onnx {

/// A dialect interface of `onnx`. The library BNOnnx implements it (`registerSchemaInterface`); Optimize and Lower reach
/// it through the dialect: `op->getContext()->getLoadedDialect("onnx")->getRegisteredInterface<SchemaInterface>()`.
class SchemaInterface : public mlir::DialectInterface::Base<SchemaInterface> {
public:
  SchemaInterface(mlir::Dialect *dialect) : Base(dialect) {}

  /// Computes the result types of a node from its operand types by ONNX's own shape inference. `constantOperand` gives
  /// the value of an operand that is known, or null. `types` gets one type per result, the present one where
  /// inference says less. Fails, with a diagnostic on `node`, when the operands contradict the schema.
  virtual mlir::LogicalResult inferTypes(mlir::Operation *node,
                                         llvm::function_ref<mlir::ElementsAttr(unsigned)> constantOperand,
                                         llvm::SmallVectorImpl<mlir::Type> &types) const = 0;

  /// Replaces `node` by the nodes of its operator's function body. Fails silently when the operator has none.
  virtual mlir::LogicalResult expandFunctionBody(mlir::Operation *node, mlir::RewriterBase &rewriter) const = 0;

  /// The model-local function that `node` calls, or null.
  virtual mlir::func::FuncOp getCallee(mlir::Operation *node) const = 0;

  /// Replaces a call of a model-local function by its nodes, names included, of which those of values are made free ones. Fails
  /// silently when the function means other opsets than the model, or returns what is not its own.
  virtual mlir::LogicalResult inlineCall(mlir::Operation *node, mlir::RewriterBase &rewriter) const = 0;
};

} // namespace bn::onnx

#endif // BN_IR_ONNX_SCHEMAINTERFACE_H
