// Scans.cpp - operators that walk along an axis: CumSum and CumProd.
// SPDX-License-Identifier: Apache-2.0

#include "Lowering.h"
#include "TensorOps.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace bn::lower {

/// The slice of x at `at` along `axis`, which stays as a one.
static Value sliceAt(Builder &b, Value x, int64_t axis, Value at) {
  SmallVector<OpFoldResult> offsets(typeOf(x).getRank(), b.getIndexAttr(0)), strides(typeOf(x).getRank(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), shapeOf(x));
  offsets[axis] = at;
  sizes[axis] = b.getIndexAttr(1);
  return tensor::ExtractSliceOp::create(b, x, offsets, sizes, strides);
}

static Value insertAt(Builder &b, Value part, Value whole, int64_t axis, Value at) {
  SmallVector<OpFoldResult> offsets(typeOf(whole).getRank(), b.getIndexAttr(0)), strides(typeOf(whole).getRank(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), shapeOf(part));
  offsets[axis] = at;
  return tensor::InsertSliceOp::create(b, part, whole, offsets, sizes, strides);
}

/// A loop along the axis that carries the running value and the result.
static LogicalResult lowerCumulative(NodeLowering &n) {
  Builder &b = n.b;
  auto known = n.constantInts(1);
  if (!known)
    return n.fail("expected input 'axis' to be constant");
  int64_t axis = NodeLowering::wrap(known->front(), n.inType(0).getRank()), size = n.inShape(0)[axis];
  bool isSum = n.node.is("CumSum"), isExclusive = n.node.getInt("exclusive", 0), isReverse = n.node.getInt("reverse", 0);
  Type element = n.outType().getElementType(), compute = getComputeType(element);
  SmallVector<int64_t> partShape(n.inShape(0));
  partShape[axis] = 1;
  auto partType = RankedTensorType::get(partShape, compute);
  Value start = filled(b, partShape, number(b, compute, isSum ? 0 : 1));
  Value result = empty(b, n.outType().getShape(), element);
  auto body = [&](OpBuilder &builder, Location loc, Value i, ValueRange args) {
    Builder inner(loc, builder);
    Value at = isReverse ? arith::SubIOp::create(inner, index(inner, size - 1), i).getResult() : i;
    Value next = map(inner, partType, {args[0], sliceAt(inner, n.in(0), axis, at)}, [&](Builder &b, ValueRange v) -> Value {
      if (isa<FloatType>(compute))
        return isSum ? arith::AddFOp::create(b, v[0], v[1]).getResult() : arith::MulFOp::create(b, v[0], v[1]).getResult();
      return isSum ? arith::AddIOp::create(b, v[0], v[1]).getResult() : arith::MulIOp::create(b, v[0], v[1]).getResult();
    });
    Value written = insertAt(inner, convert(inner, isExclusive ? args[0] : next, element), args[1], axis, at);
    scf::YieldOp::create(inner, ValueRange{next, written});
  };
  auto loop = scf::ForOp::create(b, index(b, 0), index(b, size), index(b, 1), ValueRange{start, result}, body);
  n.results.push_back(loop.getResult(1));
  return success();
}

void addScans(LoweringTable &table) { table["CumSum"] = table["CumProd"] = lowerCumulative; }

} // namespace bn::lower
