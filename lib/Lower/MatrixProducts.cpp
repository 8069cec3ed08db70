// MatrixProducts.cpp - MatMul and Gemm.
// SPDX-License-Identifier: Apache-2.0

#include "Products.h"
#include "Blocks.h"
#include "Constants.h"

#include <numeric>

using namespace mlir;

namespace bn::lower {

Value multiplyAdd(Builder &b, ValueRange v) {
  if (isa<FloatType>(v[2].getType()))
    return arith::AddFOp::create(b, arith::MulFOp::create(b, v[0], v[1]), v[2]);
  return arith::AddIOp::create(b, arith::MulIOp::create(b, v[0], v[1]), v[2]);
}

/// A product of matrices, in front of them any number of batch dimensions: a vector became a matrix of one row, or column.
struct Matrices {
  Value left, right;
  SmallVector<int64_t> out;
};

static Matrices asMatrices(Builder &b, Value x, Value y, Shape outShape) {
  SmallVector<int64_t> left(shapeOf(x)), right(shapeOf(y)), out(outShape);
  if (right.size() == 1) {
    right.push_back(1);
    out.push_back(1);
  }
  if (left.size() == 1) {
    left.insert(left.begin(), 1);
    out.insert(out.end() - 1, 1);
  }
  return {reshape(b, x, left), reshape(b, y, right), out};
}

/// The product as loops, in `compute`; broadcasts batches.
static Value multiply(Builder &b, Matrices m, Type compute) {
  unsigned rank = m.out.size();
  // Loops: the result's dimensions, then k.
  auto mapOf = [&](Value &v, bool isLeft) {
    SmallVector<int64_t> shape(shapeOf(v)), kept;
    SmallVector<AffineExpr> exprs;
    for (auto [i, size] : llvm::enumerate(shape)) {
      unsigned dim = i + rank - shape.size();
      bool isBatch = i + 2 < shape.size(), isInner = isLeft ? i + 1 == shape.size() : i + 2 == shape.size();
      if (isBatch && size == 1 && m.out[dim] != 1)
        continue;
      kept.push_back(size);
      exprs.push_back(b.getAffineDimExpr(isInner ? rank : dim));
    }
    v = reshape(b, v, kept);
    return AffineMap::get(rank + 1, 0, exprs, b.getContext());
  };
  AffineMap left = mapOf(m.left, true), right = mapOf(m.right, false);
  return contract(b, m.out, {m.left, m.right}, {left, right}, rank, number(b, compute, 0), multiplyAdd);
}

/// x with its batch dimensions those of the result, as one.
static Value flattenBatch(Builder &b, Value x, Shape out) {
  SmallVector<int64_t> shape(out), matrix(shapeOf(x).take_back(2));
  shape[shape.size() - 2] = matrix[0];
  shape.back() = matrix[1];
  int64_t count = 1;
  for (int64_t size : out.drop_back(2))
    count *= size;
  return reshape(b, broadcast(b, x, shape), {count, matrix[0], matrix[1]});
}

/// Rows that are worth bringing the right side into blocks for, and elements of it that a near cache holds as they are.
static constexpr int64_t kRowsWorthPacking = 32, kNearElements = 8192;

/// x with zeros behind dimension `dim`, up to a multiple of `unit`.
static Value padTo(Builder &b, Value x, int64_t dim, int64_t unit) {
  SmallVector<int64_t> low(typeOf(x).getRank(), 0), high(low);
  high[dim] = ceilDiv(shapeOf(x)[dim], unit) * unit - shapeOf(x)[dim];
  return high[dim] ? pad(b, x, low, high, number(b, typeOf(x).getElementType(), 0)) : x;
}

Value padDepth(Builder &b, Value rows) {
  return padTo(b, rows, typeOf(rows).getRank() - 1, kernel::getLaneFactors(typeOf(rows).getElementType()));
}

/// A matrix, [..][K][N], as the kernel wants it, [..][N/b][K][b] of floats; a row of it far behind the other is slow to read. Integers, q
/// to a lane, are [..][N/b][K/q][b·q].
static Value packAtRunTime(Builder &b, Value x, int64_t block) {
  int64_t depth = typeOf(x).getRank() - 2, each = kernel::getLaneFactors(typeOf(x).getElementType());
  x = padTo(b, padTo(b, x, depth, each), depth + 1, block);
  SmallVector<int64_t> split(shapeOf(x).drop_back(2)), packed(split), order(depth);
  int64_t steps = shapeOf(x)[depth] / each, blocks = shapeOf(x)[depth + 1] / block;
  packed.append({blocks, steps, block * each});
  std::iota(order.begin(), order.end(), 0);
  if (each == 1) {
    split.append({steps, blocks, block});
    order.append({depth + 1, depth, depth + 2});
  } else {
    split.append({steps, each, blocks, block});
    order.append({depth + 2, depth, depth + 3, depth + 1});
  }
  return reshape(b, transpose(b, reshape(b, x, split), order), packed);
}

/// The product as kernel.matmul. A right side of rank 2 serves all rows at once.
static Value multiplyInKernel(Builder &b, const Matrices &m, int64_t block) {
  Value left = m.left, right = m.right;
  SmallVector<int64_t> shape;
  if (typeOf(right).getRank() == 2) {
    left = reshape(b, left, {typeOf(left).getNumElements() / shapeOf(right)[0], shapeOf(right)[0]});
    shape = {shapeOf(left)[0], shapeOf(right)[1]};
  } else {
    left = flattenBatch(b, left, m.out);
    right = flattenBatch(b, right, m.out);
    shape = {shapeOf(left)[0], shapeOf(left)[1], shapeOf(right)[2]};
  }
  Shape matrix = shapeOf(right).take_back(2);
  Type element = typeOf(left).getElementType();
  bool packs = element.isInteger() || (shape[shape.size() - 2] >= kRowsWorthPacking && matrix[0] * matrix[1] > kNearElements);
  left = padDepth(b, left);
  if (packs)
    right = packAtRunTime(b, right, element.isF64() ? block / 2 : block);
  Value init = empty(b, shape, kernel::getSumType(element));
  return reshape(b, kernel::MatmulOp::create(b, init.getType(), left, right, Value(), ValueRange(), init, packs).getResult(), m.out);
}

/// Rows times a matrix that is known now, packed, plus a bias per column where that is known, too.
static Value multiplyPacked(NodeLowering &n, Value rows, bool transposed, double alpha, Value bias) {
  Builder &b = n.b;
  Shape shape = n.inShape(1);
  int64_t depth = shape[transposed], count = typeOf(rows).getNumElements() / depth;
  Value init = empty(b, {count, shape[!transposed]}, b.getF32Type());
  Value packed = packMatrix(b, n.constant(1), transposed, alpha, n.block);
  rows = reshape(b, rows, {count, depth});
  Value y = kernel::MatmulOp::create(b, init.getType(), rows, packed, bias, ValueRange(), init, true).getResult();
  return reshape(b, y, n.outType().getShape());
}

Value multiplyByKnown(NodeLowering &n, Value rows, ElementsAttr matrix) {
  Shape shape = matrix.getShapedType().getShape();
  if (!n.block)
    return multiply(n.b, {rows, constantTensor(n.b, matrix), {shapeOf(rows)[0], shape[1]}}, n.b.getF32Type());
  Value init = empty(n.b, {shapeOf(rows)[0], shape[1]}, n.b.getF32Type());
  Value packed = packMatrix(n.b, matrix, /*transposed=*/false, 1, n.block);
  return kernel::MatmulOp::create(n.b, init.getType(), rows, packed, Value(), ValueRange(), init, true).getResult();
}

/// Whether kernels take the node: floats of 32 or 64 bits, and something to compute.
static bool isForKernel(NodeLowering &n) {
  Type element = n.inType(0).getElementType();
  return n.block && (element.isF32() || element.isF64()) && n.outType().getNumElements() != 0 && n.inType(0).getNumElements() != 0;
}

Value multiplyMatrices(NodeLowering &n, Value x, Value y) {
  Type element = typeOf(x).getElementType();
  Matrices m{x, y, llvm::to_vector(shapeOf(x))};
  m.out.back() = shapeOf(y).back();
  Value product = n.block && element.isF32() ? multiplyInKernel(n.b, m, n.block) : multiply(n.b, m, getComputeType(element));
  return convert(n.b, product, element);
}

Value multiplyBatches(NodeLowering &n, Value x, Value y) {
  Type element = typeOf(x).getElementType();
  Shape out = n.outType().getShape();
  Matrices m = asMatrices(n.b, x, y, out);
  bool hasKernel = n.block && (element.isF32() || element.isF64() || element.isInteger(16)) && n.outType().getNumElements() != 0;
  bool isForKernel = hasKernel && typeOf(x).getNumElements() != 0;
  return reshape(n.b, isForKernel ? multiplyInKernel(n.b, m, n.block) : multiply(n.b, m, getComputeType(element)), out);
}

static bool hasKnownMatrix(NodeLowering &n) { return n.inType(1).getRank() == 2 && !getFloats(n.constant(1)).empty(); }

static LogicalResult lowerMatMul(NodeLowering &n) {
  Builder &b = n.b;
  if (isForKernel(n) && hasKnownMatrix(n) && n.inType(0).getRank() > 1) {
    n.results.push_back(multiplyPacked(n, n.in(0), false, 1, Value()));
    return success();
  }
  n.results.push_back(convert(b, multiplyBatches(n, n.in(0), n.in(1)), n.outType().getElementType()));
  return success();
}

/// A Gemm's bias as one per column, scaled, or null where it is another shape or not known now.
static Value getColumnBias(NodeLowering &n, double beta) {
  ElementsAttr value = n.constant(2);
  ArrayRef<Stored<float>> source = getFloats(value);
  int64_t columns = n.outType().getDimSize(1);
  if (source.empty() || value.getNumElements() != columns || value.getShapedType().getShape().back() != columns)
    return {};
  return constantTensor(n.b, makeFloats(n.b.getContext(), {columns}, [&](MutableArrayRef<float> scaled) {
                          for (int64_t i = 0; i < columns; ++i)
                            scaled[i] = static_cast<float>(beta * source[source.size() == 1 ? 0 : i]);
                        }));
}

/// alpha·product + beta·C
static Value scaleAndAdd(NodeLowering &n, Value product, double alpha, Value c, double beta) {
  SmallVector<Value> operands = {product};
  if (c)
    operands.push_back(c);
  Type compute = getComputeType(n.outType().getElementType());
  bool isFloat = isa<FloatType>(compute);
  auto scale = [&](Builder &b, Value x, double factor) -> Value {
    if (factor == 1)
      return x;
    Value f = number(b, compute, factor);
    return isFloat ? arith::MulFOp::create(b, x, f).getResult() : arith::MulIOp::create(b, x, f).getResult();
  };
  return map(n.b, n.outType(), operands, [&](Builder &b, ValueRange v) -> Value {
    Value y = scale(b, v[0], alpha);
    if (!c)
      return y;
    Value z = scale(b, v[1], beta);
    return isFloat ? arith::AddFOp::create(b, y, z).getResult() : arith::AddIOp::create(b, y, z).getResult();
  });
}

static LogicalResult lowerGemm(NodeLowering &n) {
  Builder &b = n.b;
  double alpha = n.node.getFloat("alpha", 1.0), beta = n.node.getFloat("beta", 1.0);
  auto matrix = [&](unsigned i, StringRef flag) { return n.node.getInt(flag, 0) ? transpose(b, n.in(i), {1, 0}) : n.in(i); };
  Value rows = matrix(0, "transA"), c = n.has(2) && beta != 0 ? n.in(2) : Value();
  if (isForKernel(n) && hasKnownMatrix(n)) {
    Value bias = c ? getColumnBias(n, beta) : Value();
    Value product = multiplyPacked(n, rows, n.node.getInt("transB", 0), alpha, bias);
    n.results.push_back(!c || bias ? product : scaleAndAdd(n, product, 1, c, beta));
    return success();
  }
  Matrices m{rows, matrix(1, "transB"), llvm::to_vector(n.outType().getShape())};
  Value product = isForKernel(n) ? multiplyInKernel(b, m, n.block) : multiply(b, m, getComputeType(n.outType().getElementType()));
  n.results.push_back(scaleAndAdd(n, product, alpha, c, beta));
  return success();
}

void addMatrixProducts(LoweringTable &table) {
  table["MatMul"] = lowerMatMul;
  table["Gemm"] = lowerGemm;
}

} // namespace bn::lower
