// Scans.cpp - operators that walk along an axis: CumSum and CumProd.
// SPDX-License-Identifier: Apache-2.0
//
// Loops in the order of memory; each element is the one before it along the axis, and one term more.

#include "Lowering.h"
#include "TensorOps.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace bn::lower {

/// What a running value is made of.
struct Scan {
  bool isSum, isExclusive, isReverse;
  int64_t axis, size;
};

static Value combine(Builder &b, const Scan &scan, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return scan.isSum ? arith::AddFOp::create(b, x, y).getResult() : arith::MulFOp::create(b, x, y).getResult();
  return scan.isSum ? arith::AddIOp::create(b, x, y).getResult() : arith::MulIOp::create(b, x, y).getResult();
}

/// out with its element of step `at` computed from the one of the step before.
static Value emitStep(Builder &b, const Scan &scan, Value x, Value out, ValueRange at, Value neutral) {
  SmallVector<Value> here(at), before(at);
  Value step = at[scan.axis], one = index(b, 1), isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, step, index(b, 0));
  Value previous = arith::SelectOp::create(b, isFirst, step, arith::SubIOp::create(b, step, one));
  auto place = [&](Value k) { return scan.isReverse ? arith::SubIOp::create(b, index(b, scan.size - 1), k).getResult() : k; };
  here[scan.axis] = place(step);
  before[scan.axis] = place(previous);
  auto unlessFirst = [&](Value element) -> Value { return arith::SelectOp::create(b, isFirst, neutral, element); };
  Value sum = unlessFirst(tensor::ExtractOp::create(b, out, before));
  Value term = tensor::ExtractOp::create(b, x, scan.isExclusive ? before : here);
  if (isa<FloatType>(neutral.getType()))
    term = convertFloat(b, term, neutral.getType());
  return tensor::InsertOp::create(b, combine(b, scan, sum, scan.isExclusive ? unlessFirst(term) : term), out, here);
}

/// out[i] = the fold of x[j] over j ≤ i; j < i when exclusive, and the other way round when reverse.
static LogicalResult lowerCumulative(NodeLowering &n) {
  Builder &b = n.b;
  auto known = n.constantInts(1);
  if (!known)
    return n.fail("expected input 'axis' to be constant");
  int64_t axis = NodeLowering::wrap(known->front(), n.inType(0).getRank());
  Scan scan{n.node.is("CumSum"), n.node.getInt("exclusive", 0) != 0, n.node.getInt("reverse", 0) != 0, axis, n.inShape(0)[axis]};
  Value neutral = number(b, getComputeType(n.outType().getElementType()), scan.isSum ? 0 : 1);
  SmallVector<Value> lower, upper, step;
  for (int64_t size : n.inShape(0)) {
    lower.push_back(index(b, 0));
    upper.push_back(index(b, size));
    step.push_back(index(b, 1));
  }
  auto body = [&](OpBuilder &builder, Location loc, ValueRange at, ValueRange out) -> scf::ValueVector {
    Builder inner(loc, builder);
    return {emitStep(inner, scan, n.in(0), out[0], at, neutral)};
  };
  Value start = empty(b, n.inShape(0), neutral.getType());
  Value result = scf::buildLoopNest(b, b.getLoc(), lower, upper, step, start, body).results.front();
  n.results.push_back(convert(b, result, n.outType().getElementType()));
  return success();
}

void addScans(LoweringTable &table) { table["CumSum"] = table["CumProd"] = lowerCumulative; }

} // namespace bn::lower
