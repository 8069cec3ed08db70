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

void NormalizeSums::accumulateShortRows(OpBuilder &builder, const Position &at, ArrayRef<GroupRange> ranges, Region &terms, Value begin,
                                        Value end, const Beside *beside) {
  int64_t count = op.countYields(terms), size = nest.dims.back().size;
  SmallVector<int64_t> widths;                     // of the sums: of whole vectors, then of those that make the rest
  SmallVector<std::pair<int64_t, int64_t>> pieces; // of a row: lanes, and which sums they add to
  for (int64_t lanes = nest.lanes, rest = size, all = size / nest.lanes; lanes > 0; lanes /= 2)
    for (; rest >= lanes; rest -= lanes) {
      if (lanes < nest.lanes || static_cast<int64_t>(widths.size()) < std::min(all, kShortUnroll))
        widths.push_back(lanes);
      pieces.push_back({lanes, lanes < nest.lanes ? widths.size() - 1 : pieces.size() % kShortUnroll});
    }
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(terms.front().getTerminator()->getOperand(0).getType()));
  forEachGroup(builder, at, ranges, 1, [&](OpBuilder &b, const Position &group, Lanes) {
    SmallVector<Value> perGroup = loadTermArguments(b, group, 0, 1, terms), others, zeros;
    if (beside)
      others = beside->load(b, group);
    for (int64_t lanes : widths)
      zeros.append(count, splat(b, loc, zero, lanes));
    auto addRow = [&](OpBuilder &inner, Location, Value block, ValueRange carried) {
      SmallVector<Value> sums(carried);
      Position row = group;
      for (auto [dim, index] : llvm::zip(blockDims, delinearize(inner, loc, block, blockSizes)))
        row.indices[dim] = index;
      row.indices[nest.inner()] = constant(inner, 0);
      int64_t shift = 0;
      for (auto [lanes, target] : pieces) {
        if (beside)
          prefetchAhead(inner, row, shift);
        SmallVector<Value> more;
        addTerms(inner, row, shift, lanes, terms, perGroup, ValueRange(sums).slice(target * count, count), more);
        llvm::copy(more, sums.begin() + target * count);
        if (beside)
          beside->emit(inner, row, shift, lanes, others);
        shift += lanes;
      }
      scf::YieldOp::create(inner, loc, sums);
    };
    scf::ForOp::create(b, loc, begin, end, constant(b, kRowsAtOnce), {}, [&](OpBuilder &outer, Location, Value from, ValueRange) {
      Value to = arith::MinUIOp::create(outer, loc, LinearIndex(kRowsAtOnce).add(from, 1).emit(outer, loc), end);
      auto rows = scf::ForOp::create(outer, loc, from, to, constant(outer, 1), zeros, addRow);
      SmallVector<Value> numbers;
      for (auto [i, sum] : llvm::enumerate(rows.getResults()))
        numbers.push_back(widths[i / count] == 1
                              ? Value(sum)
                              : vector::ReductionOp::create(outer, loc, vector::CombiningKind::ADD, sum, arith::FastMathFlags::reassoc));
      for (unsigned i = 0; i < numbers.size(); i += count)
        storeSums(outer, group, 1, count, ArrayRef(numbers).slice(i, count), Value());
      scf::YieldOp::create(outer, loc);
    });
  });
}
