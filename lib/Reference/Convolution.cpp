// Convolution.cpp - Conv and ConvTranspose of any rank, grouped and dilated.
// SPDX-License-Identifier: Apache-2.0
//
// Both walk the same segments of a window that slides over the larger of the two images: Conv reads them, ConvTranspose
// writes them. The image lies in the inner loop, so that a weight is one scalar there.

#include "Window.h"

using namespace mlir;

namespace bn::reference {

/// What the two operators have in common: shapes checked, bias checked.
static LogicalResult checkConvolution(Call &call, int64_t inputChannels, int64_t outputChannels) {
  const Tensor &x = call[0], &w = call[1];
  int64_t group = call.node.getInt("group", 1);
  if (x.shape.size() < 3 || x.shape.size() != w.shape.size())
    return call.error() << "expected X and W of one rank, at least 3, got " << x.getType() << " and " << w.getType();
  if (group < 1 || inputChannels % group || outputChannels % group)
    return call.error() << "expected channels in multiples of 'group' " << group << ", got " << inputChannels << " and " << outputChannels;
  if (x.shape[1] != inputChannels)
    return call.error() << "expected X to have " << inputChannels << " channels, got " << x.shape[1];
  if (const Tensor *bias = call.get(2); bias && bias->shape != ArrayRef(outputChannels))
    return call.error() << "expected B to be a vector of " << outputChannels << " elements, got " << bias->getType();
  return success();
}

/// Adds the result, filled with the bias of each channel.
static Tensor *addBiased(Call &call, int64_t channels, ArrayRef<int64_t> spatial) {
  Dims shape{call[0].shape[0], channels};
  llvm::append_range(shape, spatial);
  Tensor *y = call.addResult(call[0].elementType, shape);
  if (!y || !call.get(2))
    return y;
  AxisView view(shape, 1);
  for (int64_t n = 0; n < view.outer; ++n)
    for (int64_t c = 0; c < channels; ++c)
      std::fill_n(y->mutableReals().begin() + view.offset(n, c, 0), view.inner, call[2].reals()[c]);
  return y;
}

/// out += w · in along every segment of a tap.
static void readTap(ArrayRef<Segment> segments, int64_t stride, double w, const double *in, double *out) {
  for (const Segment &s : segments)
    for (int64_t i = 0; i < s.count; ++i)
      out[s.out + i] += w * in[s.in + i * stride];
}

/// The transpose of `readTap`: in += w · out.
static void writeTap(ArrayRef<Segment> segments, int64_t stride, double w, double *in, const double *out) {
  for (const Segment &s : segments)
    for (int64_t i = 0; i < s.count; ++i)
      in[s.in + i * stride] += w * out[s.out + i];
}

/// Y[n, m] = B[m] + Σ over c and taps of W[m, c, tap] · X[n, group(m) + c, where the tap reads].
static LogicalResult conv(Call &call) {
  const Tensor &x = call[0], &w = call[1];
  int64_t group = call.node.getInt("group", 1), depth = w.shape.size() > 1 ? w.shape[1] : 0;
  int64_t filters = w.shape.empty() ? 0 : w.shape[0];
  if (failed(checkConvolution(call, depth * std::max<int64_t>(group, 0), filters)))
    return failure();
  ArrayRef<int64_t> input = ArrayRef(x.shape).drop_front(2);
  FailureOr<Window> window = readWindow(call, ArrayRef(w.shape).drop_front(2));
  if (failed(window))
    return failure();
  applyAutoPad(call, *window, input);
  FailureOr<Dims> output = getWindowOutput(call, *window, input);
  if (failed(output))
    return failure();
  FailureOr<std::vector<std::vector<Segment>>> segments = getSegments(call, *window, input, *output);
  Tensor *y = failed(segments) ? nullptr : addBiased(call, filters, *output);
  if (!y)
    return failure();
  int64_t inSize = countElements(input), outSize = countElements(*output), taps = segments->size();
  for (int64_t n = 0; n < x.shape[0]; ++n)
    for (int64_t m = 0; m < filters; ++m)
      for (int64_t c = 0; c < depth; ++c) {
        int64_t channel = m / (filters / group) * depth + c;
        const double *in = &x.reals()[(n * depth * group + channel) * inSize];
        double *out = &y->mutableReals()[(n * filters + m) * outSize];
        for (int64_t tap = 0; tap < taps; ++tap)
          readTap((*segments)[tap], window->strides.back(), w.reals()[(m * depth + c) * taps + tap], in, out);
      }
  return success();
}

//===----------------------------------------------------------------------===//
// ConvTranspose
//===----------------------------------------------------------------------===//

/// The spatial shape of the result; sets the window's pads where `output_shape` or `auto_pad` decide them.
static FailureOr<Dims> getTransposedOutput(Call &call, Window &window, ArrayRef<int64_t> input) {
  size_t rank = input.size();
  ArrayRef<int64_t> padding = call.node.getInts("output_padding").value_or(ArrayRef<int64_t>());
  std::optional<ArrayRef<int64_t>> given = call.node.getInts("output_shape");
  StringRef mode = call.node.getString("auto_pad", "NOTSET");
  bool isSame = mode.starts_with("SAME");
  if ((!padding.empty() && padding.size() != rank) || (given && given->size() < rank))
    return call.error() << "expected 'output_padding' and 'output_shape' to have " << rank << " entries";
  Dims output;
  for (size_t d = 0; d < rank; ++d) {
    int64_t full = window.strides[d] * (input[d] - 1) + window.getExtent(d) + (padding.empty() ? 0 : padding[d]);
    if (mode == "VALID")
      window.padsBegin[d] = window.padsEnd[d] = 0;
    if (given || isSame) {
      int64_t size = given ? given->take_back(rank)[d] : input[d] * window.strides[d];
      int64_t total = std::max<int64_t>(0, full - size);
      window.padsBegin[d] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      window.padsEnd[d] = full - size - window.padsBegin[d];
    }
    output.push_back(full - window.padsBegin[d] - window.padsEnd[d]);
  }
  return output;
}

/// Y[n, m] = B[m] + Σ over c and taps of W[c, m, tap] · X[n, c], written where the tap of a convolution would read.
static LogicalResult convTranspose(Call &call) {
  const Tensor &x = call[0], &w = call[1];
  int64_t group = call.node.getInt("group", 1), channels = w.shape.empty() ? 0 : w.shape[0];
  int64_t filters = w.shape.size() > 1 ? w.shape[1] : 0;
  if (failed(checkConvolution(call, channels, filters * std::max<int64_t>(group, 0))))
    return failure();
  ArrayRef<int64_t> input = ArrayRef(x.shape).drop_front(2);
  FailureOr<Window> window = readWindow(call, ArrayRef(w.shape).drop_front(2));
  if (failed(window))
    return failure();
  FailureOr<Dims> output = getTransposedOutput(call, *window, input);
  if (failed(output))
    return failure();
  Tensor *y = addBiased(call, filters * group, *output);
  if (!y)
    return failure();
  FailureOr<std::vector<std::vector<Segment>>> segments = getSegments(call, *window, *output, input);
  if (failed(segments))
    return failure();
  int64_t inSize = countElements(input), outSize = countElements(*output), taps = segments->size();
  for (int64_t n = 0; n < x.shape[0]; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t m = 0; m < filters; ++m) {
        int64_t filter = c / (channels / group) * filters + m;
        const double *in = &x.reals()[(n * channels + c) * inSize];
        double *out = &y->mutableReals()[(n * filters * group + filter) * outSize];
        for (int64_t tap = 0; tap < taps; ++tap)
          writeTap((*segments)[tap], window->strides.back(), w.reals()[(c * filters + m) * taps + tap], out, in);
      }
  return success();
}

ArrayRef<Operator> getConvolutions() {
  static constexpr Operator table[] = {{"Conv", "real real real?", conv}, {"ConvTranspose", "real real real?", convTranspose}};
  return table;
}

} // namespace bn::reference
