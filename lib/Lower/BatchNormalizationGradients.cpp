// BatchNormalizationGradients.cpp - gradients of normalizations: all sums and the input's gradient in one kernel.
// SPDX-License-Identifier: Apache-2.0
//
// Data is centred before it is multiplied, so that sums keep their digits far from zero. The adjustment's gradients, which sum
// over axes of their own, are linalg.

#include "BatchNormalizations.h"

using namespace mlir;

namespace bn::lower {

/// Σ x over what a tensor of `type`'s shape was broadcast along, in its type.
static Value sumTo(Builder &b, Value x, RankedTensorType type) {
  int64_t lead = typeOf(x).getRank() - type.getRank();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(lead));
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (size == 1)
      axes.push_back(i + lead);
  Value sum = axes.empty() ? x : reduceSum(b, x, axes);
  return convert(b, reshape(b, sum, type.getShape()), type.getElementType());
}

namespace {
/// bn.training_grad or bn.normalize_grad on its way to kernel form. The statistics are the input's in the former, operands in the latter.
template <typename OpT> class Backward {
public:
  explicit Backward(NodeLowering &n)
      : n(n), b(n.b), op(cast<OpT>(n.op)), domain(n.inShape(1), op.getAxes(), op.getGhosts(), op.getGrouping()),
        masked(in(kMask) != nullptr), adjusts(in(kAdjustmentScale) != nullptr), adjustment(masked ? 3 : 2), kernel(beginKernel()),
        scale(b, kernel.groups, in(kScale), domain.parameterShape), r(b, kernel.groups, in(kR), domain.parameterShape),
        d(b, kernel.groups, in(kD), domain.parameterShape) {}
  void lower();

private:
  static constexpr bool kOfInput = std::is_same_v<OpT, TrainingGradOp>;
  /// The result that is scale's gradient; the offset's and the adjustment's follow.
  static constexpr unsigned kFirstParameter = kOfInput ? 1 : 3;

  /// Null also where the op has no such operand.
  Value in(unsigned position) { return position != kMask || kOfInput ? operandAt(n, op, position) : Value(); }
  Value element(unsigned position) { return domain.element(b, in(position), n.inShape(1)); }
  NormalizeKernel beginKernel();
  SmallVector<Value> makeTerms(Builder &b, ArrayRef<Value> v) const;
  SmallVector<Value> finish(Builder &b, ArrayRef<Value> v) const;
  SmallVector<Value> finishInputGrad(Builder &b, ArrayRef<Value> sums, Value s, Value factor) const;
  Value mapElement(Builder &b, ArrayRef<Value> v) const;
  Value parameter(Value byGroup, unsigned result);
  void addAdjustmentGrads();

  // Positions of operands in the op's definition.
  enum : unsigned { kOutputGrad, kInput, kScale, kMean, kInverse, kR, kD, kAdjustmentScale, kAdjustmentOffset, kMask };

  NodeLowering &n;
  Builder &b;
  OpT op;
  NormalizeDomain domain;
  bool masked, adjusts;
  unsigned adjustment; ///< its place among the elements: dy, x, the mask if any
  NormalizeKernel kernel;
  OptionalArgument scale, r, d;
};
} // namespace

template <typename OpT> NormalizeKernel Backward<OpT>::beginKernel() {
  NormalizeKernel kernel;
  kernel.elements = {element(kOutputGrad), element(kInput)};
  if (masked)
    kernel.elements.push_back(element(kMask));
  if (adjusts)
    kernel.elements.append({element(kAdjustmentScale), element(kAdjustmentOffset)});
  kernel.groups = {reshape(b, in(kMean), domain.groupShape), reshape(b, in(kInverse), domain.groupShape)};
  return kernel;
}

/// Σg, Σg·(x − μ) with g = dy·a; Σm·(x − μ) where statistics are the input's; Σm with a mask; Σdy and Σdy·b with an adjustment.
template <typename OpT> SmallVector<Value> Backward<OpT>::makeTerms(Builder &b, ArrayRef<Value> v) const {
  Value centred = subNumbers(b, v[1], v[kernel.elements.size()]), g = adjusts ? mulNumbers(b, v[0], v[adjustment]) : v[0];
  SmallVector<Value> terms = {g, mulNumbers(b, g, centred)};
  if (kOfInput)
    terms.push_back(masked ? mulNumbers(b, v[2], centred) : centred);
  if (masked)
    terms.push_back(v[2]);
  if (adjusts)
    terms.append({v[0], mulNumbers(b, v[0], v[adjustment + 1])});
  return terms;
}

