// Signals.cpp - DFT and STFT as products with the matrix of the transform, which is known.
// SPDX-License-Identifier: Apache-2.0
//
// A complex number is a last dimension of two, a real one a last dimension of one.

#include "Constants.h"
#include "Products.h"

#include <cmath>

using namespace mlir;

namespace bn::lower {
namespace {

/// A transform of `given` numbers, zeros behind them up to `length`, to `bins` numbers; `parts` of a number: real, imaginary.
struct Transform {
  int64_t given, inParts, length, bins, outParts;
  bool isInverse, completes; ///< `completes`: the other half of the spectrum is the mirrored conjugate

  /// [given·inParts][bins·outParts]
  ElementsAttr makeMatrix(MLIRContext *context) const;
};

} // namespace

ElementsAttr Transform::makeMatrix(MLIRContext *context) const {
  std::vector<double> cosines(length), sines(length);
  double scale = isInverse ? 1.0 / length : 1;
  for (int64_t k = 0; k < length; ++k) {
    cosines[k] = std::cos(2 * M_PI * k / length) * scale;
    sines[k] = std::sin(2 * M_PI * k / length) * (isInverse ? scale : -scale);
  }
  int64_t columns = bins * outParts;
  return makeFloats(context, {given * inParts, columns}, [&](MutableArrayRef<float> out) {
    std::vector<double> row(2 * columns);
    for (int64_t source = 0; source < given; ++source) {
      std::fill(row.begin(), row.end(), 0);
      auto add = [&](int64_t i, double sign) { // the number, or its conjugate, as number i
        for (int64_t k = 0; k < bins; ++k) {
          double re = cosines[k * i % length], im = sines[k * i % length];
          row[k * outParts] += re;
          row[columns + k * outParts] -= sign * im;
          if (outParts == 2) {
            row[k * 2 + 1] += im;
            row[columns + k * 2 + 1] += sign * re;
          }
        }
      };
      add(source, 1);
      if (int64_t mirrored = length - source; completes && mirrored >= given && mirrored < length)
        add(mirrored, -1);
      for (int64_t i = 0; i < inParts * columns; ++i)
        out[source * inParts * columns + i] = static_cast<float>(row[i]);
    }
  });
}

/// Rows [R][given·inParts] transformed, [R][bins·outParts].
static Value transformRows(NodeLowering &n, Value rows, const Transform &transform) {
  Value wide = convert(n.b, rows, n.b.getF32Type());
  return convert(n.b, multiplyByKnown(n, wide, transform.makeMatrix(n.b.getContext())), typeOf(rows).getElementType());
}

static LogicalResult lowerDft(NodeLowering &n) {
  Builder &b = n.b;
  Shape in = n.inShape(0), out = n.outType().getShape();
  int64_t rank = in.size(), axis = n.node.getInt("axis", 1);
  if (n.node.getSchemaVersion() >= 20)
    axis = n.has(2) ? n.constantInts(2)->front() : -2;
  axis = NodeLowering::wrap(axis, rank);
  bool isInverse = n.node.getInt("inverse", 0), completes = isInverse && n.node.getInt("onesided", 0);
  int64_t length = n.has(1) ? n.constantInts(1)->front() : completes ? 2 * (in[axis] - 1) : in[axis];
  Transform transform{std::min(in[axis], length), in.back(), length, out[axis], out.back(), isInverse, completes};
  // The axis next to the parts, and what is not transformed cut off.
  auto order = llvm::to_vector(llvm::seq<int64_t>(rank));
  std::swap(order[axis], order[rank - 2]);
  Value x = transpose(b, n.in(0), order);
  SmallVector<int64_t> sizes(shapeOf(x)), offsets(rank, 0);
  sizes[rank - 2] = transform.given;
  x = slice(b, x, offsets, sizes, {});
  int64_t rows = ShapedType::getNumElements(Shape(sizes).drop_back(2));
  Value y = transformRows(n, reshape(b, x, {rows, transform.given * transform.inParts}), transform);
  sizes[rank - 2] = transform.bins;
  sizes[rank - 1] = transform.outParts;
  n.results.push_back(transpose(b, reshape(b, y, sizes), order));
  return success();
}

/// Windows of the signal as rows, one every so many samples, weighted.
static Value makeFrames(NodeLowering &n, int64_t frames, int64_t length, int64_t parts) {
  Builder &b = n.b;
  int64_t step = n.constantInts(1)->front(), batch = n.inShape(0)[0];
  auto d = [&](unsigned i) { return b.getAffineDimExpr(i); };
  SmallVector<Value> operands = {reshape(b, n.in(0), {batch, n.inShape(0)[1], parts})};
  SmallVector<AffineMap> maps = {AffineMap::get(4, 0, {d(0), d(1) * step + d(2), d(3)}, b.getContext())};
  bool isWeighted = n.has(2);
  operands.push_back(isWeighted ? n.in(2) : empty(b, length, b.getF32Type())); // without weights: only its size is read
  maps.push_back(AffineMap::get(4, 0, d(2), b.getContext()));
  Value zero = number(b, getComputeType(n.inType(0).getElementType()), 0);
  Value all = contract(b, {batch, frames, length, parts}, operands, maps, 4, zero, [&](Builder &b, ValueRange v) -> Value {
    return isWeighted ? arith::MulFOp::create(b, v[0], v[1]).getResult() : v[0];
  });
  return reshape(b, all, {batch * frames, length * parts});
}

static LogicalResult lowerStft(NodeLowering &n) {
  Shape out = n.outType().getShape();
  int64_t parts = n.inType(0).getRank() == 3 ? n.inShape(0)[2] : 1;
  int64_t length = n.has(3) ? n.constantInts(3)->front() : n.inType(2).getNumElements();
  Transform transform{length, parts, length, out[2], 2, false, false};
  Value y = transformRows(n, makeFrames(n, out[1], length, parts), transform);
  n.results.push_back(reshape(n.b, convert(n.b, y, n.outType().getElementType()), out));
  return success();
}

void addSignals(LoweringTable &table) {
  table["DFT"] = lowerDft;
  table["STFT"] = lowerStft;
}

} // namespace bn::lower
