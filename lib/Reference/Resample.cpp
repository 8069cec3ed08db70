// Resample.cpp - values of a tensor at other coordinates along every dimension: nearest, linear and cubic.
// SPDX-License-Identifier: Apache-2.0
//
// Resampling is separable: each dimension maps an output index to a real coordinate of the input, and the coordinate to
// weighted taps. Linear and cubic differ in the kernel only; antialiasing stretches it.

#include "Resample.h"

#include "Convert.h"
#include "Select.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

//===----------------------------------------------------------------------===//
// Coordinates and taps
//===----------------------------------------------------------------------===//

namespace {
/// An element of the input and its part in an element of the output.
struct Tap {
  int64_t index;
  double weight;
};
} // namespace

/// The coordinate in the input that output `i` is taken from.
static double getCoordinate(StringRef mode, const Axis &axis, int64_t i) {
  double x = static_cast<double>(i), in = static_cast<double>(axis.input), out = axis.length;
  if (mode == "asymmetric")
    return x / axis.scale;
  if (mode == "align_corners")
    return out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (mode == "tf_half_pixel_for_nn")
    return (x + 0.5) / axis.scale;
  if (mode == "tf_crop_and_resize")
    return out > 1 ? axis.start * (in - 1) + x * (axis.end - axis.start) * (in - 1) / (out - 1) : 0.5 * (axis.start + axis.end) * (in - 1);
  double halfPixel = (x + 0.5) / axis.scale - 0.5;
  if (mode == "pytorch_half_pixel")
    return out > 1 ? halfPixel : 0;
  if (mode == "half_pixel_symmetric")
    return in / 2 * (1 - static_cast<double>(axis.output) / out) + halfPixel;
  return halfPixel;
}

static double roundNearest(StringRef mode, double x) {
  if (mode == "floor")
    return std::floor(x);
  if (mode == "ceil")
    return std::ceil(x);
  return mode == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5);
}

static double evaluateKernel(bool isCubic, double a, double t) {
  t = std::fabs(t);
  if (!isCubic)
    return std::max(0.0, 1 - t);
  if (t <= 1)
    return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

namespace {
/// Attributes of linear and cubic interpolation.
struct Interpolation {
  bool isCubic, excludesOutside, antialiases;
  double cubicCoefficient;
};
} // namespace

/// The taps around coordinate `x`. Taps outside read the border, or do not count.
static SmallVector<Tap> getTaps(const Interpolation &interpolation, const Axis &axis, double x) {
  double stretch = interpolation.antialiases ? std::min(axis.scale, 1.0) : 1, sum = 0;
  int64_t reach = static_cast<int64_t>(std::ceil((interpolation.isCubic ? 2 : 1) / stretch)), center = static_cast<int64_t>(std::floor(x));
  SmallVector<Tap> taps;
  for (int64_t i = center - reach; i <= center + reach + 1; ++i) {
    double weight = evaluateKernel(interpolation.isCubic, interpolation.cubicCoefficient, stretch * (static_cast<double>(i) - x));
    if (weight == 0 || (interpolation.excludesOutside && (i < 0 || i >= axis.input)))
      continue;
    taps.push_back({std::clamp<int64_t>(i, 0, axis.input - 1), weight});
    sum += weight;
  }
  for (Tap &tap : taps)
    tap.weight /= sum;
  return taps;
}

//===----------------------------------------------------------------------===//
// Resampling
//===----------------------------------------------------------------------===//

static bool isOutside(const Axis &axis, double x) { return x < 0 || x > static_cast<double>(axis.input - 1); }

LogicalResult resizeNearest(Call &call, ArrayRef<Axis> axes, ArrayRef<int64_t> shape, StringRef coordinates, StringRef rounding) {
  const Tensor &x = call[0];
  bool extrapolates = coordinates == "tf_crop_and_resize";
  SmallVector<std::vector<int64_t>> sources;
  for (const Axis &axis : axes) {
    std::vector<int64_t> &source = sources.emplace_back();
    for (int64_t i = 0; i < axis.output; ++i) {
      double at =
          axis.output == axis.input && axis.scale == 1 && !extrapolates ? static_cast<double>(i) : getCoordinate(coordinates, axis, i);
      bool isLost = extrapolates && isOutside(axis, at);
      source.push_back(isLost ? -1 : std::clamp<int64_t>(truncate(roundNearest(rounding, at)), 0, axis.input - 1));
    }
  }
  Dims strides = getStrides(x.shape);
  std::vector<size_t> lost;
  size_t next = 0;
  LogicalResult selected = addSelected(call, x, shape, [&](ArrayRef<int64_t> index) {
    int64_t offset = 0;
    for (size_t d = 0; d < index.size() && offset >= 0; ++d)
      offset = sources[d][index[d]] < 0 ? -1 : offset + sources[d][index[d]] * strides[d];
    if (offset < 0)
      lost.push_back(next);
    ++next;
    return offset;
  });
  if (succeeded(selected) && isa<FloatType>(x.elementType))
    for (size_t i : lost)
      call.results[0].mutableReals()[i] = call.node.getFloat("extrapolation_value", 0);
  return selected;
}

/// Resamples one dimension; `extrapolation` is the value outside, where there is one.
static Tensor resample(const Tensor &x, size_t d, const Axis &axis, StringRef coordinates, const Interpolation &interpolation,
                       std::optional<double> extrapolation) {
  Dims shape(x.shape);
  shape[d] = axis.output;
  Tensor y = makeTensor(x.elementType, shape);
  AxisView from(x.shape, d), to(shape, d);
  for (int64_t i = 0; i < axis.output; ++i) {
    double at = getCoordinate(coordinates, axis, i);
    bool isLost = extrapolation && isOutside(axis, at);
    SmallVector<Tap> taps = isLost ? SmallVector<Tap>() : getTaps(interpolation, axis, at);
    for (int64_t o = 0; o < to.outer; ++o)
      for (int64_t n = 0; n < to.inner; ++n) {
        double sum = isLost ? *extrapolation : 0;
        for (const Tap &tap : taps)
          sum += tap.weight * x.reals()[from.offset(o, tap.index, n)];
        y.mutableReals()[to.offset(o, i, n)] = sum;
      }
  }
  return y;
}

LogicalResult interpolate(Call &call, ArrayRef<Axis> axes, ArrayRef<int64_t> shape, StringRef coordinates, bool isCubic) {
  if (failed(call.checkShape(shape)))
    return failure();
  Type type = call[0].elementType;
  Interpolation interpolation{isCubic, call.node.getInt("exclude_outside", 0) != 0, call.node.getInt("antialias", 0) != 0,
                              call.node.getFloat("cubic_coeff_a", -0.75)};
  bool crops = coordinates == "tf_crop_and_resize";
  std::optional<double> extrapolation = crops ? std::optional(call.node.getFloat("extrapolation_value", 0)) : std::nullopt;
  Tensor y{Float64Type::get(type.getContext()), call[0].shape, toReals(call[0])};
  for (auto [d, axis] : llvm::enumerate(axes))
    if (axis.input != axis.output || axis.scale != 1 || (crops && (axis.start != 0 || axis.end != 1)))
      y = resample(y, d, axis, coordinates, interpolation, extrapolation);
  y.elementType = type;
  if (!isa<FloatType>(type)) {
    Tensor integers = makeTensor(type, y.shape);
    llvm::transform(y.reals(), integers.mutableIntegers().begin(), [=](double v) { return wrapToType(type, truncate(std::nearbyint(v))); });
    y = std::move(integers);
  }
  call.results.push_back(std::move(y));
  return success();
}

} // namespace bn::reference
