// Patches.cpp - Col2Im and DeformConv: patches of images that are added up, or taken from moved places.
// SPDX-License-Identifier: Apache-2.0

#include "Products.h"
#include "Samples.h"

#include <numeric>

using namespace mlir;

namespace bn::lower {

//===----------------------------------------------------------------------===//
// Col2Im
//===----------------------------------------------------------------------===//

/// Patches side by side: their elements in another order.
static Value arrangePatches(Builder &b, Value x, Shape out, const Window &window, Ints counts) {
  int64_t rank = window.size();
  SmallVector<int64_t> split = {out[0], out[1]}, order = {0, 1};
  llvm::append_range(split, window.kernel);
  llvm::append_range(split, counts);
  for (int64_t d = 0; d < rank; ++d)
    order.append({2 + rank + d, 2 + d});
  return reshape(b, transpose(b, reshape(b, x, split), order), out);
}

/// Adds patches to zeros, border included, and cuts the border off.
static Value sumPatches(NodeLowering &n, Value x, const Window &window, Ints counts) {
  Builder &b = n.b;
  Shape out = n.outType().getShape();
  int64_t rank = window.size();
  SmallVector<int64_t> shape = {out[0], out[1]}, split(shape), offsets = {0, 0};
  for (int64_t d = 0; d < rank; ++d) {
    shape.push_back(out[2 + d] + window.low[d] + window.high[d]);
    offsets.push_back(window.low[d]);
  }
  llvm::append_range(split, window.kernel);
  llvm::append_range(split, counts);
  Type type = getComputeType(n.outType().getElementType());
  x = reshape(b, x, split);
  Value sum = loop(b, split, filled(b, shape, number(b, type, 0)), [&](Builder &b, ValueRange at, Value out) -> Value {
    SmallVector<Value> to(at.take_front(2));
    for (int64_t d = 0; d < rank; ++d) {
      Value first = arith::MulIOp::create(b, at[2 + rank + d], index(b, window.strides[d]));
      to.push_back(arith::AddIOp::create(b, first, arith::MulIOp::create(b, at[2 + d], index(b, window.dilations[d]))));
    }
    Value element = convertFloat(b, tensor::ExtractOp::create(b, x, at), type);
    return tensor::InsertOp::create(b, arith::AddFOp::create(b, tensor::ExtractOp::create(b, out, to), element), out, to);
  });
  return convert(b, slice(b, sum, offsets, out, {}), n.outType().getElementType());
}

static LogicalResult lowerCol2Im(NodeLowering &n) {
  Shape out = n.outType().getShape(), image = out.drop_front(2);
  auto kernel = n.constantInts(2);
  if (!kernel || !isa<FloatType>(n.inElement(0)))
    return n.fail("expected floats and a block that is known");
  Window window = getWindow(n.node, *kernel, image, image);
  SmallVector<int64_t> counts;
  bool isDense = true;
  for (unsigned i = 0; i < window.size(); ++i) {
    counts.push_back((image[i] + window.low[i] + window.high[i] - window.extent(i)) / window.strides[i] + 1);
    isDense &= window.strides[i] == window.kernel[i] && window.dilations[i] == 1 && counts[i] * window.kernel[i] == image[i];
  }
  n.results.push_back(isDense ? arrangePatches(n.b, n.in(0), out, window, counts) : sumPatches(n, n.in(0), window, counts));
  return success();
}

//===----------------------------------------------------------------------===//
// DeformConv
//===----------------------------------------------------------------------===//

/// Two taps of a moved place along one axis; what is outside of the image is zero.
static std::pair<Value, Value> makeTap(Builder &b, Value place, int64_t size, int64_t t) {
  Type type = place.getType();
  Value floor = math::FloorOp::create(b, place), fraction = arith::SubFOp::create(b, place, floor);
  Value element = t ? arith::AddFOp::create(b, floor, number(b, type, 1)).getResult() : floor;
  Value weight = t ? fraction : arith::SubFOp::create(b, number(b, type, 1), fraction).getResult();
  Value isInside = arith::AndIOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, element, number(b, type, 0)),
                                         arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, element, number(b, type, size)));
  return {element, arith::SelectOp::create(b, isInside, weight, number(b, type, 0))};
}

