// GenericEmitter.cpp - the loops of one linalg op, over vectors.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (parallel dimensions but the vector one)
//     for v in steps of a vector                           several vectors at once where there is a reduction
//       accumulators = load outputs
//       for (reduced dimensions)   accumulators = body(inputs, accumulators)
//       store accumulators
//
// When the vector dimension itself is reduced (GenericReductions.cpp), accumulators are vectors of partial results, combined at the end.
// Results that are too large for the cache go past it (GenericStreams.cpp); what is read across its rows is transposed in registers
// (GenericTransposes.cpp).

#include "GenericEmitter.h"

#include "ParallelLoop.h"
#include "VectorBody.h"
#include "mlir/Dialect/Affine/Utils.h"

using namespace mlir;
using namespace bn;

/// Vector operations that several workers are worth waking for.
static constexpr int64_t kWorthSplitting = 32768;
/// What the operands of a row may take of the first cache where rows share some of them.
static constexpr int64_t kStripBytes = 16384;
/// Fewer steps of a strip's loop are not worth its beginning.
static constexpr int64_t kMinStrip = 16;
/// Vectors of accumulators in flight where there is a reduction, and where each is a column: rows far apart are worth more of each.
static constexpr int64_t kReductionUnroll = 4, kColumnUnroll = 8;

SmallVector<unsigned> GenericEmitter::reducedDims(bool withVectors) const {
  SmallVector<unsigned> loops;
  for (auto [i, dim] : llvm::enumerate(nest.dims))
    if (dim.reduction && (withVectors || static_cast<int64_t>(i) != nest.vectorDim))
      loops.push_back(i);
  return loops;
}

SmallVector<Stretch> GenericEmitter::stretches() {
  int64_t size = nest.dims[nest.vectorDim].size, lanes = nest.lanes, begin = 0;
  SmallVector<Stretch> result;
  bool sumsColumns = !nest.reducesVectors() && inputs() == 1;
  int64_t unroll = reducedDims(true).empty() ? 1 : sumsColumns ? kColumnUnroll : kReductionUnroll;
  SmallVector<Stretch> candidates{{0, 0, lanes, unroll}, {0, 0, lanes, 1}};
  if (nest.wantsPowersOfTwo())
    for (int64_t half = lanes / 2; half > 0; half /= 2)
      candidates.push_back({0, 0, half, 1});
  else
    candidates.push_back({0, 0, size % lanes, 1});
  for (Stretch stretch : candidates) {
    if (stretch.lanes == 0)
      continue;
    stretch.begin = begin;
    stretch.count = (size - begin) / stretch.step();
    begin += stretch.count * stretch.step();
    if (stretch.count)
      result.push_back(stretch);
  }
  return result;
}

int64_t GenericEmitter::work() {
  int64_t points = 1 + llvm::range_size(nest.op.getRegion().front().getOperations()) + nest.operands.size();
  for (const NestDim &dim : nest.dims)
    points *= dim.size;
  return points / nest.lanes;
}

Value GenericEmitter::address(OpBuilder &builder, unsigned operand, ArrayRef<Value> indices, int64_t shift) {
  const NestOperand &o = nest.operands[operand];
  LinearIndex index(o.view.offset);
  if (o.linear) {
    for (auto [dim, iv] : llvm::zip_equal(nest.dims, indices))
      index.add(iv, dim.steps[operand]);
    if (nest.vectorDim >= 0)
      index.add(shift * nest.dims[nest.vectorDim].steps[operand]);
    return index.emit(builder, loc);
  }
  std::optional<SmallVector<Value, 8>> own = affine::expandAffineMap(builder, loc, o.map, indices);
  for (auto [value, stride] : llvm::zip_equal(*own, o.view.strides))
    index.add(value, stride);
  return index.emit(builder, loc);
}

