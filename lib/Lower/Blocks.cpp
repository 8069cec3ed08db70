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

Value resizeBlocks(Builder &b, Value image, int64_t blocks) {
  SmallVector<int64_t> low(5, 0), high(low);
  high[1] = blocks - shapeOf(image)[1];
  return pad(b, image, low, high, number(b, typeOf(image).getElementType(), 0));
}

/// Element `i` of a constant that may have one element for all.
static float at(ArrayRef<Stored<float>> values, int64_t i) { return values[values.size() == 1 ? 0 : i]; }

Value packChannels(Builder &b, ElementsAttr values, int64_t blocks, int64_t block) {
  int64_t channels = values.getNumElements();
  ArrayRef<Stored<float>> source = getFloats(values);
  return constantTensor(b, makeFloats(b.getContext(), {blocks, block}, [&](MutableArrayRef<float> packed) {
                          for (int64_t c = 0; c < channels; ++c)
                            packed[c] = at(source, c);
                        }));
}

FilterBlocks::FilterBlocks(Shape filter, int64_t oldGroups, int64_t block) : perGroupIn(filter[1]), perGroupOut(filter[0] / oldGroups) {
  merge = std::min(oldGroups, std::lcm(block / std::gcd(block, perGroupIn), block / std::gcd(block, perGroupOut)));
  groups = ceilDiv(oldGroups, merge);
  inputs = ceilDiv(merge * perGroupIn, block);
  outputs = ceilDiv(groups * merge * perGroupOut, block);
}

Value packFilter(Builder &b, ElementsAttr filter, const FilterBlocks &blocks, int64_t block) {
  Shape shape = filter.getShapedType().getShape();
  int64_t taps = shape[2] * shape[3];
  ArrayRef<Stored<float>> source = getFloats(filter);
  auto fill = [&](MutableArrayRef<float> packed) {
    for (int64_t o = 0; o < shape[0]; ++o)
      for (int64_t i = 0; i < shape[1]; ++i) {
        int64_t to = blocks.inputChannel(o, i);
        float *block0 = &packed[((o / block * blocks.inputs + to / block) * taps * block + to % block) * block + o % block];
        for (int64_t k = 0; k < taps; ++k)
          block0[k * block * block] = at(source, (o * shape[1] + i) * taps + k);
      }
  };
  return constantTensor(b, makeFloats(b.getContext(), {blocks.outputs, blocks.inputs, shape[2], shape[3], block, block}, fill));
}

Value packGroupedFilter(Builder &b, ElementsAttr filter, int64_t block) {
  Shape shape = filter.getShapedType().getShape();
  int64_t group = shape[1], taps = shape[2] * shape[3];
  ArrayRef<Stored<float>> source = getFloats(filter);
  auto fill = [&](MutableArrayRef<float> packed) {
    for (int64_t c = 0; c < shape[0]; ++c)
      for (int64_t k = 0; k < group * taps; ++k)
        packed[(c / block * group * taps + k) * block + c % block] = at(source, c * group * taps + k);
  };
  return constantTensor(b, makeFloats(b.getContext(), {ceilDiv(shape[0], block), group, shape[2], shape[3], block}, fill));
}

Value packMatrix(Builder &b, ElementsAttr matrix, bool transposed, double factor, int64_t block) {
  Shape shape = matrix.getShapedType().getShape();
  int64_t depth = shape[transposed], columns = shape[!transposed];
  ArrayRef<Stored<float>> source = getFloats(matrix);
  auto fill = [&](MutableArrayRef<float> packed) {
    for (int64_t n = 0; n < columns; ++n)
      for (int64_t k = 0; k < depth; ++k)
        packed[(n / block * depth + k) * block + n % block] =
            static_cast<float>(factor * at(source, transposed ? n * depth + k : k * columns + n));
  };
  return constantTensor(b, makeFloats(b.getContext(), {ceilDiv(columns, block), depth, block}, fill));
}

} // namespace bn::lower
