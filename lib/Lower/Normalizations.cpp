// Normalizations.cpp - BatchNormalization with given statistics, and the layers that normalize by their own input.
// SPDX-License-Identifier: Apache-2.0

#include "Constants.h"
#include "Lowering.h"
#include "Reductions.h"
#include "bn/IR/BN/BN.h"

#include <cmath>

using namespace mlir;

namespace bn::lower {

static Value scaleAndShift(Builder &b, ValueRange v) {
  return arith::AddFOp::create(b, arith::MulFOp::create(b, v[0], v[1]), v[2]);
}

LogicalResult lowerAffine(NodeLowering &n) {
  auto affine = cast<AffineOp>(n.op);
  Type type = getComputeType(n.outType().getElementType());
  Value scale = constantReals(n.b, affine.getScale(), type), offset = constantReals(n.b, affine.getOffset(), type);
  n.results.push_back(mapChannels(n.b, n.outType(), n.in(0), {scale, offset}, affine.getAxis(), scaleAndShift));
  return success();
}

/// The number of the operand that is `value`.
static unsigned numberOf(NodeLowering &n, Value value) {
  return llvm::find_if(n.op->getOpOperands(), [&](OpOperand &operand) { return operand.get() == value; })->getOperandNumber();
}

/// What an operand is for each of `count` channels, in double: the fallback where it is absent, none where it is not known now.
static std::optional<SmallVector<double>> getKnown(NodeLowering &n, Value value, int64_t count, double fallback) {
  if (!value)
    return SmallVector<double>(count, fallback);
  ArrayRef<Stored<float>> floats = getFloats(n.constant(numberOf(n, value)));
  if (floats.empty())
    return std::nullopt;
  SmallVector<double> values(count, floats[0]);
  if (floats.size() > 1)
    values.assign(floats.begin(), floats.end());
  return values;
}

/// a·x + b with a and b computed now; fails where a parameter is not known or varies along several axes.
static LogicalResult lowerKnownInference(NodeLowering &n, InferenceOp op) {
  if (op.getAxes().size() != 1 || !n.inType(0).getElementType().isF32())
    return failure();
  int64_t axis = op.getAxes()[0], count = n.inShape(0)[axis];
  auto mean = getKnown(n, op.getMean(), count, 0), variance = getKnown(n, op.getVariance(), count, 1);
  auto scale = getKnown(n, op.getScale(), count, 1), offset = getKnown(n, op.getOffset(), count, 0);
  if (!mean || !variance || !scale || !offset)
    return failure();
  double epsilon = op.getEpsilon().convertToDouble();
  auto factorOf = [&](int64_t c) { return (*scale)[c] / std::sqrt((*variance)[c] + epsilon); };
  auto makeConstant = [&](llvm::function_ref<double(int64_t)> valueOf) {
    return constantTensor(n.b, makeFloats(n.b.getContext(), {count}, [&](MutableArrayRef<float> out) {
                            for (int64_t c = 0; c < count; ++c)
                              out[c] = static_cast<float>(valueOf(c));
                          }));
  };
  Value a = makeConstant(factorOf), b = makeConstant([&](int64_t c) { return (*offset)[c] - (*mean)[c] * factorOf(c); });
  n.results.push_back(mapChannels(n.b, n.outType(), n.in(0), {a, b}, axis, scaleAndShift));
  return success();
}

/// Operand `value` of the op in kernel form; null where it is absent.
static Value operandOf(NodeLowering &n, Value value) { return value ? n.in(numberOf(n, value)) : Value(); }

/// scale·(x − mean)/√(variance + ε) + offset as a·x + b with a and b, which are few, in double.
LogicalResult lowerInference(NodeLowering &n) {
  auto op = cast<InferenceOp>(n.op);
  if (succeeded(lowerKnownInference(n, op)))
    return success();
  Builder &b = n.b;
  SmallVector<int64_t> shape(n.inType(0).getRank(), 1);
  for (int64_t axis : op.getAxes())
    shape[axis] = n.inShape(0)[axis];
  auto wide = RankedTensorType::get(shape, b.getF64Type());
  auto parameter = [&](Value value, double fallback) -> Value {
    Value operand = operandOf(n, value);
    return operand ? convert(b, reshape(b, operand, shape), b.getF64Type()) : filled(b, shape, number(b, b.getF64Type(), fallback));
  };
  Value mean = parameter(op.getMean(), 0), offset = parameter(op.getOffset(), 0);
  Value scale = map(b, wide, {parameter(op.getScale(), 1), parameter(op.getVariance(), 1)}, [&](Builder &b, ValueRange v) -> Value {
    Value shifted = arith::AddFOp::create(b, v[1], number(b, b.getF64Type(), op.getEpsilon().convertToDouble()));
    return arith::DivFOp::create(b, v[0], math::SqrtOp::create(b, shifted));
  });
  Value shift = map(b, wide, {offset, mean, scale}, [](Builder &b, ValueRange v) -> Value {
    return arith::SubFOp::create(b, v[0], arith::MulFOp::create(b, v[1], v[2]));
  });
  Type compute = getComputeType(n.outType().getElementType());
  n.results.push_back(map(b, n.outType(), {n.in(0), convert(b, scale, compute), convert(b, shift, compute)}, scaleAndShift));
  return success();
}

/// (x − mean) · 1/√(variance + ε) over `axes`, in the compute type; mean and 1/σ keep the axes as ones.
struct Normalized {
  Value output, mean, inverseDeviation;
};

static Normalized normalize(Builder &b, Value x, Ints axes, double epsilon) {
  Shape shape = shapeOf(x);
  Type compute = getComputeType(typeOf(x).getElementType());
  Value mean = keepDims(b, reduceMean(b, x, axes), shape, axes);
  Value variance = keepDims(b, reduceVariance(b, x, mean, axes), shape, axes);
  Value inverse = map(b, typeOf(variance), variance, [&](Builder &b, ValueRange v) -> Value {
    Value sigma = math::SqrtOp::create(b, arith::AddFOp::create(b, v[0], number(b, compute, epsilon)));
    return arith::DivFOp::create(b, number(b, compute, 1), sigma);
  });
  Value output = map(b, RankedTensorType::get(shape, compute), {x, mean, inverse}, [](Builder &b, ValueRange v) -> Value {
    return arith::MulFOp::create(b, arith::SubFOp::create(b, v[0], v[1]), v[2]);
  });
  return {output, mean, inverse};
}

/// Multiplies by input 1 and adds input 2, each where it is given.
static Value applyParameters(NodeLowering &n, Value x, Value scale, Value offset) {
  SmallVector<Value> operands = {x};
  if (scale)
    operands.push_back(scale);
  if (offset)
    operands.push_back(offset);
  return map(n.b, n.outType(), operands, [&](Builder &b, ValueRange v) -> Value {
    Value y = v[0];
    if (scale)
      y = arith::MulFOp::create(b, y, v[1]);
    return offset ? arith::AddFOp::create(b, y, v.back()).getResult() : y;
  });
}

static LogicalResult lowerLayerNormalization(NodeLowering &n) {
  int64_t rank = n.inType(0).getRank();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(NodeLowering::wrap(n.node.getInt("axis", -1), rank), rank));
  Normalized y = normalize(n.b, n.in(0), axes, n.node.getFloat("epsilon", 1e-5f));
  n.results.push_back(applyParameters(n, y.output, n.in(1), n.in(2)));
  n.results.push_back(n.wants(1) ? convert(n.b, y.mean, n.outType(1).getElementType()) : Value());
  n.results.push_back(n.wants(2) ? convert(n.b, y.inverseDeviation, n.outType(2).getElementType()) : Value());
  return success();
}