Value GenericEmitter::load(OpBuilder &builder, unsigned operand, ArrayRef<Value> indices, int64_t shift, int64_t lanes) {
  const NestOperand &o = nest.operands[operand];
  if (o.scalar)
    return o.scalar;
  int64_t step = nest.vectorDim >= 0 ? nest.dims[nest.vectorDim].steps[operand] : 0;
  if (lanes == 1 || step == 0 || step == 1)
    return loadLanes(builder, loc, o.view.row, address(builder, operand, indices, shift), step == 0 ? 1 : lanes);
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < lanes; ++lane)
    elements.push_back(loadLanes(builder, loc, o.view.row, address(builder, operand, indices, shift + lane), 1));
  return vector::FromElementsOp::create(builder, loc, VectorType::get({lanes}, o.view.element), elements);
}

SmallVector<Value> GenericEmitter::emitVectors(OpBuilder &builder, ArrayRef<Value> indices, ValueRange arguments, int64_t shift,
                                               int64_t lanes) {
  auto indexOf = [&](uint64_t dim) -> Value {
    if (static_cast<int64_t>(dim) != nest.vectorDim)
      return indices[dim];
    Value first = LinearIndex(shift).add(indices[dim], 1).emit(builder, loc);
    if (lanes == 1)
      return first;
    Value iota = arith::ConstantOp::create(builder, loc, builder.getIndexVectorAttr(llvm::to_vector(llvm::seq<int64_t>(0, lanes))));
    return arith::AddIOp::create(builder, loc, splat(builder, loc, first, lanes), iota);
  };
  return emitBody(builder, *nest.op.getBody(), arguments, lanes, indexOf);
}

SmallVector<Value> GenericEmitter::emitBodies(OpBuilder &builder, ArrayRef<Value> indices, ValueRange carried, const Stretch &stretch) {
  unsigned outputs = nest.op.getNumDpsInits();
  SmallVector<Value> results;
  for (int64_t u = 0; u < stretch.unroll; ++u) {
    int64_t shift = u * stretch.lanes;
    SmallVector<Value> arguments;
    for (unsigned i = 0; i < inputs(); ++i)
      arguments.push_back(load(builder, i, indices, shift, stretch.lanes));
    llvm::append_range(arguments, carried.slice(u * outputs, outputs));
    llvm::append_range(results, emitVectors(builder, indices, arguments, shift, stretch.lanes));
  }
  return results;
}

void GenericEmitter::emitPoint(OpBuilder &builder, SmallVector<Value> indices, const Stretch &stretch) {
  unsigned outputs = nest.op.getNumDpsInits();
  SmallVector<Value> carried;
  for (int64_t u = 0; u < stretch.unroll; ++u)
    for (unsigned i = 0; i < outputs; ++i) {
      bool used = nest.op.payloadUsesValueFromOperand(nest.op.getDpsInitOperand(i)) || !reducedDims(true).empty();
      carried.push_back(used ? load(builder, inputs() + i, indices, u * stretch.lanes, stretch.lanes) : Value());
    }
  SmallVector<Value> results = emitReductions(builder, indices, reducedDims(true), carried, stretch);
  for (auto [i, result] : llvm::enumerate(results)) {
    unsigned operand = inputs() + i % outputs;
    Value at = address(builder, operand, indices, i / outputs * stretch.lanes);
    storeLanes(builder, loc, result, nest.operands[operand].view.row, at);
  }
}

void GenericEmitter::emitStretch(OpBuilder &builder, SmallVector<Value> indices, const Stretch &stretch) {
  emitLoop(builder, loc, stretch.begin, stretch.begin + stretch.count * stretch.step(), stretch.step(), {},
           [&](OpBuilder &b, Value iv, ValueRange) {
             indices[nest.vectorDim] = iv;
             emitPoint(b, indices, stretch);
             return SmallVector<Value>();
           });
}

int64_t bn::largestDivisor(int64_t n, int64_t limit) {
  int64_t divisor = std::min(n, limit);
  while (n % divisor)
    --divisor;
  return divisor;
}

