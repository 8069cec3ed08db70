// TileRange.cpp - the tiles of one part among several of a dimension.
// SPDX-License-Identifier: Apache-2.0

#include "TileRange.h"
#include "LinearView.h"
#include "ParallelLoop.h"

using namespace mlir;
using namespace bn;

TileRange::TileRange(OpBuilder &builder, Location loc, ArrayRef<Span> spans, Value part, int64_t parts)
    : loc(loc), spans(spans), parts(parts) {
  for (const Span &span : spans)
    tiles += span.tiles;
  std::tie(begin, end) = findPart(builder, loc, tiles, part, parts);
}

/// Where a tile starts: those of the first of two spans are larger by one.
Value TileRange::startOf(OpBuilder &builder, Value tile) const {
  LinearIndex start;
  start.add(tile, spans.back().size);
  if (spans.size() > 1)
    start.add(arith::MinUIOp::create(builder, loc, tile, arith::ConstantIndexOp::create(builder, loc, spans.front().tiles)), 1);
  return start.emit(builder, loc);
}

std::pair<Value, Value> TileRange::getExtent(OpBuilder &builder) const {
  Value first = startOf(builder, begin);
  return {first, startOf(builder, end)};
}

void TileRange::emit(OpBuilder &builder, llvm::function_ref<void(OpBuilder &, Value, int64_t)> body) const {
  auto number = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); };
  int64_t first = 0;
  for (const Span &span : spans) {
    Value from = arith::MaxUIOp::create(builder, loc, begin, number(first));
    Value to = arith::MinUIOp::create(builder, loc, end, number(first + span.tiles));
    auto loop = scf::ForOp::create(builder, loc, from, to, number(1), {}, [&](OpBuilder &inner, Location, Value tile, ValueRange) {
      body(inner, startOf(inner, tile), span.size);
      scf::YieldOp::create(inner, loc);
    });
    loop->setAttr(kTripsAttr, builder.getF64FloatAttr(static_cast<double>(span.tiles) / parts));
    first += span.tiles;
  }
}
