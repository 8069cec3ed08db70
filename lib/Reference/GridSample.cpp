// GridSample.cpp - GridSample: reads images at computed places.
// SPDX-License-Identifier: Apache-2.0
//
// A place of the grid is between -1 and 1 along each spatial axis, innermost axis first. It becomes a place in pixels, where
// neighbours are weighted: all 2^d (linear) or 4^d (cubic) of them, or the nearest. What lies outside is padding.

#include "Operator.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

namespace {
/// How a node samples.
struct Sampling {
  enum Mode { Nearest, Linear, Cubic } mode;
  enum Padding { Zeros, Border, Reflection } padding;
  bool alignCorners;

  double toPixels(double x, int64_t size) const { return alignCorners ? (x + 1) / 2 * (size - 1) : ((x + 1) * size - 1) / 2; }
};

/// A pixel along one axis and its weight.
struct Tap {
  int64_t place;
  double weight;
};
} // namespace

/// x mirrored at both ends until it lies between them.
static double reflect(double x, double low, double high) {
  double range = high - low;
  if (range <= 0)
    return low;
  double distance = std::fmod(std::fabs(x - low), 2 * range);
  return low + (distance > range ? 2 * range - distance : distance);
}

/// The pixel that stands for `i`, which may lie outside; -1 for a zero.
static int64_t findPixel(const Sampling &sampling, int64_t i, int64_t size) {
  if (i >= 0 && i < size)
    return i;
  if (sampling.padding == Sampling::Zeros)
    return -1;
  if (sampling.padding == Sampling::Border)
    return std::clamp<int64_t>(i, 0, size - 1);
  double place = sampling.alignCorners ? reflect(i, 0, size - 1) : reflect(i, -0.5, size - 0.5);
  return std::clamp<int64_t>(std::llround(place), 0, size - 1);
}

