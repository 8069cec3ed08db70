// Patches.cpp - Col2Im and DeformConv: patches of images that are added up, or taken from moved places.
// SPDX-License-Identifier: Apache-2.0

#include "Window.h"

#include <cmath>

using namespace mlir;

namespace bn::reference {

/// The list attribute, or `count` times the default.
static Dims getList(const Call &call, StringRef name, size_t count, int64_t fallback) {
  std::optional<ArrayRef<int64_t>> given = call.node.getInts(name);
  return given && given->size() == count ? Dims(*given) : Dims(count, fallback);
}

/// N×(C·∏block)×L columns, each a patch of the image N×C×…; where patches overlap they add up.
static LogicalResult col2Im(Call &call) {
  const Tensor &columns = call[0];
  ArrayRef<int64_t> image = call[1].integers(), block = call[2].integers();
  size_t rank = image.size();
  Dims strides = getList(call, "strides", rank, 1), dilations = getList(call, "dilations", rank, 1);
  Dims pads = getList(call, "pads", 2 * rank, 0);
  Dims counts;
  for (size_t d = 0; d < rank && block.size() == rank; ++d)
    counts.push_back((image[d] + pads[d] + pads[d + rank] - (block[d] - 1) * dilations[d] - 1) / strides[d] + 1);
  int64_t taps = countElements(block), places = countElements(counts);
  if (counts.size() != rank || columns.shape.size() != 3 || taps < 1 || columns.shape[1] % taps || columns.shape[2] != places)
    return call.error() << "expected columns N×C·" << taps << "×" << places << ", got " << columns.getType();
  int64_t channels = columns.shape[1] / taps, next = 0;
  Dims shape{columns.shape[0], channels};
  llvm::append_range(shape, image);
  Tensor *y = call.addResult(columns.elementType, shape);
  if (!y)
    return failure();
  Dims steps = getStrides(shape), all{shape[0], channels};
  llvm::append_range(all, block);
  llvm::append_range(all, counts);
  forEachIndex(all, [&](ArrayRef<int64_t> i) {
    double value = columns.reals()[next++];
    int64_t offset = i[0] * steps[0] + i[1] * steps[1];
    for (size_t d = 0; d < rank; ++d) {
      int64_t at = i[2 + rank + d] * strides[d] - pads[d] + i[2 + d] * dilations[d];
      if (at < 0 || at >= image[d])
        return;
      offset += at * steps[2 + d];
    }
    y->mutableReals()[offset] += value;
  });
  return success();
}

/// The value between four pixels; what is outside of the image is zero.
static double sampleLinearly(const double *image, int64_t height, int64_t width, double y, double x) {
  int64_t top = std::floor(y), left = std::floor(x);
  double sum = 0;
  for (int64_t r : {top, top + 1})
    for (int64_t c : {left, left + 1})
      if (r >= 0 && r < height && c >= 0 && c < width)
        sum += image[r * width + c] * (1 - std::abs(y - r)) * (1 - std::abs(x - c));
  return sum;
}

/// A convolution each of whose taps is moved by an offset of its own, per place, and weighted by a mask.
static LogicalResult deformConv(Call &call) {
  const Tensor &x = call[0], &weights = call[1], &offsets = call[2];
  if (x.shape.size() != 4)
    return call.unsupported() << "the interpreter supports two spatial dimensions, not those of " << x.getType();
  if (weights.shape.size() != 4 || offsets.shape.size() != 4)
    return call.error() << "expected weights and offsets of rank 4, got " << weights.getType() << " and " << offsets.getType();
  FailureOr<Window> window = readWindow(call, ArrayRef(weights.shape).drop_front(2));
  if (failed(window))
    return failure();
  ArrayRef<int64_t> out = ArrayRef(offsets.shape).drop_front(2);
  int64_t groups = call.node.getInt("group", 1), offsetGroups = call.node.getInt("offset_group", 1);
  int64_t height = x.shape[2], width = x.shape[3];
  int64_t kernel = countElements(window->kernel), perGroup = weights.shape[1], filters = weights.shape[0], channels = x.shape[1];
  if (groups < 1 || offsetGroups < 1 || channels != perGroup * groups || filters % groups || channels % offsetGroups ||
      offsets.shape[1] != offsetGroups * kernel * 2)
    return call.error() << "expected weights and offsets for " << channels << " channels, got " << weights.getType() << " and "
                        << offsets.getType();
  Tensor *y = call.addResult(x.elementType, {x.shape[0], filters, out[0], out[1]});
  if (!y)
    return failure();
  auto at = [&](const Tensor &t, int64_t n, int64_t c, ArrayRef<int64_t> i) {
    return t.reals()[((n * t.shape[1] + c) * out[0] + i[2]) * out[1] + i[3]];
  };
  size_t next = 0;
  forEachIndex(y->shape, [&](ArrayRef<int64_t> i) {
    double sum = call.get(3) ? call[3].reals()[i[1]] : 0;
    for (int64_t c = 0; c < perGroup; ++c) {
      int64_t channel = i[1] / (filters / groups) * perGroup + c, group = channel / (channels / offsetGroups);
      for (int64_t k = 0; k < kernel; ++k) {
        int64_t tap = group * kernel + k, row = k / window->kernel[1], column = k % window->kernel[1];
        double py = i[2] * window->strides[0] - window->padsBegin[0] + row * window->dilations[0] + at(offsets, i[0], 2 * tap, i);
        double px = i[3] * window->strides[1] - window->padsBegin[1] + column * window->dilations[1] + at(offsets, i[0], 2 * tap + 1, i);
        double value = sampleLinearly(x.reals().data() + (i[0] * channels + channel) * height * width, height, width, py, px);
        sum += value * weights.reals()[(i[1] * perGroup + c) * kernel + k] * (call.get(4) ? at(call[4], i[0], tap, i) : 1);
      }
    }
    y->mutableReals()[next++] = sum;
  });
  return success();
}

ArrayRef<Operator> getPatches() {
  static constexpr Operator table[] = {
      {"Col2Im", "real integer integer", col2Im},
      {"DeformConv", "real real real real? real?", deformConv},
  };
  return table;
}

} // namespace bn::reference
