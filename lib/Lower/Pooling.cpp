// Pooling.cpp - MaxPool, AveragePool, LpPool and their global forms.
// SPDX-License-Identifier: Apache-2.0

#include "BlockedConvolution.h"
#include "Pools.h"
#include "Reductions.h"

using namespace mlir;

namespace bn::lower {

/// Folds the elements under the window, border included, from `init`.
static Value poolWindow(Builder &b, Value x, const Window &window, Shape out, Value init, Body combine) {
  unsigned spatial = window.size(), parallel = 2 + spatial;
  auto d = [&](unsigned i) { return b.getAffineDimExpr(i); };
  SmallVector<AffineExpr> exprs = {d(0), d(1)}, taps;
  for (unsigned i = 0; i < spatial; ++i) {
    exprs.push_back(window.at(i, d(2 + i), d(parallel + i)));
    taps.push_back(d(parallel + i));
  }
  // The second operand's elements are not read; its shape gives the loops over the window their bounds.
  Value kernel = empty(b, window.kernel, typeOf(x).getElementType());
  SmallVector<AffineMap> maps = {AffineMap::get(parallel + spatial, 0, exprs, b.getContext()),
                                 AffineMap::get(parallel + spatial, 0, taps, b.getContext())};
  return contract(b, out, {x, kernel}, maps, parallel, init,
                  [&](Builder &b, ValueRange v) { return combine(b, {v[0], v[2]}); });
}

static Window getPoolWindow(NodeLowering &n) {
  auto kernel = n.node.getInts("kernel_shape");
  return getWindow(n.node, *kernel, n.inShape(0).drop_front(2), n.outType().getShape().drop_front(2));
}

/// NaN loses against every number.
static Value keepLarger(Builder &b, ValueRange v) {
  if (!isa<FloatType>(v[0].getType()))
    return arith::MaxSIOp::create(b, v[0], v[1]);
  return arith::SelectOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, v[0], v[1]), v[0], v[1]);
}

static LogicalResult lowerMaxPool(NodeLowering &n) {
  Builder &b = n.b;
  Type element = n.inType(0).getElementType(), compute = getComputeType(element);
  bool isUnsigned = n.inElement(0).isUnsignedInteger();
  auto lowest = [&](Type type) -> Value {
    if (isa<FloatType>(type))
      return number(b, type, -std::numeric_limits<double>::infinity());
    unsigned width = type.getIntOrFloatBitWidth();
    return arith::ConstantOp::create(b, b.getIntegerAttr(type, isUnsigned ? APInt(width, 0) : APInt::getSignedMinValue(width)));
  };
  Window window = getPoolWindow(n);
  Shape out = n.outType().getShape();
  Value x, result = poolBlocked(n, kernel::PoolKind::Max, window);
  if (!result || n.wants(1))
    x = padForWindow(b, n.in(0), window, out.drop_front(2), lowest(element));
  if (!result)
    result = poolWindow(b, x, window, out, lowest(compute), [&](Builder &b, ValueRange v) -> Value {
    return isUnsigned ? arith::MaxUIOp::create(b, v[0], v[1]).getResult() : keepLarger(b, v);
  });
  n.results.push_back(convert(b, result, element));
  n.results.push_back(n.wants(1) ? findPoolPlaces(n, x, result, window) : Value());
  n.results.resize(n.getNumOutputs());
  return success();
}

/// How many elements of the input, or of the input with its pads, each window along spatial dimension `i` covers.
static SmallVector<double> countCovered(const Window &window, unsigned i, int64_t in, int64_t out, bool includePads) {
  int64_t begin = includePads ? -window.low[i] : 0, end = in + (includePads ? window.high[i] : 0);
  SmallVector<double> counts(out, 0);
  for (int64_t o = 0; o < out; ++o)
    for (int64_t k = 0; k < window.kernel[i]; ++k) {
      int64_t position = o * window.strides[i] - window.low[i] + k * window.dilations[i];
      counts[o] += position >= begin && position < end;
    }
  return counts;
}

