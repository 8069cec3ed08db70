// Casts.cpp - ONNX category tensor: conversions of element type, and operators that are the identity.
// SPDX-License-Identifier: Apache-2.0

#include "Elementwise.h"

using namespace mlir;

namespace bn::lower {

/// Floats to integers: towards zero; to narrow and unsigned ones by way of a wider signed one, which wraps as C does.
static Value realToInteger(Builder &b, Value x, Type to) {
  unsigned width = to.getIntOrFloatBitWidth();
  auto storage = b.getIntegerType(width);
  if (to.isUnsignedInteger(64))
    return arith::FPToUIOp::create(b, storage, x);
  unsigned wide = width == 64 || to.isUnsignedInteger(32) ? 64 : 32;
  Value integer = arith::FPToSIOp::create(b, b.getIntegerType(wide), x);
  return wide == width ? integer : arith::TruncIOp::create(b, storage, integer).getResult();
}

static Value emitCast(Builder &b, Value x, Type from, Type to) {
  bool fromUnsigned = from.isUnsignedInteger() || from.isInteger(1);
  if (to.isInteger(1)) {
    if (isa<FloatType>(from))
      return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, x, number(b, x.getType(), 0));
    return from.isInteger(1) ? x : arith::CmpIOp::create(b, arith::CmpIPredicate::ne, x, number(b, x.getType(), 0)).getResult();
  }
  if (isa<FloatType>(from))
    return isa<FloatType>(to) ? x : realToInteger(b, x, to);
  if (isa<FloatType>(to)) {
    Type wide = getComputeType(to);
    return fromUnsigned ? arith::UIToFPOp::create(b, wide, x).getResult() : arith::SIToFPOp::create(b, wide, x).getResult();
  }
  auto storage = b.getIntegerType(to.getIntOrFloatBitWidth());
  unsigned before = x.getType().getIntOrFloatBitWidth(), after = storage.getWidth();
  if (before == after)
    return x;
  if (before > after)
    return arith::TruncIOp::create(b, storage, x);
  return fromUnsigned ? arith::ExtUIOp::create(b, storage, x).getResult() : arith::ExtSIOp::create(b, storage, x).getResult();
}

static LogicalResult lowerCast(NodeLowering &n) {
  Type from = n.inElement(0), to = n.outElement();
  if (from == to) {
    n.results.push_back(n.in(0));
    return success();
  }
  n.results.push_back(mapBools(n.b, n.outType(), n.in(0), from.isInteger(1),
                               [&](Builder &b, ValueRange x) { return emitCast(b, x[0], from, to); }));
  return success();
}

static LogicalResult lowerIdentity(NodeLowering &n) {
  n.results.push_back(n.in(0));
  return success();
}

/// The identity at inference; the mask is all true.
static LogicalResult lowerDropout(NodeLowering &n) {
  if (n.has(2)) {
    auto training = n.constantInts(2);
    auto ratio = n.has(1) ? n.constantReals(1) : SmallVector<double>{0.5};
    if (!training || (training->front() && (!ratio || ratio->front() != 0)))
      return n.fail("training mode is not supported");
  }
  n.results.push_back(n.in(0));
  if (n.wants(1))
    n.results.push_back(filled(n.b, n.outType(1).getShape(), number(n.b, n.outType(1).getElementType(), 1)));
  return success();
}

void addCasts(LoweringTable &table) {
  table["Cast"] = table["CastLike"] = lowerCast;
  table["Identity"] = lowerIdentity;
  table["Dropout"] = lowerDropout;
}

} // namespace bn::lower
