// Resize.cpp - Resize and Upsample: every mode, coordinate transformation and version.
// SPDX-License-Identifier: Apache-2.0
//
// What a node asks for, dimension by dimension; Resample.cpp does it.

#include "Convert.h"
#include "Resample.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

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
// Operators
//===----------------------------------------------------------------------===//

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