/// The parameters' gradients and, of bn.normalize_grad, the statistics'; then what the map takes.
template <typename OpT> SmallVector<Value> Backward<OpT>::finish(Builder &b, ArrayRef<Value> v) const {
  Type f64 = b.getF64Type();
  ArrayRef<Value> sums = v.drop_front(kernel.groups.size());
  Value s = v[1], ratio = r.get(b, v, 0, f64, 1), factor = mulNumbers(b, scale.get(b, v, 0, f64, 1), ratio);
  Value outputSum = adjusts ? sums[sums.size() - 2] : sums[0];
  Value scaleGrad = addNumbers(b, mulNumbers(b, mulNumbers(b, sums[1], s), ratio), mulNumbers(b, d.get(b, v, 0, f64, 0), sums[0]));
  if (adjusts)
    scaleGrad = addNumbers(b, scaleGrad, sums.back());
  if (domain.count == 0) // the statistics of nothing are NaN, its gradient is 0
    scaleGrad = outputSum;
  SmallVector<Value> results = {scaleGrad, outputSum};
  if (kOfInput)
    results.append(finishInputGrad(b, sums, s, factor));
  else
    results.append({arith::NegFOp::create(b, mulNumbers(b, s, mulNumbers(b, factor, sums[0]))), mulNumbers(b, factor, sums[1]),
                    mulNumbers(b, factor, s)});
  return results;
}

/// What makes the input's gradient of dy and of x − μ, through the mean and the variance as well: factor, slope and constant.
template <typename OpT>
SmallVector<Value> Backward<OpT>::finishInputGrad(Builder &b, ArrayRef<Value> sums, Value s, Value factor) const {
  Type f64 = b.getF64Type();
  double maskEpsilon = 0;
  if constexpr (kOfInput)
    maskEpsilon = masked ? OpT(op).getMaskEpsilon().convertToDouble() : 0;
  Value count = addNumbers(b, masked ? sums[3] : number(b, f64, domain.count), number(b, f64, maskEpsilon));
  Value cube = mulNumbers(b, s, mulNumbers(b, s, s));
  Value varianceGrad = mulNumbers(b, number(b, f64, -0.5), mulNumbers(b, cube, mulNumbers(b, factor, sums[1])));
  Value slope = divNumbers(b, mulNumbers(b, number(b, f64, 2), varianceGrad), count);
  Value meanGrad =
      arith::NegFOp::create(b, addNumbers(b, mulNumbers(b, s, mulNumbers(b, factor, sums[0])), mulNumbers(b, slope, sums[2])));
  return {mulNumbers(b, factor, s), slope, divNumbers(b, meanGrad, count)};
}

/// dy·a·factor; + m·((x − μ)·slope + constant) where statistics are the input's.
template <typename OpT> Value Backward<OpT>::mapElement(Builder &b, ArrayRef<Value> v) const {
  Value g = adjusts ? mulNumbers(b, v[0], v[adjustment]) : v[0];
  if (!kOfInput)
    return mulNumbers(b, g, v.back());
  Value centred = subNumbers(b, v[1], v[kernel.elements.size()]);
  ArrayRef<Value> k = v.take_back(3);
  Value through = fma(b, centred, k[1], k[2]);
  if (masked)
    through = mulNumbers(b, v[2], through);
  return fma(b, g, k[0], through);
}

/// The sum over the ghosts of a gradient by group, as result `result`.
template <typename OpT> Value Backward<OpT>::parameter(Value byGroup, unsigned result) {
  Value sum = domain.ghosts > 1 ? reduceSum(b, byGroup, 0) : byGroup;
  return convert(b, sum, n.outType(result).getElementType());
}

