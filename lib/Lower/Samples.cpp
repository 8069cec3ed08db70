// Samples.cpp - reading images at computed places, between their elements.
// SPDX-License-Identifier: Apache-2.0

#include "Samples.h"

using namespace mlir;

namespace bn::lower {

/// x between two numbers; NaN becomes the lower one.
static Value clampReal(Builder &b, Value x, double low, double high) {
  x = arith::MaxNumFOp::create(b, x, number(b, x.getType(), low));
  return arith::MinNumFOp::create(b, x, number(b, x.getType(), high));
}

Taps makeTaps(Builder &b, Shape shape, ValueRange inputs, int64_t size, int64_t count, TapBody body) {
  auto places = RankedTensorType::get(shape, b.getI32Type()), weights = RankedTensorType::get(shape, b.getF64Type());
  Taps taps;
  for (int64_t t = 0; t < count; ++t) {
    taps.places.push_back(map(b, places, inputs, [&](Builder &b, ValueRange v) -> Value {
      return arith::FPToSIOp::create(b, b.getI32Type(), clampReal(b, body(b, v, t).first, 0, size - 1));
    }));
    taps.weights.push_back(map(b, weights, inputs, [&](Builder &b, ValueRange v) { return body(b, v, t).second; }));
  }
  return taps;
}

/// Each of `taps` with each of an axis whose elements are `stride` apart.
static SmallVector<ImageTap> combine(Builder &b, ArrayRef<ImageTap> taps, const Taps &axis, int64_t stride) {
  SmallVector<ImageTap> combined;
  for (const ImageTap &tap : taps)
    for (auto [place, weight] : llvm::zip_equal(axis.places, axis.weights)) {
      auto add = [&](Builder &b, ValueRange v) -> Value {
        Value offset = arith::MulIOp::create(b, v[0], number(b, v[0].getType(), stride));
        return v.size() == 1 ? offset : arith::AddIOp::create(b, offset, v[1]).getResult();
      };
      bool isFirst = !tap.offset;
      Value offset = map(b, typeOf(place), isFirst ? ValueRange(place) : ValueRange({place, tap.offset}), add);
      auto multiply = [](Builder &b, ValueRange v) -> Value { return arith::MulFOp::create(b, v[0], v[1]); };
      combined.push_back({offset, isFirst ? weight : map(b, typeOf(weight), {weight, tap.weight}, multiply)});
    }
  return combined;
}

SmallVector<ImageTap> combineTaps(Builder &b, ArrayRef<Taps> axes, Shape image, Type type) {
  SmallVector<ImageTap> taps = {{}};
  int64_t stride = ShapedType::getNumElements(image);
  for (auto [axis, size] : llvm::zip_equal(axes, image)) {
    stride /= size;
    taps = combine(b, taps, axis, stride);
  }
  for (ImageTap &tap : taps)
    tap.weight = map(b, RankedTensorType::get(shapeOf(tap.weight), type), tap.weight, [&](Builder &b, ValueRange v) {
      return convertFloat(b, v[0], type);
    });
  return taps;
}

Value sumTaps(Builder &b, RankedTensorType type, Value images, ArrayRef<ImageTap> taps,
              llvm::function_ref<SmallVector<Value>(Builder &, ValueRange)> imageAt,
              llvm::function_ref<SmallVector<Value>(Builder &, ValueRange)> tapAt) {
  return generate(b, type, [&](Builder &b, ValueRange at) -> Value {
    SmallVector<Value> where = tapAt(b, at), from = imageAt(b, at);
    from.push_back(Value());
    Value sum;
    for (const ImageTap &tap : taps) {
      Value weight = tensor::ExtractOp::create(b, tap.weight, where);
      from.back() = arith::IndexCastOp::create(b, b.getIndexType(), tensor::ExtractOp::create(b, tap.offset, where));
      Value element = convertFloat(b, tensor::ExtractOp::create(b, images, from), weight.getType());
      Value term = arith::MulFOp::create(b, element, weight);
      sum = sum ? arith::AddFOp::create(b, sum, term).getResult() : term;
    }
    return sum;
  });
}

} // namespace bn::lower
