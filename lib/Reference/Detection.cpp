// Detection.cpp - NonMaxSuppression, RoiAlign and MaxRoiPool: ONNX category object_detection.
// SPDX-License-Identifier: Apache-2.0

#include "Operator.h"

#include <cmath>
#include <numeric>

using namespace mlir;

namespace bn::reference {

//===----------------------------------------------------------------------===//
// NonMaxSuppression
//===----------------------------------------------------------------------===//

namespace {
struct Box {
  double top, left, bottom, right;
  double area() const { return (bottom - top) * (right - left); }
};
} // namespace

/// Boxes come by two corners in any order, or by centre and size.
static Box readBox(const double *b, bool isCentred) {
  if (isCentred)
    return {b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2};
  return {std::min(b[0], b[2]), std::min(b[1], b[3]), std::max(b[0], b[2]), std::max(b[1], b[3])};
}

static double overlap(const Box &a, const Box &b) {
  double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top), width = std::min(a.right, b.right) - std::max(a.left, b.left);
  if (height <= 0 || width <= 0)
    return 0;
  return height * width / (a.area() + b.area() - height * width);
}

/// The boxes of one class that survive, best first; a box goes when it overlaps with a better one.
static SmallVector<int64_t> suppress(ArrayRef<Box> boxes, const double *scores, int64_t most, double maxOverlap,
                                     std::optional<double> minScore) {
  SmallVector<int64_t> order, kept;
  for (int64_t i = 0; i < static_cast<int64_t>(boxes.size()); ++i)
    if (!minScore || scores[i] > *minScore)
      order.push_back(i);
  llvm::stable_sort(order, [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  for (int64_t i : order) {
    if (static_cast<int64_t>(kept.size()) >= most)
      break;
    if (llvm::none_of(kept, [&](int64_t better) { return overlap(boxes[i], boxes[better]) > maxOverlap; }))
      kept.push_back(i);
  }
  return kept;
}

static LogicalResult nonMaxSuppression(Call &call) {
  const Tensor &boxes = call[0], &scores = call[1];
  if (boxes.shape.size() != 3 || boxes.shape[2] != 4 || scores.shape.size() != 3 || scores.shape[0] != boxes.shape[0] ||
      scores.shape[2] != boxes.shape[1])
    return call.error() << "expected boxes N×B×4 and scores N×C×B, got " << boxes.getType() << " and " << scores.getType();
  FailureOr<int64_t> most = call.get(2) ? call.getInteger(2) : 0;
  FailureOr<double> maxOverlap = call.get(3) ? call.getReal(3) : 0.0, minScore = call.get(4) ? call.getReal(4) : 0.0;
  if (failed(most) || failed(maxOverlap) || failed(minScore))
    return failure();
  std::vector<int64_t> selected;
  std::vector<Box> own(boxes.shape[1]);
  for (int64_t n = 0; n < scores.shape[0]; ++n) {
    for (size_t i = 0; i < own.size(); ++i)
      own[i] = readBox(boxes.reals().data() + (n * own.size() + i) * 4, call.node.getInt("center_point_box", 0));
    for (int64_t c = 0; c < scores.shape[1]; ++c)
      for (int64_t i : suppress(own, scores.reals().data() + (n * scores.shape[1] + c) * own.size(), *most, *maxOverlap,
                                call.get(4) ? std::optional<double>(*minScore) : std::nullopt))
        selected.insert(selected.end(), {n, c, i});
  }
  Tensor *y = call.addResult(IntegerType::get(call.node->getContext(), 64), {static_cast<int64_t>(selected.size() / 3), 3});
  if (y)
    y->mutableIntegers() = std::move(selected);
  return success(y);
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

/// The four pixels around a point with their weights; zero outside of the image, its border up to one pixel off.
template <typename Combine>
static double readBetween(const double *image, int64_t height, int64_t width, double y, double x, Combine combine) {
  if (y < -1 || y > height || x < -1 || x > width)
    return 0;
  y = std::max(y, 0.0);
  x = std::max(x, 0.0);
  int64_t top = std::min<int64_t>(y, height - 1), left = std::min<int64_t>(x, width - 1);
  int64_t bottom = std::min(top + 1, height - 1), right = std::min(left + 1, width - 1);
  double down = top == height - 1 ? 0 : y - top, across = left == width - 1 ? 0 : x - left;
  return combine(image[top * width + left] * (1 - down) * (1 - across), image[top * width + right] * (1 - down) * across,
                 image[bottom * width + left] * down * (1 - across), image[bottom * width + right] * down * across);
}

static LogicalResult roiAlign(Call &call) {
  const Tensor &x = call[0], &rois = call[1], &batch = call[2];
  if (x.shape.size() != 4 || rois.shape.size() != 2 || rois.shape[1] != 4 || batch.getNumElements() != rois.shape[0])
    return call.error() << "expected images N×C×H×W and boxes R×4, got " << x.getType() << " and " << rois.getType();
  int64_t channels = x.shape[1], height = x.shape[2], width = x.shape[3];
  int64_t outHeight = call.node.getInt("output_height", 1), outWidth = call.node.getInt("output_width", 1);
  int64_t samples = call.node.getInt("sampling_ratio", 0);
  double scale = call.node.getFloat("spatial_scale", 1);
  bool isMax = call.node.getString("mode", "avg") == "max";
  bool isHalfPixel = call.version() >= 16 && call.node.getString("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  Tensor *y = call.addResult(x.elementType, {rois.shape[0], channels, outHeight, outWidth});
  if (!y)
    return failure();
  for (int64_t index : batch.integers())
    if (index < 0 || index >= x.shape[0])
      return call.error() << "expected image indices below " << x.shape[0] << ", got " << index;
  forEachIndex(y->shape, [&](ArrayRef<int64_t> i) {
    const double *roi = rois.reals().data() + i[0] * 4, shift = isHalfPixel ? 0.5 : 0;
    double left = roi[0] * scale - shift, top = roi[1] * scale - shift, w = roi[2] * scale - shift - left, h = roi[3] * scale - shift - top;
    if (!isHalfPixel) {
      w = std::max(w, 1.0);
      h = std::max(h, 1.0);
    }
    double binHeight = h / outHeight, binWidth = w / outWidth;
    int64_t rows = samples > 0 ? samples : std::ceil(binHeight), columns = samples > 0 ? samples : std::ceil(binWidth);
    const double *image = x.reals().data() + (batch.integers()[i[0]] * channels + i[1]) * height * width;
    double sum = 0, largest = -INFINITY;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) {
        double py = top + (i[2] + (r + 0.5) / rows) * binHeight, px = left + (i[3] + (c + 0.5) / columns) * binWidth;
        sum += readBetween(image, height, width, py, px, [](double a, double b, double c, double d) { return a + b + c + d; });
        largest = std::max(largest, readBetween(image, height, width, py, px,
                                                [](double a, double b, double c, double d) { return std::max({a, b, c, d}); }));
      }
    int64_t count = std::max<int64_t>(rows * columns, 1);
    y->mutableReals()[dot(i, getStrides(y->shape))] = isMax ? (rows * columns ? largest : 0) : sum / count;
  });
  return success();
}

/// The largest element of each bin. Boxes are (image, left, top, right, bottom), rounded to whole elements, ends included; bins that
/// lie outside the image are 0.
static LogicalResult maxRoiPool(Call &call) {
  const Tensor &x = call[0], &rois = call[1];
  std::optional<ArrayRef<int64_t>> pooled = call.node.getInts("pooled_shape");
  if (x.shape.size() != 4 || rois.shape.size() != 2 || rois.shape[1] != 5 || !pooled || pooled->size() != 2)
    return call.error() << "expected images N×C×H×W, boxes R×5 and a shape of two sizes, got " << x.getType() << " and " << rois.getType();
  double scale = call.node.getFloat("spatial_scale", 1);
  Tensor *y = call.addResult(x.elementType, {rois.shape[0], x.shape[1], (*pooled)[0], (*pooled)[1]});
  if (!y)
    return failure();
  for (int64_t r = 0; r < rois.shape[0]; ++r)
    if (double image = rois.reals()[r * 5]; !(image >= 0 && image < x.shape[0]))
      return call.error() << "expected image indices below " << x.shape[0] << ", got " << image;
  Dims strides = getStrides(x.shape);
  size_t next = 0;
  forEachIndex(y->shape, [&](ArrayRef<int64_t> i) {
    const double *roi = rois.reals().data() + i[0] * 5;
    int64_t first[2], last[2];
    for (int64_t d : {0, 1}) { // rows, columns
      double low = std::round(roi[2 - d] * scale), bin = std::max(std::round(roi[4 - d] * scale) - low + 1, 1.0) / (*pooled)[d];
      double size = x.shape[2 + d];
      first[d] = std::clamp(std::floor(i[2 + d] * bin) + low, 0.0, size);
      last[d] = std::clamp(std::ceil((i[2 + d] + 1) * bin) + low, 0.0, size);
    }
    double largest = first[0] < last[0] && first[1] < last[1] ? -INFINITY : 0;
    for (int64_t row = first[0]; row < last[0]; ++row)
      for (int64_t column = first[1]; column < last[1]; ++column)
        largest = std::max(largest, x.reals()[dot({static_cast<int64_t>(roi[0]), i[1], row, column}, strides)]);
    y->mutableReals()[next++] = largest;
  });
  return success();
}

ArrayRef<Operator> getDetections() {
  static constexpr Operator table[] = {
      {"MaxRoiPool", "real real", maxRoiPool},
      {"NonMaxSuppression", "real real integer? real? real?", nonMaxSuppression},
      {"RoiAlign", "real real integer", roiAlign},
  };
  return table;
}

} // namespace bn::reference
