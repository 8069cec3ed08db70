// Resize.cpp - Resize and Upsample: every mode, coordinate transformation and version.
// SPDX-License-Identifier: Apache-2.0
//
// Resampling is separable: each dimension maps an output index to a real coordinate of the input, and the coordinate to
// weighted taps. Linear and cubic differ in the kernel only; antialiasing stretches it.

#include "Convert.h"
#include "Select.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

namespace {
/// One dimension of the request.
struct Axis {
  int64_t input, output;
  double length;                        ///< the output's size before rounding
  double scale = 1, start = 0, end = 1; ///< start and end are the region of interest
};

struct Tap {
  int64_t index;
  double weight;
};
} // namespace

//===----------------------------------------------------------------------===//
// The request
//===----------------------------------------------------------------------===//

/// Output sizes from factors; the product is rounded as in the factors' own type, float32.
static LogicalResult applyScales(Call &call, MutableArrayRef<Axis> axes, ArrayRef<int64_t> dims, ArrayRef<double> scales) {
  if (scales.size() != dims.size())
    return call.error() << "expected " << dims.size() << " scales, got " << scales.size();
  bool crops = call.node.getString("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize";
  for (auto [d, scale] : llvm::zip_equal(dims, scales)) {
    Axis &axis = axes[d];
    float size = static_cast<float>(axis.input) * static_cast<float>(scale) * static_cast<float>(crops ? axis.end - axis.start : 1);
    if (!(scale > 0) || !(size < 0x1p31f))
      return call.error() << "expected positive scales that fit, got " << scale;
    axis.scale = scale, axis.length = scale * static_cast<double>(axis.input), axis.output = static_cast<int64_t>(std::floor(size));
  }
  return success();
}

static LogicalResult applySizes(Call &call, MutableArrayRef<Axis> axes, ArrayRef<int64_t> dims, ArrayRef<int64_t> sizes) {
  if (sizes.size() != dims.size())
    return call.error() << "expected " << dims.size() << " sizes, got " << sizes.size();
  StringRef policy = call.node.getString("keep_aspect_ratio_policy", "stretch");
  double common = policy == "not_smaller" ? 0 : INFINITY;
  for (auto [d, size] : llvm::zip_equal(dims, sizes)) {
    if (size < 0 || size > int64_t(1) << 31 || axes[d].input == 0)
      return call.error() << "expected sizes that fit inputs that are not empty, got " << size;
    axes[d].output = size, axes[d].length = static_cast<double>(size);
    axes[d].scale = static_cast<double>(size) / static_cast<double>(axes[d].input);
    common = policy == "not_smaller" ? std::max(common, axes[d].scale) : std::min(common, axes[d].scale);
  }
  for (int64_t d : dims)
    if (policy != "stretch")
      axes[d].scale = common, axes[d].length = common * static_cast<double>(axes[d].input),
      axes[d].output = static_cast<int64_t>(std::floor(axes[d].length + 0.5));
  return success();
}

/// The factors of an Upsample node: an input, an attribute, or height and width.
static std::vector<double> getUpsampleScales(Call &call) {
  if (call.get(1))
    return toReals(call[1]);
  if (auto scales = dyn_cast_or_null<DenseF32ArrayAttr>(call.node.getNodeAttr("scales")))
    return std::vector<double>(scales.asArrayRef().begin(), scales.asArrayRef().end());
  return {1, 1, call.node.getFloat("height_scale", 1), call.node.getFloat("width_scale", 1)};
}

/// Reads region, factors and sizes of Resize from version 11 on.
static LogicalResult applyRequest(Call &call, MutableArrayRef<Axis> axes, ArrayRef<int64_t> dims) {
  const Tensor *roi = call.get(1), *scales = call.get(2), *sizes = call.get(3);
  if (roi && roi->reals().size() == 2 * dims.size())
    for (auto [i, d] : llvm::enumerate(dims))
      axes[d].start = roi->reals()[i], axes[d].end = roi->reals()[dims.size() + i];
  if (sizes && sizes->getNumElements() > 0)
    return applySizes(call, axes, dims, sizes->integers());
  if (!scales)
    return call.error() << "expected scales or sizes, got none";
  return applyScales(call, axes, dims, scales->reals());
}

//===----------------------------------------------------------------------===//
// Coordinates and taps
//===----------------------------------------------------------------------===//

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

static LogicalResult resizeNearest(Call &call, ArrayRef<Axis> axes, ArrayRef<int64_t> shape, StringRef coordinates, StringRef rounding) {
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

static LogicalResult interpolate(Call &call, ArrayRef<Axis> axes, ArrayRef<int64_t> shape, StringRef coordinates, bool isCubic) {
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

/// Dispatches on the mode, for a request whose axes are known.
static LogicalResult run(Call &call, ArrayRef<Axis> axes, StringRef coordinates, StringRef rounding) {
  Dims shape = llvm::map_to_vector<6>(axes, [](const Axis &axis) { return axis.output; });
  if (failed(call.checkShape(shape)))
    return failure();
  for (const Axis &axis : axes)
    if (axis.input == 0 && axis.output != 0)
      return call.error() << "expected an input that is not empty, got " << call[0].getType();
  StringRef mode = call.node.getString("mode", "nearest");
  if (mode == "nearest")
    return resizeNearest(call, axes, shape, coordinates, rounding);
  if (mode != "linear" && mode != "bilinear" && mode != "cubic")
    return call.error() << "expected 'mode' nearest, linear or cubic, got '" << mode << "'";
  return interpolate(call, axes, shape, coordinates, mode == "cubic");
}

static SmallVector<Axis> getAxes(Call &call) {
  return llvm::map_to_vector(call[0].shape, [](int64_t size) { return Axis{size, size, static_cast<double>(size)}; });
}

/// Resize before version 11 and Upsample: factors only, x / scale, rounded down.
static LogicalResult upsample(Call &call) {
  SmallVector<Axis> axes = getAxes(call);
  Dims dims;
  for (size_t d = 0; d < axes.size(); ++d)
    dims.push_back(d);
  if (failed(applyScales(call, axes, dims, getUpsampleScales(call))))
    return failure();
  return run(call, axes, "asymmetric", "floor");
}

static LogicalResult resize(Call &call) {
  if (call.version() < 11)
    return upsample(call);
  SmallVector<Axis> axes = getAxes(call);
  Dims dims;
  for (size_t d = 0; d < axes.size(); ++d)
    dims.push_back(d);
  if (std::optional<ArrayRef<int64_t>> given = call.node.getInts("axes")) {
    if (failed(call.getAxes(*given, axes.size())))
      return failure();
    dims.assign(given->begin(), given->end()); // in the order of the lists that go with them
    for (int64_t &d : dims)
      d += d < 0 ? axes.size() : 0;
  }
  if (failed(applyRequest(call, axes, dims)))
    return failure();
  return run(call, axes, call.node.getString("coordinate_transformation_mode", "half_pixel"),
             call.node.getString("nearest_mode", "round_prefer_floor"));
}

ArrayRef<Operator> getResizes() {
  static constexpr Operator table[] = {{"Resize", "any real? real? integer?", resize}, {"Upsample", "any real?", upsample}};
  return table;
}

} // namespace bn::reference
