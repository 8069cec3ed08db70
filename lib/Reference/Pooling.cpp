// Pooling.cpp - pooling over windows and over whole channels.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "Window.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

namespace {
/// Geometry of a pooling operator.
struct Pool {
  Window window;
  Dims input, output; ///< spatial shapes
  std::vector<std::vector<Segment>> segments;
  int64_t channels; ///< of all samples
};
} // namespace

static FailureOr<Pool> readPool(Call &call) {
  if (call[0].shape.size() < 3)
    return call.error() << "expected an input of rank 3 or more, got " << call[0].getType();
  Dims input(ArrayRef(call[0].shape).drop_front(2));
  FailureOr<Window> window = readWindow(call, {});
  if (failed(window))
    return failure();
  applyAutoPad(call, *window, input);
  FailureOr<Dims> output = getWindowOutput(call, *window, input, call.node.getInt("ceil_mode", 0));
  if (failed(output))
    return failure();
  FailureOr<std::vector<std::vector<Segment>>> segments = getSegments(call, *window, input, *output);
  if (failed(segments))
    return failure();
  return Pool{*window, input, *output, std::move(*segments), call[0].shape[0] * call[0].shape[1]};
}

static Dims getResultShape(Call &call, const Pool &pool) {
  Dims shape(ArrayRef(call[0].shape).take_front(2));
  llvm::append_range(shape, pool.output);
  return shape;
}

/// Calls `visit(output, input)`, offsets in the tensors, for every tap that reads inside.
template <typename Visit> static void forEachRead(const Pool &pool, Visit visit) {
  int64_t inSize = countElements(pool.input), outSize = countElements(pool.output), stride = pool.window.strides.back();
  for (int64_t c = 0; c < pool.channels; ++c)
    for (ArrayRef<Segment> segments : pool.segments)
      for (const Segment &s : segments)
        for (int64_t i = 0; i < s.count; ++i)
          visit(c * outSize + s.out + i, c * inSize + s.in + i * stride);
}

/// How many taps each output averages over: those that read inside, or inside the padding too.
static std::vector<int64_t> countTaps(Call &call, const Pool &pool) {
  std::vector<int64_t> counts;
  bool includesPads = call.node.getInt("count_include_pad", 0);
  forEachIndex(pool.output, [&](ArrayRef<int64_t> index) {
    int64_t count = 1;
    for (size_t d = 0; d < index.size(); ++d) {
      const Window &w = pool.window;
      int64_t low = includesPads ? -w.padsBegin[d] : 0, high = pool.input[d] + (includesPads ? w.padsEnd[d] : 0), inside = 0;
      for (int64_t k = 0, at = index[d] * w.strides[d] - w.padsBegin[d]; k < w.kernel[d]; ++k, at += w.dilations[d])
        inside += at >= low && at < high;
      count *= inside;
    }
    counts.push_back(count);
  });
  return counts;
}

static LogicalResult averagePool(Call &call) {
  FailureOr<Pool> pool = readPool(call);
  if (failed(pool))
    return failure();
  Tensor *y = call.addResult(call[0].elementType, getResultShape(call, *pool));
  if (!y)
    return failure();
  std::vector<double> &sums = y->mutableReals();
  forEachRead(*pool, [&](int64_t out, int64_t in) { sums[out] += call[0].reals()[in]; });
  std::vector<int64_t> counts = countTaps(call, *pool);
  for (size_t i = 0; i < sums.size(); ++i)
    sums[i] /= static_cast<double>(counts[i % counts.size()]);
  return success();
}

/// The place of an element counted along the first spatial dimension first (`storage_order` 1).
static int64_t getColumnMajor(const Pool &pool, int64_t offset) {
  int64_t size = countElements(pool.input), rest = offset % size, swapped = 0, stride = 1;
  for (int64_t inner = size, d = 0; d < static_cast<int64_t>(pool.input.size()); ++d) {
    inner /= pool.input[d];
    swapped += rest / inner * stride;
    stride *= pool.input[d];
    rest %= inner;
  }
  return offset - offset % size + swapped;
}

/// Padding never wins. The second result is the place of each maximum.
static LogicalResult maxPool(Call &call) {
  FailureOr<Pool> pool = readPool(call);
  if (failed(pool))
    return failure();
  Dims shape = getResultShape(call, *pool);
  if (!call.addResult(call[0].elementType, shape) || !call.addResult(IntegerType::get(call.node->getContext(), 64), shape))
    return failure();
  std::vector<double> x = toReals(call[0]), maxima(call.results[0].getNumElements(), -INFINITY);
  std::vector<int64_t> &places = call.results[1].mutableIntegers();
  forEachRead(*pool, [&](int64_t out, int64_t in) {
    if (x[in] > maxima[out] || std::isnan(x[in]))
      maxima[out] = x[in], places[out] = in;
  });
  if (isa<FloatType>(call[0].elementType))
    call.results[0].values = std::move(maxima);
  else
    llvm::transform(maxima, call.results[0].mutableIntegers().begin(), truncate);
  if (call.node.getInt("storage_order", 0))
    llvm::transform(places, places.begin(), [&](int64_t place) { return getColumnMajor(*pool, place); });
  return success();
}

