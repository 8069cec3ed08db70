// BatchNormalizationSteps.cpp - the ops that bn.training and its gradient decompose into, one by one.
// SPDX-License-Identifier: Apache-2.0

#include "BatchNormalizations.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace bn::lower {

/// Elementwise in double on tensors of one shape; the result has `type`'s element type.
static Value mapWide(Builder &b, RankedTensorType type, ValueRange operands, Body body) {
  return map(b, type, operands, [&](Builder &b, ValueRange v) {
    SmallVector<Value> wide = llvm::map_to_vector(v, [&](Value x) { return convertFloat(b, x, b.getF64Type()); });
    return body(b, wide);
  });
}

static LogicalResult lower(NodeLowering &n, MomentsOp op) {
  Builder &b = n.b;
  NormalizeDomain domain(n.inShape(0), op.getAxes(), op.getGhosts(), op.getGrouping());
  bool masked = n.has(1);
  double maskEpsilon = op.getMaskEpsilon().convertToDouble();
  NormalizeKernel kernel;
  for (unsigned i = 0; i < n.getNumInputs(); ++i)
    kernel.elements.push_back(domain.element(b, n.in(i), n.inShape(0)));
  addMoments(kernel, masked);
  for (unsigned i = 0; i < 3; ++i)
    kernel.statistics.push_back(n.outType(i).getElementType());
  kernel.finish = [=](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> {
    NumberMoments moments = finishMoments(b, v, masked, domain.count, maskEpsilon);
    return {moments.mean, moments.variance, moments.count};
  };
  n.results = kernel.build(b, domain, {});
  return success();
}

static LogicalResult lower(NodeLowering &n, PoolGhostsOp) {
  n.results = {convert(n.b, reduceMean(n.b, n.in(0), 0), n.outType().getElementType())};
  return success();
}

static LogicalResult lower(NodeLowering &n, InvStddevOp op) {
  double epsilon = op.getEpsilon().convertToDouble();
  n.results = {mapWide(n.b, n.outType(), n.in(0), [&](Builder &b, ValueRange v) { return inverseStddev(b, v[0], epsilon); })};
  return success();
}

static LogicalResult lower(NodeLowering &n, RestoreVarianceOp op) {
  double epsilon = op.getEpsilon().convertToDouble();
  n.results = {mapWide(n.b, n.outType(), n.in(0), [&](Builder &b, ValueRange v) { return restoreVariance(b, v[0], epsilon); })};
  return success();
}

static LogicalResult lower(NodeLowering &n, RenormCorrectionOp op) {
  double epsilon = op.getEpsilon().convertToDouble();
  SmallVector<Value> operands = n.ins();
  for (unsigned result = 0; result < 3; ++result)
    n.results.push_back(mapWide(n.b, n.outType(result), operands, [&](Builder &b, ValueRange v) {
      Value stddev = squareRoot(b, addNumbers(b, v[1], number(b, b.getF64Type(), epsilon)));
      Correction c = correct(b, v[0], stddev, v[2], v[3], {valueAt(op, v, 4), valueAt(op, v, 5), valueAt(op, v, 6)}, epsilon);
      return result == 0 ? c.r : result == 1 ? c.d : stddev;
    }));
  return success();
}

static LogicalResult lower(NodeLowering &n, NormalizeOp op) {
  Builder &b = n.b;
  NormalizeDomain domain(n.inShape(0), op.getAxes(), op.getGhosts(), op.getGrouping());
  Type compute = getComputeType(n.outType().getElementType());
  SmallVector<Value> operands = {domain.element(b, n.in(0), n.inShape(0)), reshape(b, n.in(1), domain.groupShape),
                                 reshape(b, n.in(2), domain.groupShape)};
  OptionalArgument r(b, operands, operandAt(n, op, 3), domain.parameterShape), d(b, operands, operandAt(n, op, 4), domain.parameterShape),
      scale(b, operands, operandAt(n, op, 7), domain.parameterShape), offset(b, operands, operandAt(n, op, 8), domain.parameterShape);
  auto broadcasting = [&](unsigned position) {
    Value x = operandAt(n, op, position);
    return x ? domain.element(b, x, n.inShape(0)) : Value();
  };
  Value a = broadcasting(5), c = broadcasting(6);
  OptionalArgument adjustmentScale(b, operands, a, a ? shapeOf(a) : Shape()), adjustmentOffset(b, operands, c, c ? shapeOf(c) : Shape());
  auto type = RankedTensorType::get(domain.shape, n.outType().getElementType());
  Value y = map(b, type, operands, [&](Builder &b, ValueRange values) -> Value {
    SmallVector<Value> v = llvm::map_to_vector(values, [&](Value x) { return convertFloat(b, x, compute); });
    auto apply = [&](Value x, const OptionalArgument &factor, const OptionalArgument &summand) {
      if (factor)
        x = mulNumbers(b, x, factor.get(b, v, 0, compute, 1));
      return summand ? addNumbers(b, x, summand.get(b, v, 0, compute, 0)) : x;
    };
    Value z = mulNumbers(b, subNumbers(b, v[0], v[1]), v[2]);
    return apply(apply(apply(z, r, d), adjustmentScale, adjustmentOffset), scale, offset);
  });
  n.results = {reshape(b, y, n.outType().getShape())};
  return success();
}

static LogicalResult lower(NodeLowering &n, UpdateAverageOp op) {
  double momentum = op.getMomentum().convertToDouble();
  n.results = {mapWide(n.b, n.outType(), n.ins(), [&](Builder &b, ValueRange v) {
    return averageStep(b, v[0], v[1], v.size() > 2 ? v[2] : Value(), op.getBessel(), momentum);
  })};
  return success();
}

static LogicalResult lower(NodeLowering &n, MergeMomentsOp) {
  SmallVector<Value> operands = n.ins();
  for (unsigned result = 0; result < 3; ++result)
    n.results.push_back(mapWide(n.b, n.outType(result), operands, [&](Builder &b, ValueRange v) -> Value {
      Value total = addNumbers(b, v[2], v[5]), difference = subNumbers(b, v[3], v[0]), share = divNumbers(b, v[5], total);
      if (result == 2)
        return total;
      auto unlessEmpty = [&](Value merged) -> Value { // the other set's moment where one has no elements
        for (unsigned set : {0, 3}) {
          Value isEmpty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, v[set + 2], number(b, b.getF64Type(), 0));
          merged = arith::SelectOp::create(b, isEmpty, v[3 - set + result], merged);
        }
        return merged;
      };
      if (result == 0)
        return unlessEmpty(addNumbers(b, v[0], mulNumbers(b, difference, share)));
      Value within = addNumbers(b, mulNumbers(b, v[2], v[1]), mulNumbers(b, v[5], v[4]));
      Value between = mulNumbers(b, mulNumbers(b, difference, difference), mulNumbers(b, v[2], share));
      return unlessEmpty(divNumbers(b, addNumbers(b, within, between), total));
    }));
  return success();
}

