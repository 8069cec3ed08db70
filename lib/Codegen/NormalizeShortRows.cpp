// NormalizeShortRows.cpp - the sums of a kernel.normalize over short rows.
// SPDX-License-Identifier: Apache-2.0
//
// A slab's rows are added up group by group, in vectors over several rows: the sum of a vector's lanes costs as much as a short row.

#include "NormalizeSums.h"
#include "ParallelLoop.h"

using namespace mlir;
using namespace bn;

/// Rows that are summed together, as many as f32 sums well, and the most vectors of one that do not wait for each other.
static constexpr int64_t kRowsAtOnce = 64, kShortUnroll = 4;
/// Groups with rows of less than two lines that are done together where they fill lines: half a line is written for the price of a
/// whole one.
static constexpr int64_t kGroupsTogether = 4, kLineBytes = 64;

int64_t NormalizeSums::groupsOfLine(int64_t groups) const {
  int64_t row = nest.dims.back().size * nest.views[0].element.getIntOrFloatBitWidth() / 8;
  bool fills = row < 2 * kLineBytes && kGroupsTogether * row % kLineBytes == 0;
  return fills && groups % kGroupsTogether == 0 ? kGroupsTogether : 1;
}

void NormalizeSums::accumulateShortRows(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, Region &terms, Value begin,
                                        Value end, const Beside *beside) {
  int64_t count = op.countYields(terms), size = nest.dims.back().size;
  int64_t together = ranges.empty() ? 1 : groupsOfLine(ranges.back().count), most = kShortUnroll / together;
  SmallVector<int64_t> widths;                     // of a group's sums: of whole vectors, then of those that make the rest
  SmallVector<std::pair<int64_t, int64_t>> pieces; // of a row: lanes, and which sums they add to
  for (int64_t lanes = nest.lanes, rest = size, all = size / nest.lanes; lanes > 0; lanes /= 2)
    for (; rest >= lanes; rest -= lanes) {
      if (lanes < nest.lanes || static_cast<int64_t>(widths.size()) < std::min(all, most))
        widths.push_back(lanes);
      pieces.push_back({lanes, lanes < nest.lanes ? widths.size() - 1 : pieces.size() % most});
    }
  int64_t perGroupSums = widths.size() * count;
  Type element = cast<FloatType>(terms.front().getTerminator()->getOperand(0).getType());
  auto addGroups = [&](OpBuilder &b, ArrayRef<Position> groups) {
    SmallVector<Values> perGroup, others(groups.size());
    SmallVector<Value> zeros;
    Value zero = arith::ConstantOp::create(b, loc, b.getFloatAttr(element, 0));
    for (auto [group, other] : llvm::zip_equal(groups, others)) {
      perGroup.push_back(loadTermArguments(b, group, 0, 1, terms));
      if (beside)
        other = beside->load(b, group);
      for (int64_t lanes : widths)
        zeros.append(count, splat(b, loc, zero, lanes));
    }
    auto addRow = [&](OpBuilder &inner, Location, Value block, ValueRange carried) {
      SmallVector<Value> sums(carried), blockIndices = delinearize(inner, loc, block, blockSizes);
      for (auto [g, group] : llvm::enumerate(groups)) {
        Position row = group;
        for (auto [dim, index] : llvm::zip(blockDims, blockIndices))
          row.indices[dim] = index;
        row.indices[nest.inner()] = constant(inner, 0);
        int64_t shift = 0;
        for (auto [lanes, target] : pieces) {
          if (beside)
            prefetchAhead(inner, row, shift);
          SmallVector<Value> more;
          int64_t first = g * perGroupSums + target * count;
          addTerms(inner, row, shift, lanes, terms, perGroup[g], ValueRange(sums).slice(first, count), more);
          llvm::copy(more, sums.begin() + first);
          if (beside)
            beside->emit(inner, row, shift, lanes, others[g]);
          shift += lanes;
        }
      }
      scf::YieldOp::create(inner, loc, sums);
    };
    scf::ForOp::create(b, loc, begin, end, constant(b, kRowsAtOnce), {}, [&](OpBuilder &outer, Location, Value from, ValueRange) {
      Value to = arith::MinUIOp::create(outer, loc, LinearIndex(kRowsAtOnce).add(from, 1).emit(outer, loc), end);
      auto rows = scf::ForOp::create(outer, loc, from, to, constant(outer, 1), zeros, addRow);
      for (auto [i, sum] : llvm::enumerate(rows.getResults())) {
        const Position &group = groups[i / perGroupSums];
        Value number = widths[i % perGroupSums / count] == 1 ? Value(sum)
                                                             : vector::ReductionOp::create(outer, loc, vector::CombiningKind::ADD, sum,
                                                                                           arith::FastMathFlags::reassoc);
        Value before = loadSlot(outer, group, i % count, 0, 1);
        storeSlot(outer, group, i % count, 0, arith::AddFOp::create(outer, loc, before, convert(outer, number, b.getF64Type())));
      }
      scf::YieldOp::create(outer, loc);
    });
  };
  if (together == 1)
    return forEachGroup(builder, at, ranges, 1, [&](OpBuilder &b, const Position &group, Lanes) { addGroups(b, group); });
  Position first = at; // a slab is several groups along the last of their dimensions only
  for (auto [dim, range] : llvm::zip_equal(groupDims, ranges))
    first.indices[dim] = range.begin;
  emitLoop(builder, loc, 0, ranges.back().count, together, {}, [&](OpBuilder &b, Value number, ValueRange) {
    SmallVector<Position> groups(together, first);
    for (auto [k, group] : llvm::enumerate(groups))
      group.indices[groupDims.back()] = LinearIndex(k).add(number, 1).add(ranges.back().begin, 1).emit(b, loc);
    addGroups(b, groups);
    return SmallVector<Value>();
  });
}
