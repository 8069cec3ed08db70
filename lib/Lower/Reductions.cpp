// Reductions.cpp - ONNX's Reduce operators and ArgMax, ArgMin.
// SPDX-License-Identifier: Apache-2.0

#include "Reductions.h"
#include "Lowering.h"

using namespace mlir;

namespace bn::lower {

static Value addNumbers(Builder &b, Value x, Value y) {
  return isa<FloatType>(x.getType()) ? arith::AddFOp::create(b, x, y).getResult() : arith::AddIOp::create(b, x, y).getResult();
}

static Value mulNumbers(Builder &b, Value x, Value y) {
  return isa<FloatType>(x.getType()) ? arith::MulFOp::create(b, x, y).getResult() : arith::MulIOp::create(b, x, y).getResult();
}

Value reduceSum(Builder &b, Value x, Ints axes, Body term) {
  Value zero = number(b, getComputeType(typeOf(x).getElementType()), 0);
  return reduce(b, x, axes, zero, [&](Builder &b, ValueRange v) { return addNumbers(b, term(b, v[0]), v[1]); });
}

/// The number that loses against every other in a maximum or a minimum.
static Value extreme(Builder &b, Type type, bool largest, bool isUnsigned) {
  if (auto real = dyn_cast<FloatType>(type))
    return number(b, type, largest ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity());
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value = isUnsigned ? (largest ? APInt::getMaxValue(width) : APInt::getMinValue(width))
                           : (largest ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width));
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

Value reduceMax(Builder &b, Value x, Ints axes, bool isUnsigned) {
  Value start = extreme(b, getComputeType(typeOf(x).getElementType()), false, isUnsigned);
  return reduce(b, x, axes, start, [&](Builder &b, ValueRange v) -> Value {
    if (isa<FloatType>(v[1].getType())) // which of two zeros it is costs two instructions and is nobody's question
      return arith::MaximumFOp::create(b, v[0], v[1], arith::FastMathFlags::nsz);
    return isUnsigned ? arith::MaxUIOp::create(b, v[0], v[1]).getResult() : arith::MaxSIOp::create(b, v[0], v[1]).getResult();
  });
}

Value reduceMin(Builder &b, Value x, Ints axes, bool isUnsigned) {
  Value start = extreme(b, getComputeType(typeOf(x).getElementType()), true, isUnsigned);
  return reduce(b, x, axes, start, [&](Builder &b, ValueRange v) -> Value {
    if (isa<FloatType>(v[1].getType()))
      return arith::MinimumFOp::create(b, v[0], v[1], arith::FastMathFlags::nsz);
    return isUnsigned ? arith::MinUIOp::create(b, v[0], v[1]).getResult() : arith::MinSIOp::create(b, v[0], v[1]).getResult();
  });
}

/// Elements that one element of a reduction's result comes from.
static double countReduced(Value x, Ints axes) {
  double count = 1;
  for (int64_t axis : axes)
    count *= shapeOf(x)[axis];
  return count;
}

Value reduceMean(Builder &b, Value x, Ints axes) {
  Value sum = reduceSum(b, x, axes);
  return map(b, typeOf(sum), sum, [&](Builder &b, ValueRange v) -> Value {
    return arith::DivFOp::create(b, v[0], number(b, v[0].getType(), countReduced(x, axes)));
  });
}

Value reduceVariance(Builder &b, Value x, Value mean, Ints axes) {
  auto wide = RankedTensorType::get(shapeOf(x), getComputeType(typeOf(x).getElementType()));
  Value squares = map(b, wide, {x, mean}, [](Builder &b, ValueRange v) -> Value {
    Value deviation = arith::SubFOp::create(b, v[0], v[1]);
    return arith::MulFOp::create(b, deviation, deviation);
  });
  return reduceMean(b, squares, axes);
}

/// The axes that a Reduce node names; all of them where it names none, unless it then is the identity.
static FailureOr<SmallVector<int64_t>> getAxes(NodeLowering &n) {
  auto list = n.ints("axes", 1);
  if (failed(list))
    return failure();
  SmallVector<int64_t> axes = list->value_or(SmallVector<int64_t>());
  int64_t rank = n.inType(0).getRank();
  if (axes.empty() && !n.node.getInt("noop_with_empty_axes", 0))
    axes = llvm::to_vector(llvm::seq<int64_t>(rank));
  for (int64_t &axis : axes)
    axis = NodeLowering::wrap(axis, rank);
  llvm::sort(axes);
  return axes;
}

static Value square(Builder &b, ValueRange v) { return mulNumbers(b, v[0], v[0]); }

static Value magnitude(Builder &b, ValueRange v) {
  if (isa<FloatType>(v[0].getType()))
    return math::AbsFOp::create(b, v[0]);
  return math::AbsIOp::create(b, v[0]);
}

/// Applies `body` to each element of a reduced tensor.
static Value finish(Builder &b, Value x, Body body) { return map(b, typeOf(x), x, body); }

static Value logOf(Builder &b, Value x) {
  return finish(b, x, [](Builder &b, ValueRange v) -> Value { return math::LogOp::create(b, v[0]); });
}

/// log Σ e^x as m + log Σ e^(x−m), m the largest element where that is finite.
static Value reduceLogSumExp(Builder &b, Value x, Ints axes) {
  Value largest = finish(b, reduceMax(b, x, axes), [](Builder &b, ValueRange v) -> Value {
    Value magnitude = math::AbsFOp::create(b, v[0]);
    Value infinite = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, magnitude,
                                           number(b, v[0].getType(), std::numeric_limits<double>::infinity()));
    return arith::SelectOp::create(b, infinite, number(b, v[0].getType(), 0), v[0]);
  });
  auto wide = RankedTensorType::get(shapeOf(x), typeOf(largest).getElementType());
  Value powers = map(b, wide, {x, keepDims(b, largest, shapeOf(x), axes)}, [](Builder &b, ValueRange v) -> Value {
    return math::ExpOp::create(b, arith::SubFOp::create(b, v[0], v[1]));
  });
  Value logs = logOf(b, reduceSum(b, powers, axes));
  return map(b, typeOf(logs), {logs, largest}, [](Builder &b, ValueRange v) -> Value { return arith::AddFOp::create(b, v[0], v[1]); });
}

