// MatrixProducts.cpp - MatMul, MatMulInteger, Gemm and Einsum.
// SPDX-License-Identifier: Apache-2.0

#include "Products.h"

using namespace mlir;

namespace bn::lower {

Value multiplyAdd(Builder &b, ValueRange v) {
  if (isa<FloatType>(v[2].getType()))
    return arith::AddFOp::create(b, arith::MulFOp::create(b, v[0], v[1]), v[2]);
  return arith::AddIOp::create(b, arith::MulIOp::create(b, v[0], v[1]), v[2]);
}

/// Matrix product with numpy's rules, in `compute`.
static Value matmul(Builder &b, Value x, Value y, Shape outShape, Type compute) {
  // A vector is a matrix of one row, or one column; its dimension is left out of the result.
  SmallVector<int64_t> left(shapeOf(x)), right(shapeOf(y)), out(outShape);
  if (right.size() == 1) {
    right.push_back(1);
    out.push_back(1);
  }
  if (left.size() == 1) {
    left.insert(left.begin(), 1);
    out.insert(out.end() - 1, 1);
  }
  x = reshape(b, x, left);
  y = reshape(b, y, right);
  unsigned rank = out.size();
  // Loops: the result's dimensions, then k.
  auto mapOf = [&](Value &v, bool isLeft) {
    SmallVector<int64_t> shape(shapeOf(v)), kept;
    SmallVector<AffineExpr> exprs;
    for (auto [i, size] : llvm::enumerate(shape)) {
      unsigned dim = i + rank - shape.size();
      bool isBatch = i + 2 < shape.size(), isInner = isLeft ? i + 1 == shape.size() : i + 2 == shape.size();
      if (isBatch && size == 1 && out[dim] != 1)
        continue;
      kept.push_back(size);
      exprs.push_back(b.getAffineDimExpr(isInner ? rank : dim));
    }
    v = reshape(b, v, kept);
    return AffineMap::get(rank + 1, 0, exprs, b.getContext());
  };
  SmallVector<AffineMap> maps = {mapOf(x, true), mapOf(y, false)};
  Value product = contract(b, out, {x, y}, maps, rank, number(b, compute, 0), multiplyAdd);
  return reshape(b, product, outShape);
}

static LogicalResult lowerMatMul(NodeLowering &n) {
  Value product = matmul(n.b, n.in(0), n.in(1), n.outType().getShape(), getComputeType(n.outType().getElementType()));
  n.results.push_back(convert(n.b, product, n.outType().getElementType()));
  return success();
}

Value subtractZeroPoint(NodeLowering &n, unsigned i, unsigned zeroPoint, int64_t axis) {
  Builder &b = n.b;
  bool isUnsigned = n.inElement(i).isUnsignedInteger();
  Value x = convert(b, n.in(i), b.getI32Type(), isUnsigned);
  if (!n.has(zeroPoint))
    return x;
  Value zero = convert(b, n.in(zeroPoint), b.getI32Type(), isUnsigned);
  SmallVector<int64_t> shape(typeOf(x).getRank() - axis, 1);
  shape[0] = typeOf(zero).getNumElements();
  if (typeOf(zero).getRank() <= 1)
    zero = reshape(b, zero, typeOf(zero).getNumElements() == 1 ? Shape() : Shape(shape));
  return map(b, typeOf(x), {x, zero}, [](Builder &b, ValueRange v) -> Value { return arith::SubIOp::create(b, v[0], v[1]); });
}

/// Zero points vary by row of A and by column of B.
static LogicalResult lowerMatMulInteger(NodeLowering &n) {
  Value x = subtractZeroPoint(n, 0, 2, std::max<int64_t>(n.inType(0).getRank() - 2, 0));
  Value y = subtractZeroPoint(n, 1, 3, n.inType(1).getRank() - 1);
  n.results.push_back(matmul(n.b, x, y, n.outType().getShape(), n.b.getI32Type()));
  return success();
}

static LogicalResult lowerGemm(NodeLowering &n) {
  Builder &b = n.b;
  Type compute = getComputeType(n.outType().getElementType());
  auto matrix = [&](unsigned i, StringRef flag) { return n.node.getInt(flag, 0) ? transpose(b, n.in(i), {1, 0}) : n.in(i); };
  Value product = matmul(b, matrix(0, "transA"), matrix(1, "transB"), n.outType().getShape(), compute);
  double alpha = n.node.getFloat("alpha", 1.0), beta = n.node.getFloat("beta", 1.0);
  SmallVector<Value> operands = {product};
  bool adds = n.has(2) && beta != 0;
  if (adds)
    operands.push_back(n.in(2));
  bool isFloat = isa<FloatType>(compute);
  auto scale = [&](Builder &b, Value x, double factor) -> Value {
    if (factor == 1)
      return x;
    Value f = number(b, compute, factor);
    return isFloat ? arith::MulFOp::create(b, x, f).getResult() : arith::MulIOp::create(b, x, f).getResult();
  };
  n.results.push_back(map(b, n.outType(), operands, [&](Builder &b, ValueRange v) -> Value {
    Value y = scale(b, v[0], alpha);
    if (!adds)
      return y;
    Value c = scale(b, v[1], beta);
    return isFloat ? arith::AddFOp::create(b, y, c).getResult() : arith::AddIOp::create(b, y, c).getResult();
  }));
  return success();
}

void addMatrixProducts(LoweringTable &table) {
  table["MatMul"] = lowerMatMul;
  table["MatMulInteger"] = lowerMatMulInteger;
  table["Gemm"] = lowerGemm;
}

} // namespace bn::lower