static LogicalResult lowerAveragePool(NodeLowering &n) {
  Builder &b = n.b;
  Type element = n.inType(0).getElementType(), compute = getComputeType(element);
  Window window = getPoolWindow(n);
  Shape out = n.outType().getShape();
  bool includesPads = n.node.getInt("count_include_pad", 0);
  if (Value result = poolBlocked(n, includesPads ? kernel::PoolKind::AverageWithPads : kernel::PoolKind::Average, window)) {
    n.results.push_back(result);
    return success();
  }
  Value x = padForWindow(b, n.in(0), window, out.drop_front(2), number(b, element, 0));
  Value sum = poolWindow(b, x, window, out, number(b, compute, 0),
                         [](Builder &b, ValueRange v) -> Value { return arith::AddFOp::create(b, v[0], v[1]); });
  // The divisor is a product of one count per dimension; dimensions whose counts are all equal need no table.
  double common = 1;
  SmallVector<Value> operands = {sum};
  for (unsigned i = 0; i < window.size(); ++i) {
    SmallVector<double> counts = countCovered(window, i, n.inShape(0)[i + 2], out[i + 2], includesPads);
    if (llvm::all_equal(counts)) {
      common *= counts.empty() ? 1 : counts.front();
      continue;
    }
    SmallVector<int64_t> shape(window.size() - i, 1);
    shape[0] = counts.size();
    operands.push_back(reshape(b, constantReals(b, counts, compute), shape));
  }
  n.results.push_back(map(b, n.outType(), operands, [&](Builder &b, ValueRange v) -> Value {
    Value divisor = number(b, compute, common);
    for (Value count : v.drop_front())
      divisor = arith::MulFOp::create(b, divisor, count);
    return arith::DivFOp::create(b, v[0], divisor);
  }));
  return success();
}

/// |x|^p
static Value powerOf(Builder &b, Value x, int64_t p) {
  Value magnitude = math::AbsFOp::create(b, x);
  if (p == 1)
    return magnitude;
  return p == 2 ? arith::MulFOp::create(b, x, x).getResult()
                : math::PowFOp::create(b, magnitude, number(b, x.getType(), p)).getResult();
}

/// The p-th root of each element, in the result's type.
static Value rootOf(NodeLowering &n, Value sum, int64_t p) {
  return map(n.b, n.outType(), sum, [&](Builder &b, ValueRange v) -> Value {
    return p == 1 ? v[0] : p == 2 ? math::SqrtOp::create(b, v[0]).getResult()
                                  : math::PowFOp::create(b, v[0], number(b, v[0].getType(), 1.0 / p)).getResult();
  });
}

static LogicalResult lowerLpPool(NodeLowering &n) {
  Builder &b = n.b;
  int64_t p = n.node.getInt("p", 2);
  Type element = n.inType(0).getElementType(), compute = getComputeType(element);
  Window window = getPoolWindow(n);
  Shape out = n.outType().getShape();
  Value x = padForWindow(b, n.in(0), window, out.drop_front(2), number(b, element, 0));
  Value sum = poolWindow(b, x, window, out, number(b, compute, 0), [&](Builder &b, ValueRange v) -> Value {
    return arith::AddFOp::create(b, powerOf(b, v[0], p), v[1]);
  });
  n.results.push_back(rootOf(n, sum, p));
  return success();
}

static LogicalResult lowerGlobalPool(NodeLowering &n) {
  Builder &b = n.b;
  Value x = n.in(0);
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, n.inType(0).getRank()));
  StringRef op = n.node.getOpType();
  Shape shape = n.inShape(0);
  if (op == "GlobalLpPool") {
    int64_t p = n.node.getInt("p", 2);
    Value sum = reduceSum(b, x, axes, [&](Builder &b, ValueRange v) { return powerOf(b, v[0], p); });
    n.results.push_back(rootOf(n, keepDims(b, sum, shape, axes), p));
    return success();
  }
  Window whole{llvm::to_vector(shape.drop_front(2)), SmallVector<int64_t>(axes.size(), 1), SmallVector<int64_t>(axes.size(), 1),
               SmallVector<int64_t>(axes.size(), 0), SmallVector<int64_t>(axes.size(), 0)};
  if (Value result = poolBlocked(n, op == "GlobalMaxPool" ? kernel::PoolKind::Max : kernel::PoolKind::Average, whole)) {
    n.results.push_back(result);
    return success();
  }
  Value result = op == "GlobalMaxPool" ? reduceMax(b, x, axes) : reduceMean(b, x, axes);
  n.results.push_back(convert(b, keepDims(b, result, shape, axes), n.outType().getElementType()));
  return success();
}

void addPooling(LoweringTable &table) {
  table["MaxPool"] = lowerMaxPool;
  table["AveragePool"] = lowerAveragePool;
  table["LpPool"] = lowerLpPool;
  table["GlobalAveragePool"] = table["GlobalMaxPool"] = table["GlobalLpPool"] = lowerGlobalPool;
}

} // namespace bn::lower
