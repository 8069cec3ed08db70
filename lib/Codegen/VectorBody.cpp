// VectorBody.cpp - a region of scalar ops, done on vectors.
// SPDX-License-Identifier: Apache-2.0

#include "VectorBody.h"
#include "LinearView.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

bool bn::isLanewise(Block &body) {
  return llvm::all_of(body.without_terminator(), [](Operation &op) {
    return isa<linalg::IndexOp>(op) || op.hasTrait<OpTrait::ConstantLike>() || OpTrait::hasElementwiseMappableTraits(&op);
  });
}

/// Clones one op; with a vector among its operands it becomes an op on vectors.
static void emitOp(OpBuilder &builder, Operation &op, IRMapping &mapping, int64_t lanes) {
  bool onVectors = llvm::any_of(op.getOperands(), [&](Value v) { return isa<VectorType>(mapping.lookupOrDefault(v).getType()); });
  if (onVectors)
    for (Value operand : op.getOperands())
      mapping.map(operand, bn::splat(builder, op.getLoc(), mapping.lookupOrDefault(operand), lanes));
  Operation *clone = builder.clone(op, mapping);
  if (onVectors)
    for (Value result : clone->getResults())
      result.setType(VectorType::get({lanes}, result.getType()));
}

SmallVector<Value> bn::emitBody(OpBuilder &builder, Block &body, ValueRange arguments, int64_t lanes,
                                llvm::function_ref<Value(uint64_t)> indexOf) {
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &op : body.without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(op))
      mapping.map(index.getResult(), indexOf(index.getDim()));
    else
      emitOp(builder, op, mapping, lanes);
  }
  SmallVector<Value> results;
  for (Value value : body.getTerminator()->getOperands())
    results.push_back(splat(builder, value.getLoc(), mapping.lookupOrDefault(value), lanes));
  return results;
}
