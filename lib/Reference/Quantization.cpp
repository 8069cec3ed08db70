// Quantization.cpp - integers that stand for reals, and the operators that compute on them.
// SPDX-License-Identifier: Apache-2.0
//
// real = (stored − zero point) · scale. Scale and zero point are one for the tensor, one per index of an axis, or one per block of
// an axis. Operators on quantized tensors go through the reals they stand for.

#include "Quantization.h"

#include "Convert.h"
#include "Matrix.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

namespace {
/// Which element of a scale or zero point belongs to an index of the data.
struct Granularity {
  Dims strides;
  int64_t axis, block;
  bool isBlocked;

  int64_t getOffset(ArrayRef<int64_t> index) const {
    if (!isBlocked)
      return dot(index, strides);
    Dims blocked(index);
    blocked[axis] /= block;
    return dot(blocked, strides);
  }
};
} // namespace

/// A parameter is a scalar, a vector along `axis`, or of the data's rank with blocks of `block` along it.
static FailureOr<Granularity> getGranularity(const Call &call, const Tensor &x, const Tensor &parameter, int64_t axis, int64_t block) {
  int64_t rank = x.shape.size();
  Granularity result{Dims(rank, 0), 0, 1, false};
  if (parameter.getNumElements() == 1)
    return result;
  FailureOr<int64_t> normal = call.getAxis(axis, rank);
  if (failed(normal))
    return failure();
  result.axis = *normal;
  if (parameter.shape == ArrayRef(x.shape[*normal])) {
    result.strides[*normal] = 1;
    return result;
  }
  Dims blocked(x.shape);
  result.block = std::max<int64_t>(1, block), result.isBlocked = true;
  blocked[*normal] = llvm::divideCeil(blocked[*normal], result.block);
  if (parameter.shape != blocked)
    return call.error() << "expected scale and zero point along axis " << *normal << " of " << x.getType() << ", got "
                        << parameter.getType();
  result.strides = getStrides(blocked);
  return result;
}

/// (x − zero point)·scale, in the scale's type.
static FailureOr<Tensor> dequantize(const Call &call, const Tensor &x, const Tensor &scale, const Tensor *zero, int64_t axis,
                                    int64_t block) {
  FailureOr<Granularity> granularity = getGranularity(call, x, scale, axis, block);
  if (failed(granularity))
    return failure();
  if (zero && zero->getNumElements() != scale.getNumElements())
    return call.error() << "expected a zero point of the scale's shape, got " << zero->getType();
  Tensor y{scale.elementType, x.shape, toReals(x)};
  std::vector<double> zeros = zero ? toReals(*zero) : std::vector<double>(scale.getNumElements());
  size_t at = 0;
  forEachIndex(x.shape, [&](ArrayRef<int64_t> index) {
    int64_t parameter = granularity->getOffset(index);
    double &value = y.mutableReals()[at++];
    value = (value - zeros[parameter]) * scale.reals()[parameter];
  });
  return y;
}

/// The nearest number of an integer type.
static int64_t saturate(Type type, double value) {
  unsigned width = type.getIntOrFloatBitWidth();
  bool isUnsigned = type.isUnsignedInteger();
  double low = isUnsigned ? 0 : -std::ldexp(1, width - 1), high = std::ldexp(1, isUnsigned ? width : width - 1) - 1;
  return truncate(std::clamp(std::nearbyint(value), low, high));
}

/// x / scale + zero point in `type`, rounded half to even.
static FailureOr<Tensor> quantize(const Call &call, const Tensor &x, const Tensor &scale, const Tensor *zero, Type type, int64_t axis,
                                  int64_t block, bool saturates) {
  FailureOr<Granularity> granularity = getGranularity(call, x, scale, axis, block);
  if (failed(granularity))
    return failure();
  if (zero && zero->getNumElements() != scale.getNumElements())
    return call.error() << "expected a zero point of the scale's shape, got " << zero->getType();
  Tensor y = makeTensor(type, x.shape);
  std::vector<double> in = toReals(x), zeros = zero ? toReals(*zero) : std::vector<double>(scale.getNumElements());
  size_t at = 0;
  forEachIndex(x.shape, [&](ArrayRef<int64_t> index) {
    int64_t parameter = granularity->getOffset(index);
    double scaled = in[at] / scale.reals()[parameter];
    if (isa<FloatType>(type))
      y.mutableReals()[at] = roundToType(type, scaled + zeros[parameter], saturates);
    else
      y.mutableIntegers()[at] = saturate(type, std::nearbyint(scaled) + zeros[parameter]);
    ++at;
  });
  return y;
}

static LogicalResult addResult(Call &call, FailureOr<Tensor> y) {
  if (failed(y))
    return failure();
  call.results.push_back(std::move(*y));
  return success();
}

//===----------------------------------------------------------------------===//
// Conversion
//===----------------------------------------------------------------------===//

static LogicalResult quantizeLinear(Call &call) {
  const Tensor *zero = call.get(2);
  int64_t dataType = call.node.getInt("output_dtype", 0);
  Type type = zero ? zero->elementType : getDataType(call.node->getContext(), dataType ? dataType : 2);
  if (!type || isa<onnx::StringType>(type))
    return call.unsupported() << "the interpreter does not support quantization to data type " << dataType;
  Tensor scale{Float64Type::get(call.node->getContext()), call[1].shape, toReals(call[1])}; // integers, too, are scales
  return addResult(call, quantize(call, call[0], scale, zero, type, call.node.getInt("axis", 1), call.node.getInt("block_size", 0),
                                  call.node.getInt("saturate", 1)));
}

