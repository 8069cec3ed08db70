// StoredDetection.cpp - NonMaxSuppression, RoiAlign and MaxRoiPool on stored floats.
// SPDX-License-Identifier: Apache-2.0

#include "StoredCall.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace bn::reference {

//===----------------------------------------------------------------------===//
// NonMaxSuppression
//===----------------------------------------------------------------------===//

namespace {
struct Box {
  double top, left, bottom, right, area;
};
} // namespace

/// Boxes come by two corners in any order, or by centre and size.
static Box readBox(const float *given, bool isCentred) {
  double b[4] = {given[0], given[1], given[2], given[3]};
  Box box;
  if (isCentred)
    box = {b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2, 0};
  else
    box = {std::min(b[0], b[2]), std::min(b[1], b[3]), std::max(b[0], b[2]), std::max(b[1], b[3]), 0};
  box.area = (box.bottom - box.top) * (box.right - box.left);
  return box;
}

/// Whether the common part of two boxes is more than so much of both.
static bool overlaps(const Box &a, const Box &b, double most) {
  double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top), width = std::min(a.right, b.right) - std::max(a.left, b.left);
  if (height <= 0 || width <= 0)
    return 0 > most;
  return height * width / (a.area + b.area - height * width) > most;
}

/// Appends (n, c, box) for the boxes of one class that survive, best first.
static void suppress(const float *boxes, bool isCentred, ArrayRef<float> scores, int64_t most, double maxOverlap,
                     std::optional<float> minScore, int64_t n, int64_t c, std::vector<int64_t> &selected) {
  // The key of a score above, the place below: the larger number comes first.
  std::vector<uint64_t> order;
  for (auto [i, score] : llvm::enumerate(scores))
    if (!minScore || score > *minScore)
      order.push_back(uint64_t(orderKey(score)) << 32 | (0xffffffffu - static_cast<uint32_t>(i)));
  std::make_heap(order.begin(), order.end());
  std::vector<Box> kept;
  for (auto end = order.end(); end != order.begin() && static_cast<int64_t>(kept.size()) < most; --end) {
    std::pop_heap(order.begin(), end);
    int64_t i = 0xffffffffu - static_cast<uint32_t>(end[-1]);
    Box box = readBox(boxes + i * 4, isCentred);
    if (llvm::any_of(kept, [&](const Box &better) { return overlaps(box, better, maxOverlap); }))
      continue;
    kept.push_back(box);
    selected.insert(selected.end(), {n, c, i});
  }
}

