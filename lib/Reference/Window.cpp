// Window.cpp - attributes and geometry of sliding windows.
// SPDX-License-Identifier: Apache-2.0

#include "Window.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace bn::reference {

/// Attributes beyond this are no network's; below it no product of two of them overflows.
static constexpr int64_t maxAttribute = int64_t(1) << 30;

/// The list attribute, or `count` times the default.
static FailureOr<Dims> readList(Call &call, StringRef name, size_t count, int64_t fallback, int64_t least) {
  std::optional<ArrayRef<int64_t>> given = call.node.getInts(name);
  if (!given)
    return Dims(count, fallback);
  if (given->size() != count)
    return call.error() << "expected '" << name << "' to have " << count << " entries, got " << given->size();
  for (int64_t value : *given)
    if (value < least || value > maxAttribute)
      return call.error() << "expected entries of '" << name << "' from " << least << " to " << maxAttribute << ", got " << value;
  return Dims(*given);
}

FailureOr<Window> readWindow(Call &call, ArrayRef<int64_t> kernel) {
  size_t rank = call[0].shape.size() - 2;
  if (kernel.empty() && !call.node.getInts("kernel_shape"))
    return call.error() << "expected 'kernel_shape', got none";
  FailureOr<Dims> kernelShape = readList(call, "kernel_shape", rank, 0, 1), strides = readList(call, "strides", rank, 1, 1),
                  dilations = readList(call, "dilations", rank, 1, 1), pads = readList(call, "pads", 2 * rank, 0, -maxAttribute);
  if (failed(kernelShape) || failed(strides) || failed(dilations) || failed(pads))
    return failure();
  if (!kernel.empty() && call.node.getInts("kernel_shape") && ArrayRef(*kernelShape) != kernel)
    return call.error() << "expected 'kernel_shape' to be that of the weights";
  if (!kernel.empty())
    kernelShape->assign(kernel.begin(), kernel.end());
  return Window{*kernelShape, *strides, *dilations, Dims(ArrayRef(*pads).take_front(rank)), Dims(ArrayRef(*pads).drop_front(rank))};
}

void applyAutoPad(Call &call, Window &window, ArrayRef<int64_t> input) {
  StringRef mode = call.node.getString("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty())
    return;
  for (size_t d = 0; d < input.size(); ++d) {
    int64_t output = llvm::divideCeil(input[d], window.strides[d]);
    int64_t total = std::max<int64_t>(0, (output - 1) * window.strides[d] + window.getExtent(d) - input[d]);
    int64_t begin = mode == "VALID" ? 0 : mode == "SAME_LOWER" ? total - total / 2 : total / 2;
    window.padsBegin[d] = begin;
    window.padsEnd[d] = mode == "VALID" ? 0 : total - begin;
  }
}

FailureOr<Dims> getWindowOutput(Call &call, const Window &window, ArrayRef<int64_t> input, bool ceils) {
  Dims output;
  for (size_t d = 0; d < input.size(); ++d) {
    int64_t stride = window.strides[d], room = input[d] + window.padsBegin[d] + window.padsEnd[d] - window.getExtent(d);
    if (room < 0 && !(ceils && room > -stride))
      return call.error() << "expected at least " << window.getExtent(d) << " elements along spatial dimension " << d << ", got "
                          << room + window.getExtent(d);
    int64_t steps = ceils ? (room + stride - 1) / stride : room / stride;
    if (ceils && steps * stride >= input[d] + window.padsBegin[d])
      --steps;
    output.push_back(steps + 1);
  }
  return output;
}

/// The segments of one tap.
static std::vector<Segment> getTapSegments(const Window &window, ArrayRef<int64_t> tap, ArrayRef<int64_t> input, ArrayRef<int64_t> output) {
  size_t last = input.size() - 1;
  int64_t stride = window.strides[last], shift = tap[last] * window.dilations[last] - window.padsBegin[last];
  int64_t first = shift >= 0 ? 0 : llvm::divideCeil(-shift, stride);
  int64_t room = input[last] - 1 - shift, end = room < 0 ? 0 : std::min(output[last], room / stride + 1);
  std::vector<Segment> segments;
  if (first >= end)
    return segments;
  int64_t row = 0;
  forEachIndex(output.drop_back(), [&](ArrayRef<int64_t> index) {
    int64_t offset = 0, out = row++ * output[last];
    for (size_t d = 0; d < last; ++d) {
      int64_t position = index[d] * window.strides[d] - window.padsBegin[d] + tap[d] * window.dilations[d];
      if (position < 0 || position >= input[d])
        return;
      offset = (offset + position) * input[d + 1];
    }
    segments.push_back({out + first, offset + first * stride + shift, end - first});
  });
  return segments;
}

FailureOr<std::vector<std::vector<Segment>>> getSegments(Call &call, const Window &window, ArrayRef<int64_t> input,
                                                         ArrayRef<int64_t> output) {
  if (failed(call.checkShape(window.kernel)) || failed(call.checkShape(output)) ||
      failed(call.checkShape({countElements(window.kernel), countElements(output.drop_back())})))
    return failure();
  std::vector<std::vector<Segment>> segments;
  forEachIndex(window.kernel, [&](ArrayRef<int64_t> tap) { segments.push_back(getTapSegments(window, tap, input, output)); });
  return segments;
}

} // namespace bn::reference
