// StrassenSides.cpp - the left sides of the products of Strassen's method: quarters of the input and their sums.
// SPDX-License-Identifier: Apache-2.0

#include "StrassenSides.h"
#include "ParallelLoop.h"
#include "SpreadRows.h"

using namespace mlir;
using namespace bn;

LeftSides::LeftSides(Location loc, const LinearView &input, int64_t width, bool merges, const StrassenProblem &problem,
                     const StrassenCuts &cuts)
    : loc(loc), input(input), width(width), merges(merges), problem(problem), parts(cuts.pairParts),
      scratchBlock(countPartPairs(problem, cuts) * problem.block),
      scratchSide(spreadRow(problem.depth / problem.block * scratchBlock, input.element)) {}

std::pair<Value, Value> bn::splitPosition(OpBuilder &builder, Location loc, Value position, int64_t width) {
  Value size = arith::ConstantIndexOp::create(builder, loc, width);
  return {arith::DivUIOp::create(builder, loc, position, size), arith::RemUIOp::create(builder, loc, position, size)};
}

/// Where the vector of a position in a block of input channels is.
Value LeftSides::addressOf(OpBuilder &builder, Value image, Value inputBlock, Value position) const {
  LinearIndex index(input.offset);
  index.add(image, input.strides[0]).add(inputBlock, input.strides[1]);
  if (merges)
    return index.add(position, input.strides[3]).emit(builder, loc);
  auto [row, column] = splitPosition(builder, loc, position, width);
  return index.add(row, input.strides[2]).add(column, input.strides[3]).emit(builder, loc);
}

void LeftSides::emit(OpBuilder &builder, Value image, Value begin, Value end) {
  first = begin;
  scratch = allocateOnStack(builder, loc, problem.sides() * scratchSide, input.element);
  emitLoop(builder, loc, 0, problem.depth / problem.block, 1, {}, [&](OpBuilder &outer, Value inputBlock, ValueRange) {
    Value one = arith::ConstantIndexOp::create(outer, loc, 1);
    auto loop = scf::ForOp::create(outer, loc, begin, end, one, {}, [&](OpBuilder &inner, Location, Value pair, ValueRange) {
      Value second = LinearIndex(problem.pairs()).add(pair, 1).emit(inner, loc);
      if (problem.positions % 2)
        second = arith::MinUIOp::create(inner, loc, second, arith::ConstantIndexOp::create(inner, loc, problem.positions - 1));
      Value quarters[2][2]; // [position][input]
      for (int64_t half : {0, 1}) {
        Value address = addressOf(inner, image, inputBlock, half ? second : pair);
        for (int64_t inputHalf : {0, 1}) {
          Value from = LinearIndex(inputHalf * problem.depth / problem.block * input.strides[1]).add(address, 1).emit(inner, loc);
          quarters[half][inputHalf] = loadLanes(inner, loc, input.row, from, problem.block);
        }
      }
      Value s1 = arith::AddFOp::create(inner, loc, quarters[1][0], quarters[1][1]);
      Value s2 = arith::SubFOp::create(inner, loc, s1, quarters[0][0]);
      Value s3 = arith::SubFOp::create(inner, loc, quarters[0][0], quarters[1][0]);
      Value s4 = arith::SubFOp::create(inner, loc, quarters[0][1], s2);
      LinearIndex to;
      to.add(inputBlock, scratchBlock).add(pair, problem.block).add(begin, -problem.block);
      SmallVector<Value> sides{s2, s3, s1, s4};
      if (problem.copies)
        sides.append({quarters[0][0], quarters[0][1], quarters[1][1]});
      for (auto [side, value] : llvm::enumerate(sides))
        storeLanes(inner, loc, value, scratch, LinearIndex(to).add(side * scratchSide).emit(inner, loc));
      scf::YieldOp::create(inner, loc);
    });
    loop->setAttr(kTripsAttr, outer.getF64FloatAttr(static_cast<double>(problem.pairs()) / parts));
    return SmallVector<Value>();
  });
}

LeftSide LeftSides::find(OpBuilder &builder, Value image, Value pair, Value product) const {
  auto number = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto choose = [&](Value condition, Value a, Value b) -> Value { return arith::SelectOp::create(builder, loc, condition, a, b); };
  auto compare = [&](arith::CmpIPredicate predicate, int64_t value) -> Value {
    return arith::CmpIOp::create(builder, loc, predicate, product, number(value));
  };
  Value isFirst = compare(arith::CmpIPredicate::eq, 0), isFourth = compare(arith::CmpIPredicate::eq, 4);
  Value isQuarter = arith::OrIOp::create(builder, loc, compare(arith::CmpIPredicate::ult, 2), isFourth);
  // Sums are left sides of products 2, 3, 5 and 6, copied quarters of products 0, 1 and 4.
  Value side = choose(compare(arith::CmpIPredicate::ugt, 4), LinearIndex(-3).add(product, 1).emit(builder, loc),
                      LinearIndex(-2).add(product, 1).emit(builder, loc));
  if (problem.copies)
    side =
        choose(isQuarter, choose(isFourth, number(kStrassenSums + 2), LinearIndex(kStrassenSums).add(product, 1).emit(builder, loc)), side);
  Value inScratch = LinearIndex().add(side, scratchSide).add(pair, problem.block).add(first, -problem.block).emit(builder, loc);
  if (problem.copies)
    return {scratch, inScratch, number(scratchBlock)};
  LinearIndex index(input.offset);
  index.add(image, input.strides[0]).add(pair, input.strides[3]);
  index.add(choose(isFirst, number(0), number(problem.depth / problem.block * input.strides[1])), 1);
  index.add(choose(isFourth, number(problem.pairs() * input.strides[3]), number(0)), 1);
  auto toRow = [&](Value row) -> Value {
    return memref::CastOp::create(builder, loc, MemRefType::get({ShapedType::kDynamic}, input.element), row);
  };
  return {choose(isQuarter, toRow(input.row), toRow(scratch)), choose(isQuarter, index.emit(builder, loc), inScratch),
          choose(isQuarter, number(input.strides[1]), number(scratchBlock))};
}
