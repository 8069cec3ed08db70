// PoolPlaces.cpp - where the largest elements of windows are, and putting elements back there: MaxPool's second result, MaxUnpool.
// SPDX-License-Identifier: Apache-2.0

#include "Checks.h"
#include "Pools.h"

using namespace mlir;

namespace bn::lower {

/// The offset in its image of the first element of each window that equals the largest; 0 where none does.
static Value findFirst(NodeLowering &n, Value x, Value largest, const Window &window) {
  Builder &b = n.b;
  unsigned spatial = window.size(), parallel = 2 + spatial;
  Shape in = n.inShape(0), out = shapeOf(largest);
  auto d = [&](unsigned i) { return b.getAffineDimExpr(i); };
  SmallVector<AffineExpr> exprs = {d(0), d(1)}, taps;
  for (unsigned i = 0; i < spatial; ++i) {
    exprs.push_back(window.at(i, d(2 + i), d(parallel + i)));
    taps.push_back(d(parallel + i));
  }
  auto mapOf = [&](ArrayRef<AffineExpr> results) { return AffineMap::get(parallel + spatial, 0, results, b.getContext()); };
  AffineMap outer = AffineMap::getFilteredIdentityMap(b.getContext(), parallel + spatial,
                                                      [=](AffineDimExpr dim) { return dim.getPosition() < parallel; });
  Type type = b.getI64Type();
  Value none = arith::ConstantOp::create(b, b.getI64IntegerAttr(std::numeric_limits<int64_t>::max()));
  Value kernel = empty(b, window.kernel, typeOf(x).getElementType()); // only its shape is read
  SmallVector<AffineMap> maps = {mapOf(exprs), outer, mapOf(taps)};
  Value first = contract(b, out, {x, largest, kernel}, maps, parallel, none, [&](Builder &b, ValueRange v) -> Value {
    auto integer = [&](int64_t value) { return number(b, type, value); };
    auto loopIndex = [&](unsigned i) -> Value { return arith::IndexCastOp::create(b, type, linalg::IndexOp::create(b, i)); };
    Value isFirst = isa<FloatType>(v[0].getType())
                        ? arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, v[0], v[1]).getResult()
                        : arith::CmpIOp::create(b, arith::CmpIPredicate::eq, v[0], v[1]).getResult();
    Value offset = integer(0);
    for (unsigned i = 0; i < spatial; ++i) {
      Value place = arith::MulIOp::create(b, loopIndex(2 + i), integer(window.strides[i]));
      place = arith::AddIOp::create(b, place, arith::MulIOp::create(b, loopIndex(parallel + i), integer(window.dilations[i])));
      place = arith::SubIOp::create(b, place, integer(window.low[i]));
      Value isInside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, place, integer(in[2 + i])); // not negative, either
      isFirst = arith::AndIOp::create(b, isFirst, isInside);
      offset = arith::AddIOp::create(b, arith::MulIOp::create(b, offset, integer(in[2 + i])), place);
    }
    return arith::MinSIOp::create(b, arith::SelectOp::create(b, isFirst, offset, none), v[3]);
  });
  return map(b, typeOf(first), first, [&](Builder &b, ValueRange v) -> Value {
    Value isNone = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, v[0], none);
    return arith::SelectOp::create(b, isNone, number(b, type, 0), v[0]);
  });
}

/// An offset in an image counted along its first dimension first.
static Value countColumnsFirst(Builder &b, Value offset, Shape image) {
  auto integer = [&](int64_t value) { return number(b, offset.getType(), value); };
  Value swapped = integer(0);
  int64_t inner = ShapedType::getNumElements(image), stride = 1;
  for (int64_t size : image) {
    inner /= size;
    Value place = arith::DivUIOp::create(b, offset, integer(inner));
    offset = arith::RemUIOp::create(b, offset, integer(inner));
    swapped = arith::AddIOp::create(b, swapped, arith::MulIOp::create(b, place, integer(stride)));
    stride *= size;
  }
  return swapped;
}

Value findPoolPlaces(NodeLowering &n, Value x, Value largest, const Window &window) {
  Shape in = n.inShape(0), image = in.drop_front(2);
  bool isSwapped = n.node.getInt("storage_order", 0);
  Value first = findFirst(n, x, largest, window);
  return map(n.b, typeOf(first), first, [&](Builder &b, ValueRange v) -> Value {
    auto integer = [&](int64_t value) { return number(b, v[0].getType(), value); };
    auto loopIndex = [&](unsigned i) -> Value { return arith::IndexCastOp::create(b, v[0].getType(), linalg::IndexOp::create(b, i)); };
    Value channel = arith::AddIOp::create(b, arith::MulIOp::create(b, loopIndex(0), integer(in[1])), loopIndex(1));
    Value start = arith::MulIOp::create(b, channel, integer(ShapedType::getNumElements(image)));
    return arith::AddIOp::create(b, start, isSwapped ? countColumnsFirst(b, v[0], image) : v[0]);
  });
}

/// Zeros, and each element at the place of the result that comes with it.
static LogicalResult lowerMaxUnpool(NodeLowering &n) {
  Builder &b = n.b;
  Type element = n.outType().getElementType();
  int64_t size = n.outType().getNumElements(), count = n.inType(0).getNumElements();
  if (failed(checkPlaces(n, 1, size)))
    return failure();
  Value x = reshape(b, n.in(0), {count}), places = reshape(b, n.in(1), {count});
  Value result = loop(b, {count}, filled(b, {size}, number(b, element, 0)), [&](Builder &b, ValueRange at, Value out) -> Value {
    Value place = toPlace(b, tensor::ExtractOp::create(b, places, at), size);
    return tensor::InsertOp::create(b, tensor::ExtractOp::create(b, x, at), out, place);
  });
  n.results.push_back(reshape(b, result, n.outType().getShape()));
  return success();
}

void addPoolPlaces(LoweringTable &table) { table["MaxUnpool"] = lowerMaxUnpool; }

} // namespace bn::lower
