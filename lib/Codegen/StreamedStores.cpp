// StreamedStores.cpp - stores past the cache, for results that are too large to stay in it.
// SPDX-License-Identifier: Apache-2.0

#include "StreamedStores.h"
#include "Caches.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

/// What is smaller may still be in the last cache when it is read next.
static constexpr int64_t kLargeBytes = bn::kLastCache / 2;
/// The shortest vector that can be stored past the cache: the rest of its line comes with a neighbouring row.
static constexpr int64_t kPieceBits = 128;

bool bn::shouldStream(int64_t bytes) { return bytes > kLargeBytes; }

void bn::storeStreamed(OpBuilder &builder, Location loc, Value vector, Value row, Value index) {
  auto type = cast<VectorType>(vector.getType());
  auto store = vector::StoreOp::create(builder, loc, vector, row, index);
  store.setNontemporal(true);
  // Without it the backend falls back to an ordinary store.
  store->setAttr("alignment", builder.getI64IntegerAttr(type.getNumElements() * type.getElementTypeBitWidth() / 8));
}

static Value constant(OpBuilder &builder, Location loc, int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

/// Elements from row[index] to the last multiple of the size of `lanes` elements at or before it.
static Value misalignment(OpBuilder &builder, Location loc, const bn::LinearView &view, Value index, int64_t lanes) {
  int64_t elementBytes = view.element.getIntOrFloatBitWidth() / 8;
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, view.row);
  Value first = arith::DivUIOp::create(builder, loc, base, constant(builder, loc, elementBytes));
  Value at = arith::AddIOp::create(builder, loc, first, index);
  return arith::AndIOp::create(builder, loc, at, constant(builder, loc, lanes - 1));
}

Value bn::isAligned(OpBuilder &builder, Location loc, const LinearView &view, Value index, int64_t lanes) {
  Value rest = misalignment(builder, loc, view, index, lanes);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, rest, constant(builder, loc, 0));
}

void bn::emitStreamed(OpBuilder &builder, Location loc, const LinearView &view, Value first, Value count, int64_t lanes,
                      llvm::function_ref<void(OpBuilder &, Value, int64_t, bool)> body) {
  Value zero = constant(builder, loc, 0), step = constant(builder, loc, lanes);
  int64_t piece = std::min(lanes, std::max<int64_t>(kPieceBits / view.element.getIntOrFloatBitWidth(), 1));
  Value rest = misalignment(builder, loc, view, first, lanes);
  Value missing = arith::AndIOp::create(builder, loc, arith::SubIOp::create(builder, loc, zero, rest), constant(builder, loc, lanes - 1));
  Value head = arith::MinUIOp::create(builder, loc, missing, count);
  Value left = arith::SubIOp::create(builder, loc, count, head);
  Value vectors = arith::SubIOp::create(builder, loc, left, arith::RemUIOp::create(builder, loc, left, step));
  Value tail = arith::AddIOp::create(builder, loc, head, vectors);
  // Pieces start at multiples of their size if the first element and so many before the first whole vector do.
  Value odd = arith::AndIOp::create(builder, loc, arith::OrIOp::create(builder, loc, rest, head), constant(builder, loc, piece - 1));
  Value isEven = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, odd, zero);
  Value headPieces = arith::SelectOp::create(builder, loc, isEven, head, zero);
  Value behind = arith::SubIOp::create(builder, loc, count, tail);
  Value tailPieces = arith::AndIOp::create(builder, loc, behind, constant(builder, loc, -piece));
  Value tailEnd = arith::AddIOp::create(builder, loc, tail, arith::SelectOp::create(builder, loc, isEven, tailPieces, zero));
  auto loop = [&](Value begin, Value end, int64_t width, bool streamed) {
    Value by = constant(builder, loc, width);
    scf::ForOp::create(builder, loc, begin, end, by, ValueRange(), [&](OpBuilder &b, Location l, Value iv, ValueRange) {
      body(b, iv, width, streamed);
      scf::YieldOp::create(b, l);
    });
  };
  if (piece > 1 && piece < lanes)
    loop(zero, headPieces, piece, true);
  else
    headPieces = zero, tailEnd = tail;
  loop(headPieces, head, 1, false);
  loop(head, tail, lanes, true);
  if (piece > 1 && piece < lanes)
    loop(tail, tailEnd, piece, true);
  loop(tailEnd, count, 1, false);
}