static Value reduceNumbers(Builder &b, StringRef op, Value x, Ints axes, bool isUnsigned) {
  if (op == "ReduceSum")
    return reduceSum(b, x, axes);
  if (op == "ReduceMax")
    return reduceMax(b, x, axes, isUnsigned);
  if (op == "ReduceMin")
    return reduceMin(b, x, axes, isUnsigned);
  if (op == "ReduceSumSquare")
    return reduceSum(b, x, axes, square);
  if (op == "ReduceL1")
    return reduceSum(b, x, axes, magnitude);
  if (op == "ReduceProd")
    return reduce(b, x, axes, number(b, getComputeType(typeOf(x).getElementType()), 1),
                  [](Builder &b, ValueRange v) { return mulNumbers(b, v[0], v[1]); });
  assert(op == "ReduceMean");
  if (isa<FloatType>(typeOf(x).getElementType()))
    return reduceMean(b, x, axes);
  return finish(b, reduceSum(b, x, axes), [&](Builder &b, ValueRange v) -> Value {
    Value count = number(b, v[0].getType(), countReduced(x, axes));
    return isUnsigned ? arith::DivUIOp::create(b, v[0], count).getResult() : arith::DivSIOp::create(b, v[0], count).getResult();
  });
}

/// Those that only floats have.
static Value reduceReals(Builder &b, StringRef op, Value x, Ints axes) {
  if (op == "ReduceLogSumExp")
    return reduceLogSumExp(b, x, axes);
  if (op == "ReduceLogSum")
    return logOf(b, reduceSum(b, x, axes));
  assert(op == "ReduceL2");
  return finish(b, reduceSum(b, x, axes, square), [](Builder &b, ValueRange v) -> Value { return math::SqrtOp::create(b, v[0]); });
}