/// A parameter of one dimension as a tensor that varies along axis 1.
static Value alongChannels(Builder &b, Value parameter, int64_t rank) {
  SmallVector<int64_t> shape(rank - 1, 1);
  shape[0] = typeOf(parameter).getNumElements();
  return reshape(b, parameter, shape);
}

static LogicalResult lowerInstanceNormalization(NodeLowering &n) {
  int64_t rank = n.inType(0).getRank();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, rank));
  Normalized y = normalize(n.b, n.in(0), axes, n.node.getFloat("epsilon", 1e-5f));
  n.results.push_back(applyParameters(n, y.output, alongChannels(n.b, n.in(1), rank), alongChannels(n.b, n.in(2), rank)));
  return success();
}

/// Parameters are per group before version 21, per channel from then on.
static LogicalResult lowerGroupNormalization(NodeLowering &n) {
  Builder &b = n.b;
  Shape shape = n.inShape(0);
  int64_t groups = n.node.getInt("num_groups", 1), channels = shape[1];
  SmallVector<int64_t> grouped = {shape[0], groups, channels / groups};
  llvm::append_range(grouped, shape.drop_front(2));
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, grouped.size()));
  Value y = normalize(b, reshape(b, n.in(0), grouped), axes, n.node.getFloat("epsilon", 1e-5f)).output;
  auto perChannel = [&](Value parameter) {
    if (typeOf(parameter).getNumElements() != channels) {
      Value column = reshape(b, parameter, {groups, 1});
      parameter = reshape(b, broadcast(b, column, {groups, channels / groups}), {channels});
    }
    return alongChannels(b, parameter, shape.size());
  };
  n.results.push_back(applyParameters(n, reshape(b, y, shape), perChannel(n.in(1)), perChannel(n.in(2))));
  return success();
}

