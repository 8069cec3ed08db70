// TransposedConvolutions.cpp - ConvTranspose of any rank, group, stride, dilation and padding.
// SPDX-License-Identifier: Apache-2.0
//
// Outputs that are a stride apart read the same inputs through the same taps: one convolution of stride 1 computes them as channels, a
// phase each, and a transposition puts them in their places. Where its kernel does not apply: a convolution over the input
// with stride − 1 zeros between its elements.

#include "BlockedConvolution.h"
#include "Constants.h"
#include "Products.h"

using namespace mlir;

namespace bn::lower {

/// Where the result of a ConvTranspose starts in the full correlation, by spatial dimension.
static SmallVector<int64_t> getTransposePads(NodeLowering &n, const Window &window, Ints in, Ints out) {
  auto outputShape = n.node.getInts("output_shape");
  StringRef automatic = n.node.getString("auto_pad", "NOTSET");
  bool isSame = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  if (!outputShape && !isSame)
    return window.low;
  SmallVector<int64_t> begin;
  auto extra = n.node.getInts("output_padding");
  for (unsigned i = 0; i < window.size(); ++i) {
    int64_t total = std::max<int64_t>((in[i] - 1) * window.strides[i] + (extra ? (*extra)[i] : 0) + window.extent(i) - out[i], 0);
    begin.push_back(automatic == "SAME_UPPER" ? total / 2 : total - total / 2);
  }
  return begin;
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

namespace {
/// One spatial dimension: output s·q + r is the sum over t of input q + (r + begin)/s − t times tap (r + begin)%s + s·t.
struct Phases {
  int64_t stride, kernel, begin, in, out;

  int64_t taps(int64_t r) const { return std::max<int64_t>((kernel - (r + begin) % stride + stride - 1) / stride, 0); }
  int64_t ahead(int64_t r) const { return (r + begin) / stride; }
  int64_t first() const {
    int64_t least = 0;
    for (int64_t r = 0; r < stride; ++r)
      least = std::min(least, ahead(r) - taps(r) + 1);
    return least;
  }
  int64_t width() const { return ahead(stride - 1) - first() + 1; }
  int64_t outputs() const { return (out + stride - 1) / stride; }
  /// The tap of phase r at place `at` of the window that all phases share; -1 for none.
  int64_t tapAt(int64_t r, int64_t at) const {
    int64_t tap = (r + begin) % stride + stride * (ahead(r) - first() - at);
    return tap >= 0 && tap < kernel ? tap : -1;
  }
};
} // namespace

/// Weights C×M/g×k… as those of the convolution, (g, phases, M/g)×C/g×windows.
static ElementsAttr makePhaseFilter(NodeLowering &n, int64_t groups, ArrayRef<Phases> axes) {
  Shape shape = n.inShape(1);
  ArrayRef<Stored<float>> weights = getFloats(n.constant(1));
  int64_t perGroupIn = shape[0] / groups, perGroupOut = shape[1], taps = ShapedType::getNumElements(shape.drop_front(2));
  SmallVector<int64_t> phases, window;
  for (const Phases &axis : axes) {
    phases.push_back(axis.stride);
    window.push_back(axis.width());
  }
  int64_t phaseCount = ShapedType::getNumElements(phases), places = ShapedType::getNumElements(window);
  SmallVector<int64_t> result = {groups * phaseCount * perGroupOut, perGroupIn};
  llvm::append_range(result, window);
  auto tapOf = [&](int64_t phase, int64_t place) {
    int64_t tap = 0, scale = 1;
    for (size_t d = axes.size(); d-- > 0; phase /= phases[d], place /= window[d], scale *= axes[d].kernel) {
      int64_t own = axes[d].tapAt(phase % phases[d], place % window[d]);
      if (own < 0)
        return int64_t(-1);
      tap += own * scale;
    }
    return tap;
  };
  return makeFloats(n.b.getContext(), result, [&](MutableArrayRef<float> out) {
    size_t next = 0;
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t phase = 0; phase < phaseCount; ++phase)
        for (int64_t m = 0; m < perGroupOut; ++m)
          for (int64_t c = 0; c < perGroupIn; ++c)
            for (int64_t place = 0; place < places; ++place, ++next)
              if (int64_t tap = tapOf(phase, place); tap >= 0)
                out[next] = weights[weights.size() == 1 ? 0 : (((g * perGroupIn + c) * perGroupOut) + m) * taps + tap];
  });
}

/// N×(g, phases, M/g)×outputs as N×M×out.
static Value joinPhases(Builder &b, Value x, int64_t groups, ArrayRef<Phases> axes, Shape out) {
  int64_t rank = axes.size(), perGroup = out[1] / groups;
  SmallVector<int64_t> split = {out[0], groups}, order = {0, 1, rank + 2}, whole = {out[0], out[1]}, offsets(out.size(), 0);
  for (const Phases &axis : axes)
    split.push_back(axis.stride);
  split.push_back(perGroup);
  for (auto [d, axis] : llvm::enumerate(axes)) {
    split.push_back(axis.outputs());
    order.append({rank + 3 + static_cast<int64_t>(d), 2 + static_cast<int64_t>(d)});
    whole.push_back(axis.outputs() * axis.stride);
  }
  Value joined = reshape(b, transpose(b, reshape(b, x, split), order), whole);
  return Shape(whole) == out ? joined : slice(b, joined, offsets, out, {});
}

/// The result without bias, or null where the kernel does not apply.
static Value convolvePhases(NodeLowering &n, const Window &window, Ints begin, int64_t groups) {
  Shape in = n.inShape(0), out = n.outType().getShape();
  bool isKnown = n.constant(1) && !getFloats(n.constant(1)).empty() && n.inType(0).getElementType().isF32();
  if (!n.block || !isKnown || window.size() > 2 || llvm::any_of(window.dilations, [](int64_t d) { return d != 1; }) ||
      llvm::any_of(begin, [](int64_t at) { return at < 0; }))
    return {};
  SmallVector<Phases> axes;
  Window plain;
  SmallVector<int64_t> shape = {out[0], out[1]};
  for (unsigned i = 0; i < window.size(); ++i) {
    Phases axis{window.strides[i], window.kernel[i], begin[i], in[i + 2], out[i + 2]};
    axes.push_back(axis);
    shape[1] *= axis.stride;
    shape.push_back(axis.outputs());
    plain.kernel.push_back(axis.width());
    plain.strides.push_back(1);
    plain.dilations.push_back(1);
    plain.low.push_back(-axis.first());
    plain.high.push_back(axis.outputs() + axis.width() - 1 - axis.in + axis.first());
  }
  Value phases = convolveBlocked(n, n.in(0), makePhaseFilter(n, groups, axes), {}, plain, groups, shape);
  return phases ? joinPhases(n.b, phases, groups, axes, out) : Value();
}

//===----------------------------------------------------------------------===//
// Zeros between elements
//===----------------------------------------------------------------------===//

/// Weights C×M/g×k… of a transposed convolution as those M×C/g×k… of the convolution that it is the gradient of, mirrored.
static Value mirrorFilter(Builder &b, Value weights, int64_t groups) {
  Shape shape = shapeOf(weights);
  int64_t perGroupIn = shape[0] / groups, perGroupOut = shape[1];
  SmallVector<int64_t> split = {groups, perGroupIn, perGroupOut}, swapped = {groups * perGroupOut, perGroupIn}, permutation = {0, 2, 1};
  llvm::append_range(split, shape.drop_front(2));
  llvm::append_range(swapped, shape.drop_front(2));
  llvm::append_range(permutation, llvm::seq<int64_t>(3, split.size()));
  Value result = reshape(b, transpose(b, reshape(b, weights, split), permutation), swapped);
  for (unsigned axis = 2; axis < swapped.size(); ++axis)
    if (swapped[axis] > 1)
      result = take(b, result, axis, llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(swapped[axis]))));
  return result;
}

