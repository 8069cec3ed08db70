// ParallelLoop.cpp - the loops that the worker pool shares: scf.forall with an estimate of its work.
// SPDX-License-Identifier: Apache-2.0

#include "ParallelLoop.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

void bn::emitParallel(OpBuilder &builder, Location loc, ArrayRef<int64_t> sizes, int64_t work,
                      llvm::function_ref<void(OpBuilder &, ValueRange)> body) {
  SmallVector<OpFoldResult> bounds = getAsIndexOpFoldResult(builder.getContext(), sizes);
  if (bounds.empty())
    bounds.push_back(builder.getIndexAttr(1));
  auto loop = scf::ForallOp::create(builder, loc, bounds, ValueRange(), std::nullopt, [&](OpBuilder &b, Location l, ValueRange ivs) {
    body(b, sizes.empty() ? ValueRange() : ivs);
    scf::InParallelOp::create(b, l);
  });
  loop->setAttr(kWorkAttr, builder.getI64IntegerAttr(work));
}

SmallVector<Value>
bn::emitLoop(OpBuilder &builder, Location loc, int64_t begin, int64_t end, int64_t step, ValueRange carried,
             llvm::function_ref<SmallVector<Value>(OpBuilder &, Value, ValueRange)> body) {
  auto index = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); };
  if (begin >= end)
    return carried;
  if (begin + step >= end)
    return body(builder, index(begin), carried);
  auto loop = scf::ForOp::create(builder, loc, index(begin), index(end), index(step), carried,
                                 [&](OpBuilder &b, Location l, Value iv, ValueRange arguments) {
                                   scf::YieldOp::create(b, l, body(b, iv, arguments));
                                 });
  return loop.getResults();
}

std::pair<Value, Value> bn::findPart(OpBuilder &builder, Location loc, int64_t iterations, Value part, int64_t parts) {
  auto index = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); };
  Value next = arith::AddIOp::create(builder, loc, part, index(1));
  auto firstOf = [&](Value number) {
    return arith::DivUIOp::create(builder, loc, arith::MulIOp::create(builder, loc, number, index(iterations)), index(parts));
  };
  Value begin = firstOf(part);
  return {begin, firstOf(next)};
}

void bn::emitPart(OpBuilder &builder, Location loc, int64_t iterations, Value part, int64_t parts,
                  llvm::function_ref<void(OpBuilder &, Value)> body) {
  if (iterations == parts)
    return body(builder, part);
  auto [begin, end] = findPart(builder, loc, iterations, part, parts);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto loop = scf::ForOp::create(builder, loc, begin, end, one, {}, [&](OpBuilder &inner, Location, Value iteration, ValueRange) {
    body(inner, iteration);
    scf::YieldOp::create(inner, loc);
  });
  loop->setAttr(kTripsAttr, builder.getF64FloatAttr(static_cast<double>(iterations) / parts));
}

SmallVector<Value> bn::delinearize(OpBuilder &builder, Location loc, Value linear, ArrayRef<int64_t> sizes) {
  SmallVector<Value> indices(sizes.size());
  for (size_t i = sizes.size(); i-- > 0;) {
    if (i == 0) {
      indices[i] = linear;
      break;
    }
    Value size = arith::ConstantIndexOp::create(builder, loc, sizes[i]);
    indices[i] = arith::RemUIOp::create(builder, loc, linear, size);
    linear = arith::DivUIOp::create(builder, loc, linear, size);
  }
  return indices;
}