static LogicalResult lowerRMSNormalization(NodeLowering &n) {
  Builder &b = n.b;
  int64_t rank = n.inType(0).getRank();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(NodeLowering::wrap(n.node.getInt("axis", -1), rank), rank));
  Type compute = getComputeType(n.inType(0).getElementType());
  auto wide = RankedTensorType::get(n.inShape(0), compute);
  Value squares = map(b, wide, n.in(0), [](Builder &b, ValueRange v) -> Value { return arith::MulFOp::create(b, v[0], v[0]); });
  Value mean = keepDims(b, reduceMean(b, squares, axes), n.inShape(0), axes);
  double epsilon = n.node.getFloat("epsilon", 1e-5f);
  Value y = map(b, wide, {n.in(0), mean}, [&](Builder &b, ValueRange v) -> Value {
    return arith::DivFOp::create(b, v[0], math::SqrtOp::create(b, arith::AddFOp::create(b, v[1], number(b, compute, epsilon))));
  });
  n.results.push_back(applyParameters(n, y, n.in(1), Value()));
  return success();
}

/// x / ‖x‖ along an axis, by the sum of magnitudes or of squares; zeros stay.
static LogicalResult lowerLpNormalization(NodeLowering &n) {
  Builder &b = n.b;
  int64_t axis = NodeLowering::wrap(n.node.getInt("axis", -1), n.inType(0).getRank());
  bool isL1 = n.node.getInt("p", 2) == 1;
  Value sum = reduceSum(b, n.in(0), axis, [&](Builder &b, ValueRange v) -> Value {
    if (isL1)
      return math::AbsFOp::create(b, v[0]);
    return arith::MulFOp::create(b, v[0], v[0]);
  });
  Value norm = map(b, typeOf(sum), sum, [&](Builder &b, ValueRange v) -> Value {
    Value root = isL1 ? v[0] : math::SqrtOp::create(b, v[0]).getResult();
    Value isZero = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, root, number(b, root.getType(), 0));
    return arith::SelectOp::create(b, isZero, number(b, root.getType(), 1), root);
  });
  n.results.push_back(map(b, n.outType(), {n.in(0), keepDims(b, norm, n.inShape(0), axis)}, [](Builder &b, ValueRange v) -> Value {
    return arith::DivFOp::create(b, v[0], v[1]);
  }));
  return success();
}

/// x / (bias + alpha/size · Σ x²)^beta, the sum over `size` neighbours along the channels.
static LogicalResult lowerLRN(NodeLowering &n) {
  Builder &b = n.b;
  int64_t size = n.node.getInt("size", 1), rank = n.inType(0).getRank();
  Type compute = getComputeType(n.inType(0).getElementType());
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  low[1] = (size - 1) / 2;
  high[1] = size - 1 - low[1];
  Value padded = pad(b, n.in(0), low, high, number(b, n.inType(0).getElementType(), 0));
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0; i < rank; ++i)
    exprs.push_back(i == 1 ? b.getAffineDimExpr(1) + b.getAffineDimExpr(rank) : b.getAffineDimExpr(i));
  Value window = empty(b, size, compute);
  SmallVector<AffineMap> maps = {AffineMap::get(rank + 1, 0, exprs, b.getContext()),
                                 AffineMap::get(rank + 1, 0, b.getAffineDimExpr(rank), b.getContext())};
  Value sums = contract(b, n.inShape(0), {padded, window}, maps, rank, number(b, compute, 0), [](Builder &b, ValueRange v) -> Value {
    return arith::AddFOp::create(b, arith::MulFOp::create(b, v[0], v[0]), v[2]);
  });
  double alpha = n.node.getFloat("alpha", 1e-4f), beta = n.node.getFloat("beta", 0.75f), bias = n.node.getFloat("bias", 1.0);
  n.results.push_back(map(b, n.outType(), {n.in(0), sums}, [&](Builder &b, ValueRange v) -> Value {
    Value base = arith::AddFOp::create(b, number(b, compute, bias), arith::MulFOp::create(b, number(b, compute, alpha / size), v[1]));
    return arith::DivFOp::create(b, v[0], math::PowFOp::create(b, base, number(b, compute, beta)));
  }));
  return success();
}

void addNormalizations(LoweringTable &table) {
  table["LayerNormalization"] = lowerLayerNormalization;
  table["InstanceNormalization"] = lowerInstanceNormalization;
  table["GroupNormalization"] = lowerGroupNormalization;
  table["RMSNormalization"] = lowerRMSNormalization;
  table["LpNormalization"] = lowerLpNormalization;
  table["LRN"] = lowerLRN;
}

} // namespace bn::lower
