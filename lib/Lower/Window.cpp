// Window.cpp - strides, dilations and pads of convolution and pooling, resolved to numbers.
// SPDX-License-Identifier: Apache-2.0

#include "Window.h"

using namespace mlir;

namespace bn::lower {

Window getWindow(onnx::NodeOpInterface node, Ints kernel, Ints in, Ints out) {
  unsigned n = kernel.size();
  auto list = [&](StringRef name, unsigned size, int64_t fallback) {
    auto values = node.getInts(name);
    return values ? llvm::to_vector(*values) : SmallVector<int64_t>(size, fallback);
  };
  Window window{llvm::to_vector(kernel), list("strides", n, 1), list("dilations", n, 1), {}, {}};
  StringRef automatic = node.getString("auto_pad", "NOTSET");
  if (automatic == "NOTSET" || automatic.empty()) {
    SmallVector<int64_t> pads = list("pads", 2 * n, 0);
    window.low.assign(pads.begin(), pads.begin() + n);
    window.high.assign(pads.begin() + n, pads.end());
    return window;
  }
  for (unsigned i = 0; i < n; ++i) {
    int64_t total = std::max<int64_t>((out[i] - 1) * window.strides[i] + window.extent(i) - in[i], 0);
    if (automatic == "VALID")
      total = 0;
    window.low.push_back(automatic == "SAME_LOWER" ? (total + 1) / 2 : total / 2);
    window.high.push_back(total - window.low.back());
  }
  return window;
}

Value padForWindow(Builder &b, Value x, const Window &window, Ints out, Value value) {
  SmallVector<int64_t> low(typeOf(x).getRank(), 0), high(low);
  for (unsigned i = 0; i < window.size(); ++i) {
    int64_t end = (out[i] - 1) * window.strides[i] + window.extent(i);
    low[i + 2] = window.low[i];
    high[i + 2] = end - window.low[i] - shapeOf(x)[i + 2];
  }
  return pad(b, x, low, high, value);
}

} // namespace bn::lower
