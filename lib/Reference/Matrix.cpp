// Matrix.cpp - MatMul, Gemm, Det: ONNX category math.
// SPDX-License-Identifier: Apache-2.0

#include "Matrix.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

/// Products and sums of integers are those of their bits.
static double multiplyAdd(double sum, double a, double b) { return sum + a * b; }
static int64_t multiplyAdd(int64_t sum, int64_t a, int64_t b) {
  return static_cast<uint64_t>(sum) + static_cast<uint64_t>(a) * static_cast<uint64_t>(b);
}

/// c (m×n) += a (m×k) · b (k×n)
template <typename T> static void multiplyMatrices(const T *a, const T *b, T *c, int64_t m, int64_t k, int64_t n) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t l = 0; l < k; ++l)
      for (int64_t j = 0; j < n; ++j)
        c[i * n + j] = multiplyAdd(c[i * n + j], a[i * k + l], b[l * n + j]);
}

/// Wraps integers to the tensor's type.
static void wrap(Tensor &tensor) {
  if (auto *integers = std::get_if<std::vector<int64_t>>(&tensor.values))
    for (int64_t &value : *integers)
      value = wrapToType(tensor.elementType, value);
}

FailureOr<Tensor> multiply(Call &call, const Tensor &a, const Tensor &b) {
  Dims shapeA(a.shape), shapeB(b.shape);
  bool isRow = shapeA.size() == 1, isColumn = shapeB.size() == 1; // vectors are matrices whose extra dimension goes again
  if (isRow)
    shapeA.insert(shapeA.begin(), 1);
  if (isColumn)
    shapeB.push_back(1);
  if (shapeA.size() < 2 || shapeB.size() < 2 || shapeA.back() != shapeB[shapeB.size() - 2] || a.values.index() != b.values.index())
    return call.error() << "expected matrices that multiply, got " << a.getType() << " and " << b.getType();
  int64_t k = shapeA.pop_back_val(), m = shapeA.pop_back_val(), n = shapeB.pop_back_val();
  shapeB.pop_back();
  std::optional<Dims> batch = broadcast(shapeA, shapeB);
  if (!batch)
    return call.error() << "expected batches that broadcast, got " << a.getType() << " and " << b.getType();
  Dims shape(*batch);
  if (!isRow)
    shape.push_back(m);
  if (!isColumn)
    shape.push_back(n);
  if (failed(call.checkShape(shape)))
    return failure();
  Tensor y = makeTensor(a.elementType, shape);
  Dims stridesA = getBroadcastStrides(shapeA, *batch), stridesB = getBroadcastStrides(shapeB, *batch);
  auto run = [&](const auto &dataA, const auto &dataB, auto &out) {
    int64_t matrix = 0;
    forEachIndex(*batch, [&](ArrayRef<int64_t> index) {
      multiplyMatrices(dataA.data() + dot(index, stridesA) * m * k, dataB.data() + dot(index, stridesB) * k * n,
                       out.data() + matrix++ * m * n, m, k, n);
    });
  };
  if (isa<FloatType>(a.elementType))
    run(a.reals(), b.reals(), y.mutableReals());
  else
    run(a.integers(), b.integers(), y.mutableIntegers());
  wrap(y);
  return y;
}

static LogicalResult matMul(Call &call) {
  FailureOr<Tensor> y = multiply(call, call[0], call[1]);
  if (failed(y))
    return failure();
  call.results.push_back(std::move(*y));
  return success();
}

//===----------------------------------------------------------------------===//
// Gemm
//===----------------------------------------------------------------------===//

/// The matrix, or its transpose where asked.
static Tensor orient(const Tensor &matrix, bool transposes) {
  if (!transposes)
    return matrix;
  Tensor result = makeTensor(matrix.elementType, {matrix.shape[1], matrix.shape[0]});
  std::visit(
      [&](auto &out) {
        const auto &in = std::get<std::decay_t<decltype(out)>>(matrix.values);
        for (int64_t i = 0; i < matrix.shape[0]; ++i)
          for (int64_t j = 0; j < matrix.shape[1]; ++j)
            out[j * matrix.shape[0] + i] = in[i * matrix.shape[1] + j];
      },
      result.values);
  return result;
}

/// Y = alpha·A'·B' + beta·C
static LogicalResult gemm(Call &call) {
  const Tensor &a = call[0], &b = call[1], *c = call.get(2);
  if (a.shape.size() != 2 || b.shape.size() != 2)
    return call.error() << "expected two matrices, got " << a.getType() << " and " << b.getType();
  FailureOr<Tensor> y = multiply(call, orient(a, call.node.getInt("transA", 0)), orient(b, call.node.getInt("transB", 0)));
  if (failed(y))
    return failure();
  if (c && (broadcast(c->shape, y->shape) != y->shape || c->values.index() != y->values.index()))
    return call.error() << "expected C to broadcast to " << y->getType() << ", got " << c->getType();
  double alpha = call.node.getFloat("alpha", 1), beta = call.node.getFloat("beta", 1);
  Dims strides = c ? getBroadcastStrides(c->shape, y->shape) : Dims(2, 0);
  auto finish = [&](auto &out, const auto &addend) {
    for (int64_t i = 0; i < y->shape[0]; ++i)
      for (int64_t j = 0; j < y->shape[1]; ++j) {
        auto &value = out[i * y->shape[1] + j];
        value = alpha * value + (c ? beta * addend[i * strides[0] + j * strides[1]] : 0);
      }
  };
  if (isa<FloatType>(y->elementType))
    finish(y->mutableReals(), c ? c->reals() : ArrayRef<double>());
  else
    finish(y->mutableIntegers(), c ? c->integers() : ArrayRef<int64_t>());
  wrap(*y);
  call.results.push_back(std::move(*y));
  return success();
}

//===----------------------------------------------------------------------===//
// Det
//===----------------------------------------------------------------------===//

/// The determinant by elimination with row pivots; destroys `a` (n×n).
static double eliminate(MutableArrayRef<double> a, int64_t n) {
  double product = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; ++i)
      pivot = std::fabs(a[i * n + k]) > std::fabs(a[pivot * n + k]) ? i : pivot;
    if (a[pivot * n + k] == 0)
      return 0;
    if (pivot != k) {
      std::swap_ranges(&a[k * n], &a[k * n] + n, &a[pivot * n]);
      product = -product;
    }
    product *= a[k * n + k];
    for (int64_t i = k + 1; i < n; ++i)
      for (int64_t j = n - 1; j >= k; --j)
        a[i * n + j] -= a[i * n + k] / a[k * n + k] * a[k * n + j];
  }
  return product;
}

static LogicalResult det(Call &call) {
  ArrayRef<int64_t> shape = call[0].shape;
  if (shape.size() < 2 || shape.back() != shape[shape.size() - 2])
    return call.error() << "expected square matrices, got " << call[0].getType();
  Tensor *y = call.addResult(call[0].elementType, shape.drop_back(2));
  int64_t n = shape.back();
  std::vector<double> data(call[0].reals());
  for (auto [i, value] : llvm::enumerate(y->mutableReals()))
    value = eliminate(MutableArrayRef(data).slice(i * n * n, n * n), n);
  return success();
}

ArrayRef<Operator> getMatrices() {
  static constexpr Operator table[] = {
      {"Det", "real", det},
      {"Gemm", "number number number?", gemm},
      {"MatMul", "number number", matMul},
  };
  return table;
}

} // namespace bn::reference