static LogicalResult dequantizeLinear(Call &call) {
  FailureOr<Tensor> y = dequantize(call, call[0], call[1], call.get(2), call.node.getInt("axis", 1), call.node.getInt("block_size", 0));
  if (succeeded(y) && call.node.getInt("output_dtype", 0))
    if (Type type = getDataType(call.node->getContext(), call.node.getInt("output_dtype", 0)); isa_and_nonnull<FloatType>(type))
      y->elementType = type;
  return addResult(call, std::move(y));
}

Steps::Steps(ArrayRef<double> reals) {
  double low = 0, high = 0;
  for (double value : reals)
    low = std::min(low, value), high = std::max(high, value);
  scale = high == low ? 1 : (high - low) / 255;
  zero = truncate(std::clamp(std::nearbyint(-low / scale), 0.0, 255.0));
}

double Steps::round(double real) const { return (std::clamp(std::nearbyint(real / scale) + zero, 0.0, 255.0) - zero) * scale; }

static LogicalResult dynamicQuantizeLinear(Call &call) {
  const Tensor &x = call[0];
  Type type = IntegerType::get(call.node->getContext(), 8, IntegerType::Unsigned);
  Steps steps(x.reals());
  Tensor scale{x.elementType, {}, std::vector<double>{steps.scale}}, zero{type, {}, std::vector<int64_t>{steps.zero}};
  if (failed(addResult(call, quantize(call, x, scale, &zero, type, 0, 0, true))))
    return failure();
  call.results.push_back(std::move(scale));
  call.results.push_back(std::move(zero));
  return success();
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// The integers less their zero point, as reals, which hold them exactly.
static FailureOr<Tensor> shift(const Call &call, const Tensor &x, const Tensor *zero, int64_t axis) {
  Tensor ones = makeTensor(Float64Type::get(call.node->getContext()), zero ? ArrayRef<int64_t>(zero->shape) : ArrayRef<int64_t>());
  llvm::fill(ones.mutableReals(), 1);
  return dequantize(call, x, ones, zero, axis, 0);
}

/// The reals, which are integers, wrapped to int32.
static FailureOr<Tensor> toInt32(const Call &call, FailureOr<Tensor> x) {
  if (failed(x))
    return failure();
  return *convert(*x, IntegerType::get(call.node->getContext(), 32));
}

/// Conv of reals with the node's attributes.
static FailureOr<Tensor> convolve(const Call &call, const Tensor &x, const Tensor &w, const Tensor *bias) {
  SmallVector<Tensor, 1> results;
  const Tensor *operands[] = {&x, &w, bias};
  Call conv{call.node, operands, results};
  if (failed(findOperator("Conv")->evaluate(conv)))
    return failure();
  return std::move(results.front());
}

static LogicalResult matMulInteger(Call &call) {
  FailureOr<Tensor> a = shift(call, call[0], call.get(2), -2), b = shift(call, call[1], call.get(3), -1);
  if (failed(a) || failed(b))
    return failure();
  return addResult(call, toInt32(call, multiply(call, *a, *b)));
}

static LogicalResult convInteger(Call &call) {
  FailureOr<Tensor> x = shift(call, call[0], call.get(2), 1), w = shift(call, call[1], call.get(3), 0);
  if (failed(x) || failed(w))
    return failure();
  return addResult(call, toInt32(call, convolve(call, *x, *w, nullptr)));
}

static LogicalResult qLinearMatMul(Call &call) {
  FailureOr<Tensor> a = dequantize(call, call[0], call[1], call.get(2), -2, 0), b = dequantize(call, call[3], call[4], call.get(5), -1, 0);
  if (failed(a) || failed(b))
    return failure();
  FailureOr<Tensor> product = multiply(call, *a, *b);
  if (failed(product))
    return failure();
  return addResult(call, quantize(call, *product, call[6], call.get(7), call[7].elementType, -2, 0, true));
}

/// The bias is int32 in steps of x's scale times w's scale.
static LogicalResult qLinearConv(Call &call) {
  FailureOr<Tensor> x = dequantize(call, call[0], call[1], call.get(2), 1, 0), w = dequantize(call, call[3], call[4], call.get(5), 0, 0);
  if (failed(x) || failed(w))
    return failure();
  FailureOr<Tensor> bias = Tensor();
  if (call.get(8)) {
    if (call[1].getNumElements() != 1)
      return call.error() << "expected one scale of X, got " << call[1].getType();
    Tensor step = call[4];
    for (double &value : step.mutableReals())
      value *= call[1].reals()[0];
    bias = dequantize(call, call[8], step, nullptr, 0, 0);
  }
  if (failed(bias))
    return failure();
  FailureOr<Tensor> y = convolve(call, *x, *w, call.get(8) ? &*bias : nullptr);
  if (failed(y))
    return failure();
  return addResult(call, quantize(call, *y, call[6], call.get(7), call[7].elementType, 1, 0, true));
}

ArrayRef<Operator> getQuantizations() {
  static constexpr Operator table[] = {
      {"ConvInteger", "integer integer integer? integer?", convInteger},
      {"DequantizeLinear", "number real number?", dequantizeLinear},
      {"DynamicQuantizeLinear", "real", dynamicQuantizeLinear},
      {"MatMulInteger", "integer integer integer? integer?", matMulInteger},
      {"QLinearConv", "number real number number real number real number integer?", qLinearConv},
      {"QLinearMatMul", "number real number number real number real number", qLinearMatMul},
      {"QuantizeLinear", "number number number?", quantizeLinear},
  };
  return table;
}

} // namespace bn::reference
