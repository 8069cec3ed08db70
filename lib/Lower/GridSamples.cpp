// GridSamples.cpp - GridSample: images at the places of a grid.
// SPDX-License-Identifier: Apache-2.0
//
// A place is between -1 and 1 along each spatial axis, innermost axis first. All formulas are those of lib/Reference/GridSample.cpp.

#include "Lowering.h"
#include "Samples.h"

using namespace mlir;

namespace bn::lower {
namespace {

/// Arithmetic on numbers of f64 or vectors of them.
struct Reals {
  Builder &b;
  Value num(double value) const { return number(b, b.getF64Type(), value); }
  Value add(Value x, Value y) const { return arith::AddFOp::create(b, x, y); }
  Value sub(Value x, Value y) const { return arith::SubFOp::create(b, x, y); }
  Value mul(Value x, Value y) const { return arith::MulFOp::create(b, x, y); }
  Value abs(Value x) const { return math::AbsFOp::create(b, x); }
  Value floor(Value x) const { return math::FloorOp::create(b, x); }
  Value is(arith::CmpFPredicate predicate, Value x, double bound) const { return arith::CmpFOp::create(b, predicate, x, num(bound)); }
  Value select(Value condition, Value x, Value y) const { return arith::SelectOp::create(b, condition, x, y); }
  Value clamp(Value x, double low, double high) const { // NaN stays
    x = select(is(arith::CmpFPredicate::OLT, x, low), num(low), x);
    return select(is(arith::CmpFPredicate::OGT, x, high), num(high), x);
  }
  /// x mirrored at both ends until it lies between them.
  Value reflect(Value x, double low, double high) const {
    double range = high - low;
    if (range <= 0)
      return num(low);
    Value distance = abs(sub(x, num(low)));
    Value turns = floor(arith::DivFOp::create(b, distance, num(2 * range)));
    Value rest = sub(distance, mul(turns, num(2 * range)));
    return add(num(low), select(is(arith::CmpFPredicate::OGT, rest, range), sub(num(2 * range), rest), rest));
  }
};

/// How a node samples.
struct Sampling {
  StringRef mode, padding;
  bool isNearest, isCubic, alignCorners;

  explicit Sampling(onnx::NodeOpInterface node)
      : mode(node.getString("mode", "linear")), padding(node.getString("padding_mode", "zeros")), isNearest(mode == "nearest"),
        isCubic(mode.ends_with("cubic")), alignCorners(node.getInt("align_corners", 0)) {}
  int64_t taps() const { return isNearest ? 1 : isCubic ? 4 : 2; }
};

} // namespace

static Value reflectInto(const Reals &f, const Sampling &s, Value x, int64_t size) {
  return f.clamp(s.alignCorners ? f.reflect(x, 0, size - 1) : f.reflect(x, -0.5, size - 0.5), 0, size - 1);
}

/// Keys' cubic with a = -0.75 at a distance.
static Value cubicWeight(const Reals &f, Value distance) {
  constexpr double a = -0.75;
  Value t = f.abs(distance);
  Value near = f.add(f.mul(f.mul(f.sub(f.mul(f.num(a + 2), t), f.num(a + 3)), t), t), f.num(1));
  Value far = f.sub(f.mul(f.add(f.mul(f.sub(f.mul(f.num(a), t), f.num(5 * a)), t), f.num(8 * a)), t), f.num(4 * a));
  Value outer = f.select(f.is(arith::CmpFPredicate::OLT, t, 2), far, f.num(0));
  return f.select(f.is(arith::CmpFPredicate::OLE, t, 1), near, outer);
}

/// Tap `t` of the place `x` of the grid along an axis of `size`.
static std::pair<Value, Value> makeTap(const Reals &f, const Sampling &s, Value x, int64_t size, int64_t t) {
  Value one = f.add(x, f.num(1)), half = f.num(0.5);
  Value place = s.alignCorners ? f.mul(f.mul(one, half), f.num(size - 1)) : f.mul(f.sub(f.mul(one, f.num(size)), f.num(1)), half);
  if (!s.isCubic && s.padding == "border")
    place = f.clamp(place, 0, size - 1);
  if (!s.isCubic && s.padding == "reflection")
    place = reflectInto(f, s, place, size);
  Value isNear = f.is(arith::CmpFPredicate::OLT, f.abs(place), 1e9); // not far away, and a number
  Value element, weight = f.num(1);
  if (s.isNearest) {
    element = math::RoundEvenOp::create(f.b, place);
  } else {
    Value floor = f.floor(place), fraction = f.sub(place, floor);
    int64_t shift = s.isCubic ? t - 1 : t;
    element = f.add(floor, f.num(shift));
    weight = s.isCubic ? cubicWeight(f, f.sub(fraction, f.num(shift))) : t ? fraction : f.sub(f.num(1), fraction);
  }
  if (s.padding == "zeros") {
    isNear = arith::AndIOp::create(f.b, isNear, f.is(arith::CmpFPredicate::OGE, element, 0));
    isNear = arith::AndIOp::create(f.b, isNear, f.is(arith::CmpFPredicate::OLT, element, size));
  } else if (s.padding == "reflection") {
    Value mirrored = s.alignCorners ? f.reflect(element, 0, size - 1) : f.reflect(element, -0.5, size - 0.5);
    element = math::RoundEvenOp::create(f.b, mirrored);
  }
  return {element, f.select(isNear, weight, f.num(0))};
}

static LogicalResult lowerGridSample(NodeLowering &n) {
  Builder &b = n.b;
  Sampling sampling(n.node);
  Shape in = n.inShape(0), out = n.outType().getShape(), image = in.drop_front(2);
  SmallVector<int64_t> places(out);
  places.erase(places.begin() + 1);
  SmallVector<Taps> axes;
  for (auto [d, size] : llvm::enumerate(image)) {
    SmallVector<int64_t> offsets(n.inShape(1).size(), 0), sizes(n.inShape(1));
    offsets.back() = image.size() - 1 - d;
    sizes.back() = 1;
    Value grid = reshape(b, slice(b, n.in(1), offsets, sizes, {}), places);
    axes.push_back(makeTaps(b, places, grid, size, sampling.taps(), [&, size = size](Builder &b, ValueRange v, int64_t t) {
      return makeTap(Reals{b}, sampling, convertFloat(b, v[0], b.getF64Type()), size, t);
    }));
  }
  Value images = reshape(b, n.in(0), {in[0], in[1], ShapedType::getNumElements(image)});
  SmallVector<ImageTap> taps = combineTaps(b, axes, image, getComputeType(n.outType().getElementType()));
  auto imageAt = [](Builder &, ValueRange at) { return SmallVector<Value>(at.take_front(2)); };
  auto tapAt = [](Builder &, ValueRange at) {
    SmallVector<Value> place(at);
    place.erase(place.begin() + 1);
    return place;
  };
  n.results.push_back(sumTaps(b, n.outType(), images, taps, imageAt, tapAt));
  return success();
}

void addGridSamples(LoweringTable &table) { table["GridSample"] = lowerGridSample; }

} // namespace bn::lower
