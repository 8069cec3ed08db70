// Blocks.cpp - tensors in blocked layout, and weights brought into it at compile time.
// SPDX-License-Identifier: Apache-2.0

#include "Blocks.h"
#include "Constants.h"

#include <numeric>

using namespace mlir;

namespace bn::lower {

Value pack(Builder &b, Value x, int64_t block) {
  Shape s = shapeOf(x);
  Value init = empty(b, {s[0], ceilDiv(s[1], block), s[2], s[3], block}, typeOf(x).getElementType());
  return kernel::PackOp::create(b, init.getType(), x, init).getResult();
}

Value unpack(Builder &b, Value x, int64_t channels) {
  Shape s = shapeOf(x);
  Value init = empty(b, {s[0], channels, s[2], s[3]}, typeOf(x).getElementType());
  return kernel::UnpackOp::create(b, init.getType(), x, init).getResult();
}

/// Element `i` of a constant that may have one element for all.
static float at(ArrayRef<float> values, int64_t i) { return values[values.size() == 1 ? 0 : i]; }

Value packChannels(Builder &b, ElementsAttr values, int64_t block) {
  int64_t channels = values.getNumElements();
  ArrayRef<float> source = getFloats(values);
  return constantTensor(b, makeFloats(b.getContext(), {ceilDiv(channels, block), block}, [&](MutableArrayRef<float> packed) {
                          for (int64_t c = 0; c < channels; ++c)
                            packed[c] = at(source, c);
                        }));
}

int64_t mergeGroups(int64_t groups, int64_t perGroupIn, int64_t perGroupOut, int64_t block) {
  int64_t merge = std::lcm(block / std::gcd(block, perGroupIn), block / std::gcd(block, perGroupOut));
  return groups % merge == 0 ? groups / merge : 1;
}

Value packFilter(Builder &b, ElementsAttr filter, int64_t oldGroups, int64_t groups, int64_t block) {
  Shape shape = filter.getShapedType().getShape();
  int64_t out = shape[0], oldIn = shape[1], taps = shape[2] * shape[3];
  int64_t in = oldIn * oldGroups / groups, inBlocks = ceilDiv(in, block);
  ArrayRef<float> source = getFloats(filter);
  auto fill = [&](MutableArrayRef<float> packed) {
    for (int64_t o = 0; o < out; ++o) {
      int64_t firstIn = (o / (out / oldGroups)) * oldIn - (o / (out / groups)) * in;
      for (int64_t i = 0; i < oldIn; ++i) {
        int64_t to = firstIn + i;
        float *block0 = &packed[((o / block * inBlocks + to / block) * taps * block + to % block) * block + o % block];
        for (int64_t k = 0; k < taps; ++k)
          block0[k * block * block] = at(source, (o * oldIn + i) * taps + k);
      }
    }
  };
  return constantTensor(b, makeFloats(b.getContext(), {ceilDiv(out, block), inBlocks, shape[2], shape[3], block, block}, fill));
}

Value packDepthwiseFilter(Builder &b, ElementsAttr filter, int64_t block) {
  Shape shape = filter.getShapedType().getShape();
  int64_t taps = shape[2] * shape[3];
  ArrayRef<float> source = getFloats(filter);
  auto fill = [&](MutableArrayRef<float> packed) {
    for (int64_t c = 0; c < shape[0]; ++c)
      for (int64_t k = 0; k < taps; ++k)
        packed[(c / block * taps + k) * block + c % block] = at(source, c * taps + k);
  };
  return constantTensor(b, makeFloats(b.getContext(), {ceilDiv(shape[0], block), shape[2], shape[3], block}, fill));
}

Value packMatrix(Builder &b, ElementsAttr matrix, bool transposed, double factor, int64_t block) {
  Shape shape = matrix.getShapedType().getShape();
  int64_t depth = shape[transposed], columns = shape[!transposed];
  ArrayRef<float> source = getFloats(matrix);
  auto fill = [&](MutableArrayRef<float> packed) {
    for (int64_t n = 0; n < columns; ++n)
      for (int64_t k = 0; k < depth; ++k)
        packed[(n / block * depth + k) * block + n % block] =
            static_cast<float>(factor * at(source, transposed ? n * depth + k : k * columns + n));
  };
  return constantTensor(b, makeFloats(b.getContext(), {ceilDiv(columns, block), depth, block}, fill));
}

} // namespace bn::lower