/// Keys' cubic with a = -0.75.
static double cubicWeight(double distance) {
  constexpr double a = -0.75;
  double t = std::fabs(distance);
  if (t <= 1)
    return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

static SmallVector<Tap, 4> getTaps(const Sampling &sampling, double x, int64_t size) {
  double place = sampling.toPixels(x, size);
  if (sampling.mode != Sampling::Cubic && sampling.padding == Sampling::Border)
    place = std::clamp<double>(place, 0, size - 1);
  if (sampling.mode != Sampling::Cubic && sampling.padding == Sampling::Reflection)
    place = std::clamp<double>(sampling.alignCorners ? reflect(place, 0, size - 1) : reflect(place, -0.5, size - 0.5), 0, size - 1);
  if (!(std::fabs(place) < 1e9)) // far away, or no number
    return {};
  auto tap = [&](int64_t i, double weight) { return Tap{findPixel(sampling, i, size), weight}; };
  if (sampling.mode == Sampling::Nearest)
    return {tap(static_cast<int64_t>(std::nearbyint(place)), 1)};
  int64_t floor = static_cast<int64_t>(std::floor(place));
  double fraction = place - floor;
  if (sampling.mode == Sampling::Linear)
    return {tap(floor, 1 - fraction), tap(floor + 1, fraction)};
  SmallVector<Tap, 4> taps;
  for (int64_t i = -1; i <= 2; ++i)
    taps.push_back(tap(floor + i, cubicWeight(fraction - i)));
  return taps;
}

/// The weighted sum over the product of the taps of all axes.
static double sample(ArrayRef<SmallVector<Tap, 4>> taps, ArrayRef<int64_t> shape, const double *image) {
  if (taps.empty())
    return *image;
  int64_t stride = countElements(shape.drop_front());
  double sum = 0;
  for (const Tap &tap : taps.front())
    if (tap.place >= 0)
      sum += tap.weight * sample(taps.drop_front(), shape.drop_front(), image + tap.place * stride);
  return sum;
}

static FailureOr<Sampling> readSampling(const Call &call) {
  StringRef mode = call.node.getString("mode", "linear"), padding = call.node.getString("padding_mode", "zeros");
  Sampling sampling;
  if (mode != "nearest" && !mode.ends_with("linear") && !mode.ends_with("cubic"))
    return call.error() << "expected a 'mode' of the standard, got '" << mode << "'";
  if (padding != "zeros" && padding != "border" && padding != "reflection")
    return call.error() << "expected a 'padding_mode' of the standard, got '" << padding << "'";
  sampling.mode = mode == "nearest" ? Sampling::Nearest : mode.ends_with("cubic") ? Sampling::Cubic : Sampling::Linear;
  sampling.padding = padding == "zeros" ? Sampling::Zeros : padding == "border" ? Sampling::Border : Sampling::Reflection;
  sampling.alignCorners = call.node.getInt("align_corners", 0);
  return sampling;
}

static LogicalResult gridSample(Call &call) {
  const Tensor &x = call[0], &grid = call[1];
  FailureOr<Sampling> sampling = readSampling(call);
  if (failed(sampling))
    return failure();
  int64_t axes = static_cast<int64_t>(x.shape.size()) - 2;
  if (axes < 1 || grid.shape.size() != x.shape.size() || grid.shape.back() != axes || grid.shape[0] != x.shape[0])
    return call.error() << "expected images N×C×… and a grid N×…×" << axes << ", got " << x.getType() << " and " << grid.getType();
  ArrayRef<int64_t> spatial = ArrayRef(x.shape).drop_front(2);
  Dims shape{x.shape[0], x.shape[1]};
  llvm::append_range(shape, ArrayRef(grid.shape).drop_front().drop_back());
  Tensor *y = call.addResult(x.elementType, shape);
  if (!y)
    return failure();
  if (llvm::is_contained(spatial, 0))
    return success();
  int64_t places = countElements(ArrayRef(shape).drop_front(2)), pixels = countElements(spatial);
  std::vector<SmallVector<Tap, 4>> taps(axes);
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t p = 0; p < places; ++p) {
      for (int64_t d = 0; d < axes; ++d)
        taps[d] = getTaps(*sampling, grid.reals()[(n * places + p) * axes + axes - 1 - d], spatial[d]);
      for (int64_t c = 0; c < shape[1]; ++c)
        y->mutableReals()[(n * shape[1] + c) * places + p] = sample(taps, spatial, x.reals().data() + (n * shape[1] + c) * pixels);
    }
  return success();
}

/// The places from -1 to 1 of the pixels' centers, or of the outermost pixels with `align_corners`.
static double getCenter(int64_t i, int64_t size, bool alignCorners) {
  if (alignCorners)
    return size > 1 ? 2.0 * i / (size - 1) - 1 : -1;
  return (2.0 * i + 1) / size - 1;
}

/// The places of all pixels of an image, x first, moved by an affine transform per image.
static LogicalResult affineGrid(Call &call) {
  const Tensor &theta = call[0];
  ArrayRef<int64_t> size = call[1].integers();
  int64_t axes = static_cast<int64_t>(size.size()) - 2;
  if (axes < 1 || ArrayRef(theta.shape) != ArrayRef<int64_t>({size[0], axes, axes + 1}))
    return call.error() << "expected transforms N×d×(d + 1) for a size of 2 + d numbers, got " << theta.getType() << " for " << size.size();
  Dims shape{size[0]};
  llvm::append_range(shape, size.drop_front(2));
  shape.push_back(axes);
  Tensor *y = call.addResult(theta.elementType, shape);
  if (!y)
    return failure();
  bool alignCorners = call.node.getInt("align_corners", 0);
  size_t next = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    const double *row = theta.reals().data() + (index[0] * axes + index.back()) * (axes + 1);
    double sum = row[axes];
    for (int64_t d = 0; d < axes; ++d)
      sum += row[d] * getCenter(index[axes - d], shape[axes - d], alignCorners);
    y->mutableReals()[next++] = sum;
  });
  return success();
}

ArrayRef<Operator> getGridSamples() {
  static constexpr Operator table[] = {{"AffineGrid", "real integer", affineGrid}, {"GridSample", "real real", gridSample}};
  return table;
}

} // namespace bn::reference
