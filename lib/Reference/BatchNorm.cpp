// BatchNorm.cpp - the ops of the bn dialect in the interpreter: which they are, and those with given statistics.
// SPDX-License-Identifier: Apache-2.0

#include "BatchNorm.h"

#include "BatchNormOps.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace bn::reference {

bool isBatchNorm(Operation *op) { return isa_and_nonnull<BNDialect>(op->getDialect()); }

static LogicalResult evaluateOp(InferenceOp op, ArrayRef<const Tensor *> operands, SmallVectorImpl<Tensor> &results) {
  auto get = [&](unsigned position) { return getOperand(op, operands, position); };
  const Tensor &x = *get(0), *scale = get(1), *offset = get(2), &mean = *get(3), &variance = *get(4);
  FailureOr<Groups> groups = Groups::get(op, x, op.getAxes());
  if (failed(groups) || failed(checkShapes(op, groups->parameterShape, {scale, offset, &mean, &variance})))
    return failure();
  Factors factors;
  factors.scale = scale ? scale->reals().data() : nullptr;
  factors.offset = offset ? offset->reals().data() : nullptr;
  results.push_back(normalize(*groups, x, mean.reals(), invertStddev(variance.reals(), op.getEpsilon().convertToDouble()), factors));
  return success();
}

static LogicalResult evaluateOp(AffineOp op, ArrayRef<const Tensor *> operands, SmallVectorImpl<Tensor> &results) {
  const Tensor &x = *operands[0];
  int64_t axis = op.getAxis();
  if (axis >= static_cast<int64_t>(x.shape.size()) || x.shape[axis] != static_cast<int64_t>(op.getScale().size()))
    return op.emitOpError("expected ") << op.getScale().size() << " elements along axis " << axis << ", got " << x.getType();
  AxisView view(x.shape, axis);
  Tensor y = makeTensor(x.elementType, x.shape);
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t c = 0; c < view.size; ++c)
      for (int64_t n = 0; n < view.inner; ++n) {
        int64_t at = view.offset(o, c, n);
        y.mutableReals()[at] = op.getScale()[c] * x.reals()[at] + op.getOffset()[c];
      }
  results.push_back(std::move(y));
  return success();
}

LogicalResult evaluateBatchNorm(Operation *op, ArrayRef<const Tensor *> operands, SmallVectorImpl<Tensor> &results) {
  for (auto [i, operand] : llvm::enumerate(operands))
    if (!operand || !isa<FloatType>(operand->elementType))
      return op->emitOpError("expected operand ") << i << " to be real";
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<InferenceOp, AffineOp, TrainingOp, MomentsOp, PoolGhostsOp, InvStddevOp, RestoreVarianceOp, RenormCorrectionOp, NormalizeOp,
            UpdateAverageOp, MergeMomentsOp, InferenceGradOp, TrainingGradOp, NormalizeGradOp, InvStddevGradOp, MomentsGradOp>(
          [&](auto known) { return evaluateOp(known, operands, results); })
      .Default([](Operation *unknown) { return unknown->emitOpError("is not known to the interpreter"); });
}

} // namespace bn::reference