/// The taps along spatial axis `d` of all places N×groups×kernel×out; offsets are N×groups×kernel×2×out.
static Taps makeMovedTaps(NodeLowering &n, Value offsets, const Window &window, unsigned d) {
  Builder &b = n.b;
  SmallVector<int64_t> first(6, 0), sizes(shapeOf(offsets)), places(sizes);
  first[3] = d;
  sizes[3] = 1;
  places.erase(places.begin() + 3);
  Value own = reshape(b, slice(b, offsets, first, sizes, {}), places);
  int64_t size = n.inShape(0)[2 + d];
  return makeTaps(b, places, own, size, 2, [&](Builder &b, ValueRange v, int64_t t) {
    Type type = b.getF64Type();
    auto real = [&](Value i) -> Value {
      return arith::SIToFPOp::create(b, type, arith::IndexCastOp::create(b, b.getI64Type(), i));
    };
    Value columns = index(b, window.kernel[1]), k = linalg::IndexOp::create(b, 2);
    Value tap = d == 0 ? arith::DivUIOp::create(b, k, columns).getResult() : arith::RemUIOp::create(b, k, columns).getResult();
    Value out = arith::MulIOp::create(b, linalg::IndexOp::create(b, 3 + d), index(b, window.strides[d]));
    Value place = real(arith::AddIOp::create(b, out, arith::MulIOp::create(b, tap, index(b, window.dilations[d]))));
    place = arith::AddFOp::create(b, arith::SubFOp::create(b, place, number(b, type, window.low[d])), convertFloat(b, v[0], type));
    return makeTap(b, place, size, t);
  });
}

/// The moved elements under all taps as columns N×C×kernel×out, and one product of them with the weights.
static LogicalResult lowerDeformConv(NodeLowering &n) {
  Builder &b = n.b;
  Shape in = n.inShape(0), filter = n.inShape(1), out = n.outType().getShape();
  Window window = getWindow(n.node, filter.drop_front(2), in.drop_front(2), out.drop_front(2));
  int64_t groups = n.node.getInt("offset_group", 1), kernel = window.kernel[0] * window.kernel[1], each = in[1] / groups;
  Type element = n.outType().getElementType(), compute = getComputeType(element);
  Value offsets = reshape(b, n.in(2), {out[0], groups, kernel, 2, out[2], out[3]});
  SmallVector<Taps> axes = {makeMovedTaps(n, offsets, window, 0), makeMovedTaps(n, offsets, window, 1)};
  SmallVector<ImageTap> taps = combineTaps(b, axes, in.drop_front(2), compute);
  if (n.has(4)) {
    Value mask = reshape(b, n.in(4), shapeOf(taps[0].weight));
    for (ImageTap &tap : taps)
      tap.weight = map(b, typeOf(tap.weight), {tap.weight, mask}, [](Builder &b, ValueRange v) -> Value {
        return arith::MulFOp::create(b, v[0], v[1]);
      });
  }
  auto type = RankedTensorType::get({out[0], in[1], kernel, out[2], out[3]}, element);
  Value columns = sumTaps(
      b, type, reshape(b, n.in(0), {in[0], in[1], in[2] * in[3]}), taps,
      [](Builder &, ValueRange at) { return SmallVector<Value>(at.take_front(2)); },
      [&](Builder &b, ValueRange at) -> SmallVector<Value> {
        return {at[0], arith::DivUIOp::create(b, at[1], index(b, each)), at[2], at[3], at[4]};
      });
  Value weights = broadcast(b, reshape(b, n.in(1), {1, filter[0], in[1] * kernel}), {out[0], filter[0], in[1] * kernel});
  Value product = multiplyMatrices(n, weights, reshape(b, columns, {out[0], in[1] * kernel, out[2] * out[3]}));
  n.results.push_back(addBias(n, reshape(b, product, out), n.in(3)));
  return success();
}

void addPatches(LoweringTable &table) {
  table["Col2Im"] = lowerCol2Im;
  table["DeformConv"] = lowerDeformConv;
}

} // namespace bn::lower