/// x with stride − 1 zeros between its elements. Written in order: the op before x could not fuse into scattered places.
static Value spreadOut(Builder &b, Value x, Shape shape, Ints strides) {
  return generate(b, RankedTensorType::get(shape, typeOf(x).getElementType()), [&](Builder &b, ValueRange at) -> Value {
    SmallVector<Value> place;
    Value isElement = number(b, b.getI1Type(), 1);
    for (auto [i, stride] : llvm::zip(at, strides)) {
      place.push_back(arith::DivUIOp::create(b, i, index(b, stride)));
      Value rest = arith::RemUIOp::create(b, i, index(b, stride));
      Value isAligned = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest, index(b, 0));
      isElement = arith::AndIOp::create(b, isElement, isAligned);
    }
    Value element = tensor::ExtractOp::create(b, x, place);
    if (isa<FloatType>(element.getType()))
      element = convertFloat(b, element, getComputeType(element.getType()));
    return arith::SelectOp::create(b, isElement, element, number(b, element.getType(), 0));
  });
}

static LogicalResult lowerConvTranspose(NodeLowering &n) {
  Builder &b = n.b;
  Shape in = n.inShape(0), out = n.outType().getShape();
  Type element = n.inType(0).getElementType();
  int64_t groups = n.node.getInt("group", 1);
  Window window = getWindow(n.node, n.inShape(1).drop_front(2), in.drop_front(2), out.drop_front(2));
  SmallVector<int64_t> begin = getTransposePads(n, window, in.drop_front(2), out.drop_front(2));
  if (Value result = convolvePhases(n, window, begin, groups)) {
    n.results.push_back(addBias(n, result, n.in(2)));
    return success();
  }
  SmallVector<int64_t> spread(in), strides(in.size(), 1), low = {0, 0}, high = {0, 0};
  for (unsigned i = 0; i < window.size(); ++i) {
    strides[i + 2] = window.strides[i];
    spread[i + 2] = (in[i + 2] - 1) * window.strides[i] + 1;
    low.push_back(window.extent(i) - 1 - begin[i]);
    high.push_back(out[i + 2] - 1 + window.extent(i) - spread[i + 2] - low.back());
  }
  Value x = n.in(0), zero = number(b, element, 0);
  if (Shape(spread) != in)
    x = spreadOut(b, x, spread, strides);
  window.strides.assign(window.size(), 1);
  Value sum = convolve(b, pad(b, x, low, high, zero), mirrorFilter(b, n.in(1), groups), window, groups, out, getComputeType(element));
  n.results.push_back(addBias(n, sum, n.in(2)));
  return success();
}

void addTransposedConvolutions(LoweringTable &table) { table["ConvTranspose"] = lowerConvTranspose; }

} // namespace bn::lower