static LogicalResult lower(NodeLowering &n, InvStddevGradOp) {
  n.results = {mapWide(n.b, n.outType(), n.ins(), [](Builder &b, ValueRange v) {
    Value cube = mulNumbers(b, v[1], mulNumbers(b, v[1], v[1]));
    return mulNumbers(b, number(b, b.getF64Type(), -0.5), mulNumbers(b, cube, v[0]));
  })};
  return success();
}

static LogicalResult lower(NodeLowering &n, MomentsGradOp op) {
  Builder &b = n.b;
  NormalizeDomain domain(n.inShape(1), op.getAxes(), op.getGhosts(), op.getGrouping());
  Value mask = operandAt(n, op, 5);
  bool masked = mask != nullptr;
  double maskEpsilon = masked ? op.getMaskEpsilon().convertToDouble() : 0;
  NormalizeKernel kernel;
  kernel.elements = {domain.element(b, n.in(1), n.inShape(1))};
  if (masked)
    kernel.elements.push_back(domain.element(b, mask, n.inShape(1)));
  kernel.extras = {domain.element(b, n.in(0), n.inShape(1))};
  for (unsigned position : {2, 3, 4})
    kernel.groups.push_back(reshape(b, n.in(position), domain.groupShape));
  kernel.terms = [=](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> {
    Value centred = subNumbers(b, v[0], v[1 + masked]);
    return masked ? SmallVector<Value>{mulNumbers(b, v[1], centred), v[1]} : SmallVector<Value>{centred};
  };
  kernel.finish = [=](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> {
    Type f64 = b.getF64Type();
    Value count = masked ? addNumbers(b, v[4], number(b, f64, maskEpsilon)) : number(b, f64, domain.count);
    Value slope = divNumbers(b, mulNumbers(b, number(b, f64, 2), v[2]), count);
    return {slope, divNumbers(b, subNumbers(b, v[1], mulNumbers(b, slope, v[3])), count)};
  };
  kernel.output = n.outType(0).getElementType();
  // direct + m·((x − μ)·slope + constant)
  kernel.map = [=](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> {
    unsigned direct = 1 + masked;
    Value through = fma(b, subNumbers(b, v[0], v[direct + 1]), v[v.size() - 2], v.back());
    return {masked ? fma(b, v[1], through, v[direct]) : addNumbers(b, through, v[direct])};
  };
  n.results = kernel.build(b, domain, n.inShape(1));
  return success();
}

template <typename Op> static LogicalResult lowerAs(NodeLowering &n) { return lower(n, cast<Op>(n.op)); }

LoweringFunction findBatchNormLowering(Operation *op) {
  return llvm::TypeSwitch<Operation *, LoweringFunction>(op)
      .Case<InferenceOp>([](auto) { return lowerInference; })
      .Case<AffineOp>([](auto) { return lowerAffine; })
      .Case<TrainingOp>([](auto) { return lowerTraining; })
      .Case<TrainingGradOp>([](auto) { return lowerTrainingGrad; })
      .Case<InferenceGradOp>([](auto) { return lowerInferenceGrad; })
      .Case<NormalizeGradOp>([](auto) { return lowerNormalizeGrad; })
      .Case<MomentsOp, PoolGhostsOp, InvStddevOp, RestoreVarianceOp, RenormCorrectionOp, NormalizeOp, UpdateAverageOp, MergeMomentsOp,
            InvStddevGradOp, MomentsGradOp>([](auto known) { return lowerAs<decltype(known)>; })
      .Default([](Operation *) { return nullptr; });
}

} // namespace bn::lower