static LogicalResult lpPool(Call &call) {
  FailureOr<Pool> pool = readPool(call);
  if (failed(pool))
    return failure();
  double p = call.version() < 2 ? call.node.getFloat("p", 2) : static_cast<double>(call.node.getInt("p", 2));
  Tensor *y = call.addResult(call[0].elementType, getResultShape(call, *pool));
  if (!y)
    return failure();
  forEachRead(*pool, [&](int64_t out, int64_t in) { y->mutableReals()[out] += std::pow(std::fabs(call[0].reals()[in]), p); });
  for (double &value : y->mutableReals())
    value = std::pow(value, 1 / p);
  return success();
}

/// Puts every element where the pooling found it. Places count in the shape that undoes the pooling, whatever `output_shape` is.
static LogicalResult maxUnpool(Call &call) {
  const Tensor &x = call[0], &places = call[1];
  if (x.shape.size() < 3 || places.shape != x.shape)
    return call.error() << "expected inputs of one shape of rank 3 or more, got " << x.getType() << " and " << places.getType();
  FailureOr<Window> window = readWindow(call, {});
  if (failed(window))
    return failure();
  Dims pooled(x.shape);
  for (size_t d = 2; d < pooled.size(); ++d)
    pooled[d] = (x.shape[d] - 1) * window->strides[d - 2] + window->kernel[d - 2] - window->padsBegin[d - 2] - window->padsEnd[d - 2];
  Dims shape = call.get(2) ? Dims(call[2].integers()) : pooled;
  if (shape.size() != pooled.size())
    return call.error() << "expected an output shape of " << pooled.size() << " dimensions, got " << shape.size();
  Tensor *y = call.addResult(x.elementType, shape);
  if (!y || failed(call.checkShape(pooled)))
    return failure();
  Dims from = getStrides(pooled), to = getStrides(shape);
  for (auto [value, place] : llvm::zip_equal(x.reals(), places.integers())) {
    int64_t offset = 0, rest = place;
    for (size_t d = 0; d < shape.size() && place >= 0 && place < countElements(pooled); rest %= from[d++])
      offset = rest / from[d] < shape[d] ? offset + rest / from[d] * to[d] : y->getNumElements();
    if (place < 0 || place >= countElements(pooled) || offset >= y->getNumElements())
      return call.error() << "expected places inside the output, got " << place;
    y->mutableReals()[offset] = value;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Whole channels
//===----------------------------------------------------------------------===//

/// One value a channel: f(acc, x) from `start` over its elements, then g(acc, count).
template <typename Function, typename Finish> static LogicalResult poolChannels(Call &call, double start, Function f, Finish g) {
  const Tensor &x = call[0];
  if (x.shape.size() < 2)
    return call.error() << "expected an input of rank 2 or more, got " << x.getType();
  Dims shape(x.shape.size(), 1);
  llvm::copy(ArrayRef(x.shape).take_front(2), shape.begin());
  Tensor *y = call.addResult(x.elementType, shape);
  if (!y)
    return failure();
  int64_t size = countElements(ArrayRef(x.shape).drop_front(2));
  for (auto [c, value] : llvm::enumerate(y->mutableReals())) {
    value = start;
    for (double element : x.reals().slice(c * size, size))
      value = f(value, element);
    value = g(value, static_cast<double>(size));
  }
  return success();
}

static LogicalResult globalAveragePool(Call &call) {
  return poolChannels(
      call, 0, [](double sum, double x) { return sum + x; }, [](double sum, double count) { return sum / count; });
}

static LogicalResult globalMaxPool(Call &call) {
  return poolChannels(
      call, -INFINITY, [](double max, double x) { return x > max || std::isnan(x) ? x : max; }, [](double max, double) { return max; });
}

static LogicalResult globalLpPool(Call &call) {
  double p = call.version() < 2 ? call.node.getFloat("p", 2) : static_cast<double>(call.node.getInt("p", 2));
  return poolChannels(
      call, 0, [=](double sum, double x) { return sum + std::pow(std::fabs(x), p); },
      [=](double sum, double) { return std::pow(sum, 1 / p); });
}

ArrayRef<Operator> getPoolings() {
  static constexpr Operator table[] = {
      {"AveragePool", "real", averagePool},
      {"GlobalAveragePool", "real", globalAveragePool},
      {"GlobalLpPool", "real", globalLpPool},
      {"GlobalMaxPool", "real", globalMaxPool},
      {"LpPool", "real", lpPool},
      {"MaxPool", "number", maxPool},
      {"MaxUnpool", "real integer integer?", maxUnpool},
  };
  return table;
}

} // namespace bn::reference