bool storedNonMaxSuppression(StoredCall &call) {
  ArrayRef<int64_t> boxes = call.shape(0), scores = call.shape(1);
  if (!call.element(0).isF32() || !call.element(1).isF32() || boxes.size() != 3 || boxes[2] != 4 || scores.size() != 3 ||
      scores[0] != boxes[0] || scores[2] != boxes[1])
    return false;
  std::optional<int64_t> most = call.has(2) ? call.scalar<int64_t>(2) : 0;
  std::optional<float> maxOverlap = call.has(3) ? call.scalar<float>(3) : 0.0f, minScore = call.has(4) ? call.scalar<float>(4) : 0.0f;
  if (!most || !maxOverlap || !minScore)
    return false;
  if (!call.has(4))
    minScore.reset();
  for (float score : ArrayRef(call.data<float>(1), countElements(scores)))
    if (score != score) // has no place in an order
      return false;
  std::vector<int64_t> selected;
  for (int64_t n = 0; n < scores[0]; ++n)
    for (int64_t c = 0; c < scores[1]; ++c) {
      ArrayRef<float> own(call.data<float>(1) + (n * scores[1] + c) * scores[2], scores[2]);
      suppress(call.data<float>(0) + n * boxes[1] * 4, call.node.getInt("center_point_box", 0), own, *most, *maxOverlap, minScore, n, c,
               selected);
    }
  llvm::copy(selected, call.addPlaces({static_cast<int64_t>(selected.size() / 3), 3}));
  return true;
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

namespace {
/// A point between four pixels.
struct Sample {
  int32_t places[4];
  float weights[4];
};
} // namespace

/// Zero outside of the image, its border up to one pixel off.
static Sample makeSample(int64_t height, int64_t width, double y, double x) {
  if (y < -1 || y > height || x < -1 || x > width)
    return {};
  y = std::max(y, 0.0);
  x = std::max(x, 0.0);
  int64_t top = std::min<int64_t>(y, height - 1), left = std::min<int64_t>(x, width - 1);
  int64_t bottom = std::min(top + 1, height - 1), right = std::min(left + 1, width - 1);
  double down = top == height - 1 ? 0 : y - top, across = left == width - 1 ? 0 : x - left;
  auto at = [&](int64_t row, int64_t column) { return static_cast<int32_t>(row * width + column); };
  auto weight = [](double value) { return static_cast<float>(value); };
  return {{at(top, left), at(top, right), at(bottom, left), at(bottom, right)},
          {weight((1 - down) * (1 - across)), weight((1 - down) * across), weight(down * (1 - across)), weight(down * across)}};
}

/// The samples of one bin, combined.
static float combine(const float *image, ArrayRef<Sample> samples, bool isMax) {
  if (samples.empty())
    return 0;
  float sum = 0, largest = -INFINITY;
  for (const Sample &s : samples) {
    float parts[4];
    for (int i = 0; i < 4; ++i)
      parts[i] = image[s.places[i]] * s.weights[i];
    sum += parts[0] + parts[1] + parts[2] + parts[3];
    if (isMax)
      largest = std::max({largest, parts[0], parts[1], parts[2], parts[3]});
  }
  return isMax ? largest : sum / samples.size();
}

bool storedRoiAlign(StoredCall &call) {
  ArrayRef<int64_t> x = call.shape(0), rois = call.shape(1);
  if (!call.element(0).isF32() || !call.element(1).isF32() || !call.element(2).isInteger(64) || x.size() != 4 || rois.size() != 2 ||
      rois[1] != 4 || countElements(call.shape(2)) != rois[0])
    return false;
  int64_t channels = x[1], height = x[2], width = x[3], samples = call.node.getInt("sampling_ratio", 0);
  int64_t outHeight = call.node.getInt("output_height", 1), outWidth = call.node.getInt("output_width", 1), bins = outHeight * outWidth;
  double scale = call.node.getFloat("spatial_scale", 1);
  bool isMax = call.node.getString("mode", "avg") == "max";
  bool isHalfPixel =
      call.node.getSchemaVersion() >= 16 && call.node.getString("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  const int64_t *batch = call.data<int64_t>(2);
  if (outHeight < 1 || outWidth < 1 || std::any_of(batch, batch + rois[0], [&](int64_t index) { return index < 0 || index >= x[0]; }))
    return false;
  float *out = call.addResult<float>(call.element(0), {rois[0], channels, outHeight, outWidth});
  std::vector<Sample> points;
  for (int64_t r = 0; r < rois[0]; ++r) {
    const float *roi = call.data<float>(1) + r * 4;
    double shift = isHalfPixel ? 0.5 : 0, left = roi[0] * scale - shift, top = roi[1] * scale - shift;
    double w = roi[2] * scale - shift - left, h = roi[3] * scale - shift - top;
    if (!isHalfPixel)
      w = std::max(w, 1.0), h = std::max(h, 1.0);
    double binHeight = h / outHeight, binWidth = w / outWidth;
    if (!(std::abs(binHeight) < 1e6 && std::abs(binWidth) < 1e6))
      return false;
    int64_t rows = samples > 0 ? samples : std::ceil(binHeight), columns = samples > 0 ? samples : std::ceil(binWidth);
    int64_t count = std::max<int64_t>(rows, 0) * std::max<int64_t>(columns, 0);
    points.clear();
    for (int64_t bin = 0; bin < bins; ++bin)
      for (int64_t i = 0; i < count; ++i)
        points.push_back(makeSample(height, width, top + (bin / outWidth + (i / columns + 0.5) / rows) * binHeight,
                                    left + (bin % outWidth + (i % columns + 0.5) / columns) * binWidth));
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t bin = 0; bin < bins; ++bin)
        *out++ = combine(call.data<float>(0) + (batch[r] * channels + c) * height * width,
                         ArrayRef(points).slice(bin * count, count), isMax);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// MaxRoiPool
//===----------------------------------------------------------------------===//

/// The elements of one bin along one axis: boxes are rounded to whole elements, ends included.
static std::pair<int64_t, int64_t> getBin(double begin, double end, int64_t bin, int64_t bins, int64_t size) {
  double low = std::round(begin), each = std::max(std::round(end) - low + 1, 1.0) / bins;
  return {std::clamp<double>(std::floor(bin * each) + low, 0, size), std::clamp<double>(std::ceil((bin + 1) * each) + low, 0, size)};
}

/// The largest element of a box in an image; 0 where the box is empty.
static float findLargest(const float *image, int64_t width, int64_t top, int64_t bottom, int64_t left, int64_t right) {
  float largest = top < bottom && left < right ? -INFINITY : 0;
  for (int64_t row = top; row < bottom; ++row)
    for (int64_t column = left; column < right; ++column)
      largest = std::max(largest, image[row * width + column]);
  return largest;
}

bool storedMaxRoiPool(StoredCall &call) {
  ArrayRef<int64_t> x = call.shape(0), rois = call.shape(1);
  auto pooled = call.node.getInts("pooled_shape");
  if (!call.element(0).isF32() || x.size() != 4 || rois.size() != 2 || rois[1] != 5 || !pooled || pooled->size() != 2)
    return false;
  double scale = call.node.getFloat("spatial_scale", 1);
  for (int64_t r = 0; r < rois[0]; ++r)
    if (float image = call.data<float>(1)[r * 5]; !(image >= 0 && image < x[0]))
      return false;
  float *out = call.addResult<float>(call.element(0), {rois[0], x[1], (*pooled)[0], (*pooled)[1]});
  for (int64_t r = 0; r < rois[0]; ++r) {
    const float *roi = call.data<float>(1) + r * 5;
    SmallVector<std::pair<int64_t, int64_t>> rows, columns;
    for (int64_t i = 0; i < (*pooled)[0]; ++i)
      rows.push_back(getBin(roi[2] * scale, roi[4] * scale, i, (*pooled)[0], x[2]));
    for (int64_t i = 0; i < (*pooled)[1]; ++i)
      columns.push_back(getBin(roi[1] * scale, roi[3] * scale, i, (*pooled)[1], x[3]));
    for (int64_t c = 0; c < x[1]; ++c)
      for (auto [top, bottom] : rows)
        for (auto [left, right] : columns)
          *out++ = findLargest(call.data<float>(0) + (int64_t(roi[0]) * x[1] + c) * x[2] * x[3], x[3], top, bottom, left, right);
  }
  return true;
}

} // namespace bn::reference