template <typename OpT> void Backward<OpT>::lower() {
  kernel.terms = [this](Builder &b, ArrayRef<Value> v) { return makeTerms(b, v); };
  kernel.statistics = {b.getF64Type(), b.getF64Type()};
  if (!kOfInput)
    for (unsigned result : {1u, 2u})
      kernel.statistics.push_back(n.outType(result).getElementType());
  kernel.finish = [this](Builder &b, ArrayRef<Value> v) { return finish(b, v); };
  kernel.output = n.outType(0).getElementType();
  kernel.map = [this](Builder &b, ArrayRef<Value> v) { return SmallVector<Value>{mapElement(b, v)}; };
  SmallVector<Value> results = kernel.build(b, domain, n.inShape(1));
  n.results = {results[0]};
  if (!kOfInput)
    n.results.append({results[3], results[4]});
  n.results.append({parameter(results[1], kFirstParameter), parameter(results[2], kFirstParameter + 1)});
  if (adjusts)
    addAdjustmentGrads();
}

/// Σ' dy·scale·u with u = (x − μ)·s·r + d, and Σ' dy·scale.
template <typename OpT> void Backward<OpT>::addAdjustmentGrads() {
  Type compute = getComputeType(n.inType(1).getElementType());
  auto wide = RankedTensorType::get(domain.shape, compute);
  SmallVector<Value> operands = {element(kOutputGrad), element(kInput), reshape(b, in(kMean), domain.groupShape),
                                 reshape(b, in(kInverse), domain.groupShape)};
  OptionalArgument scale(b, operands, in(kScale), domain.parameterShape), r(b, operands, in(kR), domain.parameterShape),
      d(b, operands, in(kD), domain.parameterShape);
  auto compose = [&](bool withInput) {
    return map(b, wide, operands, [&](Builder &b, ValueRange values) -> Value {
      SmallVector<Value> v = llvm::map_to_vector(values, [&](Value x) { return convertFloat(b, x, compute); });
      Value g = mulNumbers(b, v[0], scale.get(b, v, 0, compute, 1));
      if (!withInput)
        return g;
      Value z = mulNumbers(b, subNumbers(b, v[1], v[2]), v[3]);
      return mulNumbers(b, g, addNumbers(b, mulNumbers(b, z, r.get(b, v, 0, compute, 1)), d.get(b, v, 0, compute, 0)));
    });
  };
  for (bool withInput : {true, false})
    n.results.push_back(sumTo(b, compose(withInput), n.outType(n.results.size())));
}

LogicalResult lowerTrainingGrad(NodeLowering &n) {
  Backward<TrainingGradOp>(n).lower();
  return success();
}

LogicalResult lowerNormalizeGrad(NodeLowering &n) {
  Backward<NormalizeGradOp>(n).lower();
  return success();
}

LogicalResult lowerInferenceGrad(NodeLowering &n) {
  auto op = cast<InferenceGradOp>(n.op);
  Builder &b = n.b;
  NormalizeDomain domain(n.inShape(1), op.getAxes());
  auto in = [&](unsigned position) { return operandAt(n, op, position); };
  double epsilon = op.getEpsilon().convertToDouble();
  NormalizeKernel kernel;
  kernel.elements = {reshape(b, in(0), domain.shape), reshape(b, in(1), domain.shape)};
  kernel.groups = {reshape(b, in(3), domain.groupShape), reshape(b, in(4), domain.groupShape)};
  OptionalArgument scale(b, kernel.groups, in(2), domain.parameterShape);
  kernel.terms = [](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> { return {v[0], mulNumbers(b, v[0], subNumbers(b, v[1], v[2]))}; };
  for (unsigned result = 1; result < 5; ++result)
    kernel.statistics.push_back(n.outType(result).getElementType());
  kernel.finish = [=](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> {
    Type f64 = b.getF64Type();
    Value sum = v[v.size() - 2], centredSum = v.back(), s = inverseStddev(b, v[1], epsilon);
    Value factor = mulNumbers(b, scale.get(b, v, 0, f64, 1), s);
    Value varianceGrad = mulNumbers(b, mulNumbers(b, number(b, f64, -0.5), mulNumbers(b, factor, mulNumbers(b, s, s))), centredSum);
    return {mulNumbers(b, s, centredSum), sum, arith::NegFOp::create(b, mulNumbers(b, factor, sum)), varianceGrad, factor};
  };
  kernel.output = n.outType(0).getElementType();
  kernel.map = [](Builder &b, ArrayRef<Value> v) -> SmallVector<Value> { return {mulNumbers(b, v[0], v.back())}; };
  n.results = kernel.build(b, domain, n.inShape(1));
  return success();
}

} // namespace bn::lower
