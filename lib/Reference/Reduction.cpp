// Reduction.cpp - many elements become one: Reduce*, ArgMax, ArgMin.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "Lanes.h"

#include <cmath>
#include <numeric>

using namespace mlir;

namespace bn::reference {

/// The offsets of all indices that vary along `dims` only.
static std::vector<int64_t> getOffsets(ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  Dims strides = getStrides(shape), sizes, steps;
  for (int64_t d : dims)
    sizes.push_back(shape[d]), steps.push_back(strides[d]);
  std::vector<int64_t> offsets;
  forEachIndex(sizes, [&](ArrayRef<int64_t> index) { offsets.push_back(dot(index, steps)); });
  return offsets;
}

Lanes::Lanes(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  Dims kept;
  for (int64_t d = 0; d < static_cast<int64_t>(shape.size()); ++d)
    if (!llvm::is_contained(axes, d))
      kept.push_back(d);
  starts = getOffsets(shape, kept);
  steps = getOffsets(shape, axes);
}

/// The axes to reduce: a list, all where it is absent or empty, none where an empty list asks for that.
static FailureOr<Dims> getReducedAxes(Call &call) {
  int64_t rank = call[0].shape.size();
  std::optional<ArrayRef<int64_t>> given = call.getList(1, "axes");
  if (given && !given->empty())
    return call.getAxes(*given, rank);
  Dims all(call.node.getInt("noop_with_empty_axes", 0) ? 0 : rank);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// The shape without `axes`, or with size 1 there.
static Dims getReducedShape(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes, bool keeps) {
  Dims reduced;
  for (auto [d, size] : llvm::enumerate(shape))
    if (!llvm::is_contained(axes, d))
      reduced.push_back(size);
    else if (keeps)
      reduced.push_back(1);
  return reduced;
}

/// out = f(lane) for every lane.
template <typename T, typename Function> static void reduceLanes(const Lanes &lanes, ArrayRef<T> in, std::vector<T> &out, Function f) {
  std::vector<T> lane(lanes.steps.size());
  for (size_t i = 0; i < lanes.starts.size(); ++i) {
    for (size_t j = 0; j < lane.size(); ++j)
      lane[j] = in[lanes.starts[i] + lanes.steps[j]];
    out[i] = f(ArrayRef<T>(lane));
  }
}

/// A reduction with a function for each kind.
template <typename RealFunction, typename IntegerFunction>
static LogicalResult reduceWith(Call &call, RealFunction real, IntegerFunction integer) {
  FailureOr<Dims> axes = getReducedAxes(call);
  if (failed(axes))
    return failure();
  const Tensor &x = call[0];
  Tensor *y = call.addResult(x.elementType, getReducedShape(x.shape, *axes, call.node.getInt("keepdims", 1)));
  if (!y)
    return failure();
  Lanes lanes(x.shape, *axes);
  if (isa<FloatType>(x.elementType))
    reduceLanes(lanes, x.reals(), y->mutableReals(), real);
  else
    reduceLanes(lanes, x.integers(), y->mutableIntegers(),
                [&](ArrayRef<int64_t> lane) { return wrapToType(x.elementType, integer(lane)); });
  return success();
}

/// A reduction whose integer meaning is the real one, truncated.
template <auto f> static LogicalResult reduce(Call &call) {
  Type type = call[0].elementType;
  return reduceWith(
      call, [](ArrayRef<double> lane) { return f(lane); },
      [=](ArrayRef<int64_t> lane) { return truncate(f(llvm::map_to_vector(lane, [=](int64_t x) { return toReal(type, x); }))); });
}

/// A reduction that integers do exactly.
template <auto f, auto g> static LogicalResult reduceExactly(Call &call) {
  return reduceWith(
      call, [](ArrayRef<double> lane) { return f(lane); }, [](ArrayRef<int64_t> lane) { return g(lane); });
}

template <typename T, typename Step> static T accumulate(ArrayRef<T> lane, T start, Step step) {
  return std::accumulate(lane.begin(), lane.end(), start, step);
}
static double sum(ArrayRef<double> lane) { return accumulate(lane, 0.0, std::plus()); }
static double sumAbs(ArrayRef<double> lane) {
  return accumulate(lane, 0.0, [](double s, double x) { return s + std::fabs(x); });
}
static double sumSquares(ArrayRef<double> lane) {
  return accumulate(lane, 0.0, [](double s, double x) { return s + x * x; });
}
static double product(ArrayRef<double> lane) { return accumulate(lane, 1.0, std::multiplies()); }
static int64_t sumIntegers(ArrayRef<int64_t> lane) {
  return accumulate(lane, int64_t(0), [](uint64_t s, uint64_t x) { return static_cast<int64_t>(s + x); });
}
static int64_t multiplyIntegers(ArrayRef<int64_t> lane) {
  return accumulate(lane, int64_t(1), [](uint64_t s, uint64_t x) { return static_cast<int64_t>(s * x); });
}
static double maximum(ArrayRef<double> lane) {
  return accumulate(lane, -std::numeric_limits<double>::infinity(), [](double a, double b) { return b > a || std::isnan(b) ? b : a; });
}
static double minimum(ArrayRef<double> lane) {
  return accumulate(lane, std::numeric_limits<double>::infinity(), [](double a, double b) { return b < a || std::isnan(b) ? b : a; });
}
static double mean(ArrayRef<double> lane) { return sum(lane) / static_cast<double>(lane.size()); }

/// log Σ eˣ, with the maximum taken out so that nothing overflows.
static double logSumExp(ArrayRef<double> lane) {
  double max = maximum(lane);
  if (std::isinf(max))
    return max;
  return max + std::log(accumulate(lane, 0.0, [=](double s, double x) { return s + std::exp(x - max); }));
}

/// Max and Min of integers; an empty lane gives the lowest or the largest number.
template <bool wantsLarger> static LogicalResult reduceExtreme(Call &call) {
  Type type = call[0].elementType;
  bool isUnsigned = type.isUnsignedInteger() || type.isInteger(1);
  unsigned width = isa<FloatType>(type) ? 64 : type.getIntOrFloatBitWidth();
  APInt lowest = isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width);
  APInt largest = isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  int64_t start = static_cast<int64_t>((wantsLarger ? lowest : largest).getLimitedValue());
  auto less = [=](int64_t a, int64_t b) { return isUnsigned ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b; };
  return reduceWith(call, wantsLarger ? maximum : minimum, [=](ArrayRef<int64_t> lane) {
    return accumulate(lane, wrapToType(type, start), [=](int64_t a, int64_t b) { return less(a, b) == wantsLarger ? b : a; });
  });
}

/// The place of the first (or last) extreme of each lane.
template <bool wantsLarger> static LogicalResult argExtreme(Call &call) {
  const Tensor &x = call[0];
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", 0), x.shape.size());
  if (failed(axis))
    return failure();
  if (x.shape[*axis] == 0)
    return call.error() << "expected elements along axis " << *axis << ", got none";
  Tensor *y =
      call.addResult(IntegerType::get(call.node->getContext(), 64), getReducedShape(x.shape, *axis, call.node.getInt("keepdims", 1)));
  if (!y)
    return failure();
  bool wantsLast = call.node.getInt("select_last_index", 0);
  Lanes lanes(x.shape, *axis);
  auto run = [&](auto values) {
    for (auto [start, place] : llvm::zip_equal(lanes.starts, y->mutableIntegers()))
      for (int64_t j = 1; j < static_cast<int64_t>(lanes.steps.size()); ++j) {
        auto value = values[start + lanes.steps[j]], best = values[start + lanes.steps[place]];
        if ((wantsLarger ? value > best : value < best) || (wantsLast && value == best))
          place = j;
      }
  };
  isa<FloatType>(x.elementType) ? run(x.reals()) : run(x.integers());
  return success();
}

ArrayRef<Operator> getReductions() {
  static constexpr Operator table[] = {
      {"ArgMax", "number", argExtreme<true>},
      {"ArgMin", "number", argExtreme<false>},
      {"ReduceL1", "number integer?", reduce<sumAbs>},
      {"ReduceL2", "number integer?", reduce<[](ArrayRef<double> lane) { return std::sqrt(sumSquares(lane)); }>},
      {"ReduceLogSum", "number integer?", reduce<[](ArrayRef<double> lane) { return std::log(sum(lane)); }>},
      {"ReduceLogSumExp", "number integer?", reduce<logSumExp>},
      {"ReduceMax", "number integer?", reduceExtreme<true>},
      {"ReduceMean", "number integer?", reduce<mean>},
      {"ReduceMin", "number integer?", reduceExtreme<false>},
      {"ReduceProd", "number integer?", reduceExactly<product, multiplyIntegers>},
      {"ReduceSum", "number integer?", reduceExactly<sum, sumIntegers>},
      {"ReduceSumSquare", "number integer?", reduce<sumSquares>},
  };
  return table;
}

} // namespace bn::reference
