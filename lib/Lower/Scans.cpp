// Scans.cpp - operators that walk along an axis: CumSum and CumProd.
// SPDX-License-Identifier: Apache-2.0
//
// Each element is a reduction over those before it. That is more work than a running value, but parallel and in vectors.

#include "Lowering.h"
#include "TensorOps.h"

using namespace mlir;

namespace bn::lower {

/// out[i] = the fold of x[j] over j ≤ i; j < i when exclusive, and the other way round when reverse.
static LogicalResult lowerCumulative(NodeLowering &n) {
  Builder &b = n.b;
  auto known = n.constantInts(1);
  if (!known)
    return n.fail("expected input 'axis' to be constant");
  int64_t rank = n.inType(0).getRank(), axis = NodeLowering::wrap(known->front(), rank);
  bool isSum = n.node.is("CumSum"), isExclusive = n.node.getInt("exclusive", 0), isReverse = n.node.getInt("reverse", 0);
  Type compute = getComputeType(n.outType().getElementType());
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0; i < rank; ++i)
    exprs.push_back(b.getAffineDimExpr(i == axis ? rank : i));
  Value neutral = number(b, compute, isSum ? 0 : 1);
  AffineMap map = AffineMap::get(rank + 1, 0, exprs, b.getContext());
  Value result = contract(b, n.inShape(0), n.in(0), map, rank, neutral, [&](Builder &b, ValueRange v) -> Value {
    Value first = linalg::IndexOp::create(b, rank), last = linalg::IndexOp::create(b, axis);
    if (isReverse)
      std::swap(first, last);
    Value counts = arith::CmpIOp::create(b, isExclusive ? arith::CmpIPredicate::slt : arith::CmpIPredicate::sle, first, last);
    Value x = arith::SelectOp::create(b, counts, v[0], neutral);
    if (isa<FloatType>(compute))
      return isSum ? arith::AddFOp::create(b, v[1], x).getResult() : arith::MulFOp::create(b, v[1], x).getResult();
    return isSum ? arith::AddIOp::create(b, v[1], x).getResult() : arith::MulIOp::create(b, v[1], x).getResult();
  });
  n.results.push_back(convert(b, result, n.outType().getElementType()));
  return success();
}

void addScans(LoweringTable &table) { table["CumSum"] = table["CumProd"] = lowerCumulative; }

} // namespace bn::lower