bool GenericEmitter::writesVectors() {
  return reducedDims(true).empty() && nest.op.getNumDpsInits() == 1 && nest.vectorDim >= 0 && nest.operands.back().linear &&
         !nest.op.payloadUsesValueFromOperand(nest.op.getDpsInitOperand(0)) && nest.dims[nest.vectorDim].steps.back() == 1;
}

int64_t GenericEmitter::countStrips(const Stretch &stretch) {
  int64_t bytes = 0, vectors = nest.dims[nest.vectorDim].size;
  bool isShared = false;
  for (auto [i, operand] : llvm::enumerate(nest.operands)) {
    if (operand.scalar || !nest.dims[nest.vectorDim].steps[i])
      continue;
    if (!operand.view.element.isIntOrFloat())
      return 1;
    bytes += vectors * operand.view.element.getIntOrFloatBitWidth() / 8;
    isShared |= llvm::any_of(nest.dims, [&, i = i](const NestDim &dim) { return dim.size > 1 && dim.steps[i] == 0; });
  }
  if (!isShared || bytes <= kStripBytes || !reducedDims(true).empty())
    return 1;
  int64_t each = largestDivisor(stretch.count, std::max<int64_t>(stretch.count * kStripBytes / bytes, 1));
  return each < kMinStrip ? 1 : stretch.count / each;
}

void GenericEmitter::emit(OpBuilder &builder) {
  if (llvm::any_of(nest.dims, [](const NestDim &dim) { return dim.size == 0; }))
    return; // no iteration: outputs stay what they are
  SmallVector<unsigned> outer;
  SmallVector<int64_t> sizes;
  int64_t iterations = 1;
  for (auto [i, dim] : llvm::enumerate(nest.dims))
    if (!dim.reduction && static_cast<int64_t>(i) != nest.vectorDim) {
      outer.push_back(i);
      sizes.push_back(dim.size);
      iterations *= dim.size;
    }
  auto indicesOf = [&](ValueRange ivs) {
    SmallVector<Value> indices(nest.dims.size());
    for (auto [i, iv] : llvm::zip(outer, ivs))
      indices[i] = iv;
    return indices;
  };
  if (nest.vectorDim < 0 || nest.reducesVectors())
    return emitParallel(builder, loc, sizes, work(), [&](OpBuilder &b, ValueRange ivs) {
      if (nest.vectorDim < 0)
        emitPoint(b, indicesOf(ivs), {0, 1, 1, 1});
      else
        emitVectorReduction(b, indicesOf(ivs));
    });
  if (int64_t other = findTransposed(); other >= 0)
    return emitTransposes(builder, other);
  if (streams())
    return emitStreams(builder, sizes, iterations < kFewIterations ? kMaxSplit : 1, indicesOf);
  SmallVector<Stretch> parts = stretches();
  int64_t split = countStrips(parts[0]);
  if (split == 1 && iterations < kFewIterations && work() > kWorthSplitting)
    split = largestDivisor(parts[0].count, kMaxSplit);
  if (split > 1) {
    Stretch first = parts[0];
    int64_t each = first.count / split;
    SmallVector<int64_t> withSplit{split}; // outermost, so that all rows pass what they share
    llvm::append_range(withSplit, sizes);
    emitParallel(builder, loc, withSplit, work(), [&](OpBuilder &b, ValueRange ivs) {
      SmallVector<Value> indices = indicesOf(ivs.drop_front());
      emitLoop(b, loc, 0, each * first.step(), first.step(), {}, [&](OpBuilder &b2, Value iv, ValueRange) {
        indices[nest.vectorDim] = LinearIndex().add(ivs.front(), each * first.step()).add(iv, 1).emit(b2, loc);
        emitPoint(b2, indices, first);
        return SmallVector<Value>();
      });
    });
    parts.erase(parts.begin());
  }
  if (!parts.empty())
    emitParallel(builder, loc, sizes, work(), [&](OpBuilder &b, ValueRange ivs) {
      for (const Stretch &stretch : parts)
        emitStretch(b, indicesOf(ivs), stretch);
    });
}
