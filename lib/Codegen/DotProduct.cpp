// DotProduct.cpp - one step of a sum of products: a fused multiply-add of floats, or the products of the factors of a lane.
// SPDX-License-Identifier: Apache-2.0
//
//   sum[lane] += lhs[0]·rhs[lane][0] + … + lhs[q−1]·rhs[lane][q−1]          q integers or bf16 of 32/q bits
//
// Written as extensions, products and sums of neighbours, which is right on every target. For pairs of i16 LLVM makes one instruction of it
// (pmaddwd, vpdpwssd); for bytes of two signs and for bf16 it does not, so that the target's table names intrinsics.

#include "DotProduct.h"
#include "LinearView.h"
#include "bn/IR/Kernel/Kernel.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace bn;

Value bn::loadFactors(OpBuilder &builder, Location loc, Value row, Value index) {
  Type element = cast<MemRefType>(row.getType()).getElementType();
  int64_t count = kernel::getLaneFactors(element);
  Value factors = loadLanes(builder, loc, row, index, count);
  if (count == 1)
    return factors;
  auto type = VectorType::get({1}, kernel::getSumType(element));
  return vector::ExtractOp::create(builder, loc, vector::BitCastOp::create(builder, loc, type, factors), 0);
}

/// Sums of neighbouring lanes.
static Value addNeighbours(OpBuilder &builder, Location loc, Value vector) {
  int64_t lanes = cast<VectorType>(vector.getType()).getNumElements() / 2;
  SmallVector<int64_t> even(lanes), odd(lanes);
  for (int64_t i = 0; i < lanes; ++i) {
    even[i] = 2 * i;
    odd[i] = 2 * i + 1;
  }
  return arith::AddIOp::create(builder, loc, vector::ShuffleOp::create(builder, loc, vector, vector, even),
                               vector::ShuffleOp::create(builder, loc, vector, vector, odd));
}

/// One of each pair of bf16 as f32: its bits are the upper half of an f32's.
static Value extendHalf(OpBuilder &builder, Location loc, Value pairs, bool isUpper) {
  auto type = VectorType::get({cast<VectorType>(pairs.getType()).getNumElements() / 2}, builder.getI32Type());
  auto number = [&](int64_t value) { return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, APInt(32, value))); };
  Value bits = vector::BitCastOp::create(builder, loc, type, pairs);
  bits = isUpper ? arith::AndIOp::create(builder, loc, bits, number(0xffff0000)).getResult()
                 : arith::ShLIOp::create(builder, loc, bits, number(16)).getResult();
  return vector::BitCastOp::create(builder, loc, type.clone(builder.getF32Type()), bits);
}

static Value emitDot(OpBuilder &builder, Location loc, Value lhs, Value rhs, Value sum, const DotIntrinsics &dots) {
  auto type = cast<VectorType>(rhs.getType());
  bool isBytes = type.getElementType().isInteger(8), isBFloat = type.getElementType().isBF16();
  lhs = vector::BitCastOp::create(builder, loc, type, lhs);
  auto call = [&](StringRef intrinsic, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(builder, loc, sum.getType(), builder.getStringAttr(intrinsic), operands).getResult(0);
  };
  if (isBytes && !dots.bytes.empty())
    return call(dots.bytes, {sum, lhs, rhs});
  if (isBFloat && !dots.bfloats.empty())
    return call(dots.bfloats, {sum, rhs, lhs}); // the last may repeat a number in memory
  if (isBFloat) {
    for (bool isUpper : {false, true})
      sum = vector::FMAOp::create(builder, loc, extendHalf(builder, loc, lhs, isUpper), extendHalf(builder, loc, rhs, isUpper), sum);
    return sum;
  }
  auto wide = VectorType::get(type.getShape(), builder.getI32Type());
  Value x = isBytes ? arith::ExtUIOp::create(builder, loc, wide, lhs).getResult() : arith::ExtSIOp::create(builder, loc, wide, lhs);
  Value products = arith::MulIOp::create(builder, loc, x, arith::ExtSIOp::create(builder, loc, wide, rhs));
  while (products.getType() != sum.getType())
    products = addNeighbours(builder, loc, products);
  return arith::AddIOp::create(builder, loc, sum, products);
}

Value bn::emitMultiplyAdd(OpBuilder &builder, Location loc, Value lhs, Value rhs, Value sum, const DotIntrinsics &dots) {
  auto type = dyn_cast<VectorType>(sum.getType());
  if (!type)
    return math::FmaOp::create(builder, loc, lhs, rhs, sum);
  Value spread = splat(builder, loc, lhs, type.getNumElements());
  if (kernel::getLaneFactors(cast<VectorType>(rhs.getType()).getElementType()) > 1)
    return emitDot(builder, loc, spread, rhs, sum, dots);
  return vector::FMAOp::create(builder, loc, spread, rhs, sum);
}
