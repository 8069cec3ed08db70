// EmitGeneric.cpp - emits loops over vectors for linalg ops and copies.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (parallel dimensions but the vector one)
//     for v in steps of a vector                           several vectors at once where there is a reduction
//       accumulators = load outputs
//       for (reduced dimensions)   accumulators = body(inputs, accumulators)
//       store accumulators
//
// When the vector dimension itself is reduced, accumulators are vectors of partial results, combined at the end.

#include "LoopNest.h"
#include "ParallelLoop.h"
#include "StreamedStores.h"
#include "VectorBody.h"
#include "bn/Codegen/Passes.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"

namespace bn {
#define GEN_PASS_DEF_EMITGENERICPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Iterations of one forall are split no finer than this along the vector dimension.
static constexpr int64_t kMaxSplit = 64;
/// Fewer outer iterations than this do not keep all workers busy; the vector dimension is split, too.
static constexpr int64_t kFewIterations = 8;
/// Vector operations that several workers are worth waking for.
static constexpr int64_t kWorthSplitting = 32768;
/// Vectors of accumulators in flight where there is a reduction.
static constexpr int64_t kReductionUnroll = 4;

namespace {
/// A stretch of the vector dimension: `count` steps of `unroll` vectors of `lanes`.
struct Stretch {
  int64_t begin, count, lanes, unroll;
  int64_t step() const { return lanes * unroll; }
};

class GenericEmitter {
public:
  explicit GenericEmitter(LoopNest nest) : nest(std::move(nest)), loc(this->nest.op.getLoc()) {}
  void emit(OpBuilder &builder);

private:
  SmallVector<Stretch> stretches() const;
  int64_t work();
  void emitStretch(OpBuilder &builder, SmallVector<Value> indices, const Stretch &stretch);
  void emitPoint(OpBuilder &builder, SmallVector<Value> indices, const Stretch &stretch);
  void emitVectorReduction(OpBuilder &builder, SmallVector<Value> indices);
  bool streams();
  void emitStreams(OpBuilder &builder, SmallVector<int64_t> sizes, int64_t pieces,
                   llvm::function_ref<SmallVector<Value>(ValueRange)> indicesOf);
  SmallVector<Value> emitReductions(OpBuilder &builder, SmallVector<Value> indices, ArrayRef<unsigned> loops, ValueRange carried,
                                    const Stretch &stretch);
  SmallVector<Value> emitBodies(OpBuilder &builder, ArrayRef<Value> indices, ValueRange carried, const Stretch &stretch);
  Value address(OpBuilder &builder, unsigned operand, ArrayRef<Value> indices, int64_t shift);
  Value load(OpBuilder &builder, unsigned operand, ArrayRef<Value> indices, int64_t shift, int64_t lanes);
  unsigned inputs() { return nest.op.getNumDpsInputs(); }
  SmallVector<unsigned> reducedDims(bool withVectors) const;

