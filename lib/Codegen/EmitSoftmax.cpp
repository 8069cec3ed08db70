// EmitSoftmax.cpp - emits the loops of a softmax over rows.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (row)
//     largest = max over the row;   sum = Σ (powers = e^(row − largest));   store powers · (1 / sum)
//
// A short row stays in registers from its only load to its only store. A long one is read again where it is, near the core, and its
// powers wait in the result.

#include "EmitEach.h"
#include "LinearView.h"
#include "ParallelLoop.h"
#include "bn/Codegen/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"

namespace bn {
#define GEN_PASS_DEF_EMITSOFTMAXPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Vectors under way at once in a long row.
static constexpr int64_t kUnroll = 4;
/// Vector operations of an exponential.
static constexpr int64_t kExpWork = 20;

namespace {
/// Some vectors of a row, one behind the other, at `begin` or, in a loop, behind it.
struct Piece {
  int64_t begin, lanes;
};

class SoftmaxEmitter {
public:
  SoftmaxEmitter(kernel::SoftmaxOp op, unsigned registers, int64_t vectorBits)
      : op(op), loc(op.getLoc()), lanes(vectorBits / 32), registers(registers) {}
  LogicalResult emit(OpBuilder &builder);

private:
  enum class Fold { Largest, Sum };
  using Term = llvm::function_ref<Value(OpBuilder &, Value at, Piece)>;

  Value combine(OpBuilder &b, Fold fold, Value x, Value y);
  Value foldPieces(OpBuilder &b, Fold fold, ArrayRef<Value> vectors);
  Value foldRow(OpBuilder &b, Fold fold, Value start, Term term);
  void forPieces(OpBuilder &b, llvm::function_ref<void(OpBuilder &, Value at, Piece)> body);
  Value load(OpBuilder &b, const LinearView &view, Value row, Value at, Piece piece);
  void store(OpBuilder &b, Value vector, Value row, Value at, Piece piece);
  Value power(OpBuilder &b, Value x, Value largest, Piece piece);
  Value invert(OpBuilder &b, Value sum);
  void emitShortRow(OpBuilder &b, Value row);
  void emitLongRow(OpBuilder &b, Value row);

  kernel::SoftmaxOp op;
  Location loc;
  int64_t lanes;
  unsigned registers;
  LinearView input, output;
  int64_t looped = 0;        ///< elements that the loop of a long row covers
  SmallVector<Piece> pieces; ///< those behind them
};
} // namespace

LogicalResult SoftmaxEmitter::emit(OpBuilder &builder) {
  FailureOr<LinearView> in = LinearView::get(builder, loc, op.getInput()), out = LinearView::get(builder, loc, op.getInit());
  if (failed(in) || failed(out) || in->strides[1] != 1 || out->strides[1] != 1)
    return failure();
  std::tie(input, output) = std::tuple(*in, *out);
  ArrayRef<int64_t> shape = cast<MemRefType>(op.getInit().getType()).getShape();
  bool isShort = llvm::divideCeil(shape[1], lanes) <= registers / 2;
  looped = isShort ? 0 : shape[1] / (kUnroll * lanes) * kUnroll * lanes;
  for (int64_t begin = looped; begin < shape[1]; begin += lanes)
    pieces.push_back({begin, std::min(lanes, shape[1] - begin)});
  int64_t work = shape[0] * llvm::divideCeil(shape[1], lanes) * kExpWork;
  emitParallel(builder, loc, {shape[0]}, work, [&](OpBuilder &inner, ValueRange ivs) {
    if (isShort)
      emitShortRow(inner, ivs[0]);
    else
      emitLongRow(inner, ivs[0]);
  });
  return success();
}

/// NaN is lost among the largest; it comes back with the powers.
Value SoftmaxEmitter::combine(OpBuilder &b, Fold fold, Value x, Value y) {
  if (fold == Fold::Sum)
    return arith::AddFOp::create(b, loc, x, y);
  return arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y), x, y);
}

/// All elements of some vectors in one number; the shorter ones come last.
Value SoftmaxEmitter::foldPieces(OpBuilder &b, Fold fold, ArrayRef<Value> vectors) {
  SmallVector<Value> parts;
  for (Value vector : vectors)
    if (!parts.empty() && parts.back().getType() == vector.getType())
      parts.back() = combine(b, fold, vector, parts.back());
    else
      parts.push_back(vector);
  Value result;
  for (Value part : parts) {
    if (isa<VectorType>(part.getType()))
      part = fold == Fold::Sum ? vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, part, arith::FastMathFlags::reassoc)
                               : vector::ReductionOp::create(b, loc, vector::CombiningKind::MAXNUMF, part);
    result = result ? combine(b, fold, part, result) : part;
  }
  return result;
}