static LogicalResult lowerReduce(NodeLowering &n) {
  FailureOr<SmallVector<int64_t>> axes = getAxes(n);
  if (failed(axes))
    return failure();
  StringRef op = n.node.getOpType();
  Value x = n.in(0);
  bool isUnsigned = n.inElement(0).isUnsignedInteger() || n.inElement(0).isInteger(1);
  bool isReal = op == "ReduceL2" || op == "ReduceLogSum" || op == "ReduceLogSumExp";
  // The root and the logarithm of integers are taken in double and cut: the low bits of the widest integer, 0 for what is no number.
  if (isReal && !isa<FloatType>(n.inElement(0)))
    x = convert(n.b, x, n.b.getF64Type(), isUnsigned);
  Value result = isReal ? reduceReals(n.b, op, x, *axes) : reduceNumbers(n.b, op, x, *axes, isUnsigned);
  if (isReal && !isa<FloatType>(n.inElement(0)))
    result = map(n.b, RankedTensorType::get(shapeOf(result), n.outType().getElementType()), result, [&](Builder &b, ValueRange v) -> Value {
      Value isNumber = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, v[0], v[0]);
      Value real = arith::SelectOp::create(b, isNumber, v[0], number(b, v[0].getType(), 0));
      Value wide = arith::FPToSIOp::create(b, b.getI64Type(), real);
      Type type = n.outType().getElementType();
      return type == wide.getType() ? wide : arith::TruncIOp::create(b, type, wide).getResult();
    });
  result = convert(n.b, result, n.outType().getElementType());
  n.results.push_back(reshape(n.b, result, n.outType().getShape()));
  return success();
}

// The smallest (largest) index whose element is the best: a reduction over indices, in half the bits that the result has.
Value findExtreme(Builder &b, Value x, int64_t axis, bool wantsLargest, bool isUnsigned, bool wantsLast) {
  int64_t rank = typeOf(x).getRank();
  Value best = wantsLargest ? reduceMax(b, x, axis, isUnsigned) : reduceMin(b, x, axis, isUnsigned);
  SmallVector<AffineExpr> all, kept;
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < rank; ++i) {
    all.push_back(b.getAffineDimExpr(i == axis ? rank - 1 : shape.size()));
    if (i == axis)
      continue;
    kept.push_back(b.getAffineDimExpr(shape.size()));
    shape.push_back(shapeOf(x)[i]);
  }
  Value start = number(b, b.getI32Type(), wantsLast ? 0 : shapeOf(x)[axis] - 1);
  SmallVector<AffineMap> maps = {AffineMap::get(rank, 0, all, b.getContext()), AffineMap::get(rank, 0, kept, b.getContext())};
  return contract(b, shape, {x, best}, maps, rank - 1, start, [&](Builder &b, ValueRange v) -> Value {
    Value position = arith::IndexCastOp::create(b, b.getI32Type(), linalg::IndexOp::create(b, rank - 1));
    Value isBest;
    if (isa<FloatType>(v[0].getType())) // where one is NaN, the best is NaN and equal to nothing
      isBest = arith::OrIOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, v[0], v[1]),
                                    arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, v[0], v[0]));
    else
      isBest = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, v[0], v[1]);
    Value candidate = arith::SelectOp::create(b, isBest, position, start);
    return wantsLast ? arith::MaxSIOp::create(b, candidate, v[2]).getResult() : arith::MinSIOp::create(b, candidate, v[2]).getResult();
  });
}

static LogicalResult lowerArg(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.getInt("axis", 0), n.inType(0).getRank());
  Value result = findExtreme(n.b, n.in(0), axis, n.node.is("ArgMax"), n.inElement(0).isUnsignedInteger(),
                             n.node.getInt("select_last_index", 0));
  n.results.push_back(reshape(n.b, convert(n.b, result, n.b.getI64Type()), n.outType().getShape()));
  return success();
}

void addReductions(LoweringTable &table) {
  for (StringRef name : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
                         "ReduceLogSum", "ReduceLogSumExp"})
    table[name] = lowerReduce;
  table["ArgMax"] = table["ArgMin"] = lowerArg;
}

} // namespace bn::lower