  LoopNest nest;
  Location loc;
};
} // namespace

SmallVector<unsigned> GenericEmitter::reducedDims(bool withVectors) const {
  SmallVector<unsigned> loops;
  for (auto [i, dim] : llvm::enumerate(nest.dims))
    if (dim.reduction && (withVectors || static_cast<int64_t>(i) != nest.vectorDim))
      loops.push_back(i);
  return loops;
}

SmallVector<Stretch> GenericEmitter::stretches() const {
  int64_t size = nest.dims[nest.vectorDim].size, lanes = nest.lanes, begin = 0;
  SmallVector<Stretch> result;
  int64_t unroll = reducedDims(true).empty() ? 1 : kReductionUnroll;
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

/// The body once for each vector in flight; `carried` holds the outputs' values, vector by vector.
SmallVector<Value> GenericEmitter::emitBodies(OpBuilder &builder, ArrayRef<Value> indices, ValueRange carried, const Stretch &stretch) {
  unsigned outputs = nest.op.getNumDpsInits();
  SmallVector<Value> results;
  for (int64_t u = 0; u < stretch.unroll; ++u) {
    int64_t shift = u * stretch.lanes;
    SmallVector<Value> arguments;
    for (unsigned i = 0; i < inputs(); ++i)
      arguments.push_back(load(builder, i, indices, shift, stretch.lanes));
    llvm::append_range(arguments, carried.slice(u * outputs, outputs));
    auto indexOf = [&](uint64_t dim) -> Value {
      if (static_cast<int64_t>(dim) != nest.vectorDim)
        return indices[dim];
      Value first = LinearIndex(shift).add(indices[dim], 1).emit(builder, loc);
      if (stretch.lanes == 1)
        return first;
      auto lanes = llvm::to_vector(llvm::seq<int64_t>(0, stretch.lanes));
      Value iota = arith::ConstantOp::create(builder, loc, builder.getIndexVectorAttr(lanes));
      return arith::AddIOp::create(builder, loc, splat(builder, loc, first, stretch.lanes), iota);
    };
    llvm::append_range(results, emitBody(builder, *nest.op.getBody(), arguments, stretch.lanes, indexOf));
  }
  return results;
}

SmallVector<Value> GenericEmitter::emitReductions(OpBuilder &builder, SmallVector<Value> indices, ArrayRef<unsigned> loops,
                                                  ValueRange carried, const Stretch &stretch) {
  if (loops.empty())
    return emitBodies(builder, indices, carried, stretch);
  return emitLoop(builder, loc, 0, nest.dims[loops[0]].size, 1, carried, [&](OpBuilder &b, Value iv, ValueRange inner) {
    indices[loops[0]] = iv;
    return emitReductions(b, indices, loops.drop_front(), inner, stretch);
  });
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

void GenericEmitter::emitVectorReduction(OpBuilder &builder, SmallVector<Value> indices) {
  SmallVector<Operation *> combiners;
  (void)matchReduction(nest.op.getRegionOutputArgs(), 0, combiners);
  Value neutral = arith::ConstantOp::create(builder, loc, *arith::getNeutralElement(combiners[0]));
  Value out = load(builder, inputs(), indices, 0, 1);
  for (const Stretch &stretch : stretches()) {
    auto overVectors = [&](OpBuilder &b, SmallVector<Value> at, ValueRange inner) {
      return emitLoop(b, loc, stretch.begin, stretch.begin + stretch.count * stretch.step(), stretch.step(), inner,
                      [&](OpBuilder &b2, Value iv, ValueRange partial) {
                        at[nest.vectorDim] = iv;
                        return emitBodies(b2, at, partial, stretch);
                      });
    };
    std::function<SmallVector<Value>(OpBuilder &, SmallVector<Value>, ArrayRef<unsigned>, ValueRange)> overLoops =
        [&](OpBuilder &b, SmallVector<Value> at, ArrayRef<unsigned> loops, ValueRange inner) -> SmallVector<Value> {
      if (loops.empty())
        return overVectors(b, at, inner);
      return emitLoop(b, loc, 0, nest.dims[loops[0]].size, 1, inner, [&](OpBuilder &b2, Value iv, ValueRange next) {
        at[loops[0]] = iv;
        return overLoops(b2, at, loops.drop_front(), next);
      });
    };
    SmallVector<Value> start(stretch.unroll, splat(builder, loc, neutral, stretch.lanes));
    for (Value partial : overLoops(builder, indices, reducedDims(false), start)) {
      if (stretch.lanes > 1)
        partial = vector::ReductionOp::create(builder, loc, *linalg::getCombinerOpKind(combiners[0]), partial,
                                              arith::FastMathFlags::reassoc);
      IRMapping mapping;
      mapping.map(combiners[0]->getOperands(), ValueRange{out, partial});
      out = builder.clone(*combiners[0], mapping)->getResult(0);
    }
  }
  storeLanes(builder, loc, out, nest.operands[inputs()].view.row, address(builder, inputs(), indices, 0));
}

void GenericEmitter::emitStretch(OpBuilder &builder, SmallVector<Value> indices, const Stretch &stretch) {
  emitLoop(builder, loc, stretch.begin, stretch.begin + stretch.count * stretch.step(), stretch.step(), {},
           [&](OpBuilder &b, Value iv, ValueRange) {
             indices[nest.vectorDim] = iv;
             emitPoint(b, indices, stretch);
             return SmallVector<Value>();
           });
}

/// Whether the result, too large for the cache, goes past it. One that overwrites an input is in cache already.
bool GenericEmitter::streams() {
  NestOperand &out = nest.operands.back();
  if (!reducedDims(true).empty() || nest.op.getNumDpsInits() != 1 || nest.lanes < 4 || !llvm::isPowerOf2_64(nest.lanes) ||
      nest.op.payloadUsesValueFromOperand(nest.op.getDpsInitOperand(0)) || nest.dims[nest.vectorDim].steps.back() != 1)
    return false;
  int64_t bytes = 0;
  for (auto [i, operand] : llvm::enumerate(nest.operands)) {
    if (operand.scalar)
      continue;
    if (!operand.output && nest.op->getOperand(i) == nest.op.getDpsInits()[0])
      return false;
    int64_t size = operand.view.element.getIntOrFloatBitWidth() / 8;
    for (const NestDim &dim : nest.dims)
      size *= dim.steps[i] ? dim.size : 1;
    bytes += size;
  }
  return shouldStream(bytes) && out.linear;
}

/// A forall over the outer loops and `pieces` of the vector dimension.
void GenericEmitter::emitStreams(OpBuilder &builder, SmallVector<int64_t> sizes, int64_t pieces,
                                 llvm::function_ref<SmallVector<Value>(ValueRange)> indicesOf) {
  int64_t size = nest.dims[nest.vectorDim].size, each = llvm::divideCeil(llvm::divideCeil(size, pieces), nest.lanes) * nest.lanes;
  sizes.push_back(llvm::divideCeil(size, each));
  unsigned out = nest.operands.size() - 1;
  emitParallel(builder, loc, sizes, work(), [&](OpBuilder &b, ValueRange ivs) {
    SmallVector<Value> indices = indicesOf(ivs.drop_back());
    Value first = LinearIndex().add(ivs.back(), each).emit(b, loc);
    indices[nest.vectorDim] = first;
    Value left = LinearIndex(size).add(first, -1).emit(b, loc);
    Value count = arith::MinUIOp::create(b, loc, left, arith::ConstantIndexOp::create(b, loc, each));
    emitStreamed(b, loc, nest.operands[out].view, address(b, out, indices, 0), count, nest.lanes,
                 [&](OpBuilder &inner, Value begin, int64_t lanes, bool aligned) {
                   indices[nest.vectorDim] = arith::AddIOp::create(inner, loc, first, begin);
                   Value result = emitBodies(inner, indices, Value(), {0, 1, lanes, 1})[0];
                   Value at = address(inner, out, indices, 0), row = nest.operands[out].view.row;
                   if (aligned)
                     storeStreamed(inner, loc, result, row, at);
                   else
                     storeLanes(inner, loc, result, row, at);
                 });
  });
}

/// The largest divisor of n that is at most `limit`.
static int64_t largestDivisor(int64_t n, int64_t limit) {
  int64_t divisor = std::min(n, limit);
  while (n % divisor)
    --divisor;
  return divisor;
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
  if (streams())
    return emitStreams(builder, sizes, iterations < kFewIterations ? kMaxSplit : 1, indicesOf);
  SmallVector<Stretch> parts = stretches();
  if (iterations < kFewIterations && parts[0].count > 1 && work() > kWorthSplitting) {
    Stretch first = parts[0];
    int64_t split = largestDivisor(first.count, kMaxSplit), each = first.count / split;
    SmallVector<int64_t> withSplit = sizes;
    withSplit.push_back(split);
    emitParallel(builder, loc, withSplit, work(), [&](OpBuilder &b, ValueRange ivs) {
      SmallVector<Value> indices = indicesOf(ivs.drop_back());
      emitLoop(b, loc, 0, each * first.step(), first.step(), {}, [&](OpBuilder &b2, Value iv, ValueRange) {
        indices[nest.vectorDim] = LinearIndex().add(ivs.back(), each * first.step()).add(iv, 1).emit(b2, loc);
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

namespace {
struct EmitGenericPass : bn::impl::EmitGenericPassBase<EmitGenericPass> {
  using EmitGenericPassBase::EmitGenericPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<linalg::LinalgOp, memref::CopyOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (failed(emit(rewriter, op)))
        return signalPassFailure();
  }

  LogicalResult emit(IRRewriter &rewriter, Operation *op) {
    rewriter.setInsertionPoint(op);
    linalg::GenericOp generic = dyn_cast<linalg::GenericOp>(op);
    if (auto copy = dyn_cast<memref::CopyOp>(op)) {
      generic = linalg::makeMemRefCopyOp(rewriter, op->getLoc(), copy.getSource(), copy.getTarget());
      rewriter.eraseOp(op);
    } else if (!generic) {
      FailureOr<linalg::GenericOp> general = linalg::generalizeNamedOp(rewriter, cast<linalg::LinalgOp>(op));
      if (failed(general))
        return op->emitOpError("expected an op with a generic form");
      generic = *general;
    }
    rewriter.setInsertionPoint(generic);
    FailureOr<LoopNest> nest = LoopNest::get(rewriter, generic);
    if (failed(nest))
      return generic.emitOpError("expected memrefs of static layout");
    nest->chooseVectors(vectorBits);
    GenericEmitter(*nest).emit(rewriter);
    rewriter.eraseOp(generic);
    return success();
  }
};
} // namespace