/// The terms of a long row in one number.
Value SoftmaxEmitter::foldRow(OpBuilder &b, Fold fold, Value start, Term term) {
  SmallVector<Value> sums(kUnroll, start);
  sums = emitLoop(b, loc, 0, looped, kUnroll * lanes, sums, [&](OpBuilder &inner, Value at, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [u, sum] : llvm::enumerate(carried))
      next.push_back(combine(inner, fold, term(inner, at, {static_cast<int64_t>(u) * lanes, lanes}), sum));
    return next;
  });
  for (Piece piece : pieces)
    sums.push_back(term(b, Value(), piece));
  return foldPieces(b, fold, sums);
}

/// Calls `body` for the vectors of a long row, in a loop for most.
void SoftmaxEmitter::forPieces(OpBuilder &b, llvm::function_ref<void(OpBuilder &, Value, Piece)> body) {
  emitLoop(b, loc, 0, looped, kUnroll * lanes, {}, [&](OpBuilder &inner, Value at, ValueRange) {
    for (int64_t u = 0; u < kUnroll; ++u)
      body(inner, at, {u * lanes, lanes});
    return SmallVector<Value>();
  });
  for (Piece piece : pieces)
    body(b, Value(), piece);
}

static Value addressOf(OpBuilder &b, Location loc, const LinearView &view, Value row, Value at, int64_t begin) {
  LinearIndex index(view.offset + begin);
  index.add(row, view.strides[0]);
  if (at)
    index.add(at, 1);
  return index.emit(b, loc);
}

Value SoftmaxEmitter::load(OpBuilder &b, const LinearView &view, Value row, Value at, Piece piece) {
  return loadLanes(b, loc, view.row, addressOf(b, loc, view, row, at, piece.begin), piece.lanes);
}

void SoftmaxEmitter::store(OpBuilder &b, Value vector, Value row, Value at, Piece piece) {
  storeLanes(b, loc, vector, output.row, addressOf(b, loc, output, row, at, piece.begin));
}

Value SoftmaxEmitter::power(OpBuilder &b, Value x, Value largest, Piece piece) {
  Value difference = arith::SubFOp::create(b, loc, x, splat(b, loc, largest, piece.lanes)); // not positive, and rounded
  return math::ExpOp::create(b, loc, difference, arith::FastMathFlags::afn);
}

/// A division takes ten times as long as a product: one for each sum, not one for each element.
Value SoftmaxEmitter::invert(OpBuilder &b, Value sum) {
  return arith::DivFOp::create(b, loc, arith::ConstantOp::create(b, loc, b.getF32FloatAttr(1)), sum);
}

void SoftmaxEmitter::emitShortRow(OpBuilder &b, Value row) {
  SmallVector<Value> vectors;
  for (Piece piece : pieces)
    vectors.push_back(load(b, input, row, Value(), piece));
  Value largest = foldPieces(b, Fold::Largest, vectors);
  for (auto [vector, piece] : llvm::zip(vectors, pieces))
    vector = power(b, vector, largest, piece);
  Value factor = invert(b, foldPieces(b, Fold::Sum, vectors));
  for (auto [vector, piece] : llvm::zip(vectors, pieces))
    store(b, arith::MulFOp::create(b, loc, vector, splat(b, loc, factor, piece.lanes)), row, Value(), piece);
}

void SoftmaxEmitter::emitLongRow(OpBuilder &b, Value row) {
  auto type = VectorType::get({lanes}, input.element);
  Value zero = arith::ConstantOp::create(b, loc, cast<TypedAttr>(b.getZeroAttr(type)));
  Value largest = foldRow(b, Fold::Largest, load(b, input, row, Value(), {0, lanes}),
                          [&](OpBuilder &inner, Value at, Piece piece) { return load(inner, input, row, at, piece); });
  Value sum = foldRow(b, Fold::Sum, zero, [&](OpBuilder &inner, Value at, Piece piece) {
    Value vector = power(inner, load(inner, input, row, at, piece), largest, piece);
    store(inner, vector, row, at, piece);
    return vector;
  });
  Value factor = invert(b, sum);
  forPieces(b, [&](OpBuilder &inner, Value at, Piece piece) {
    Value vector = load(inner, output, row, at, piece);
    store(inner, arith::MulFOp::create(inner, loc, vector, splat(inner, loc, factor, piece.lanes)), row, at, piece);
  });
}

namespace {
struct EmitSoftmaxPass : bn::impl::EmitSoftmaxPassBase<EmitSoftmaxPass> {
  using EmitSoftmaxPassBase::EmitSoftmaxPassBase;

  void runOnOperation() override {
    auto emit = [&](auto op, OpBuilder &builder) { return SoftmaxEmitter(op, registers, vectorBits).emit(builder); };
    if (failed(emitEach<kernel::SoftmaxOp>(getOperation(), emit)))
      signalPassFailure();
  }
};
} // namespace
