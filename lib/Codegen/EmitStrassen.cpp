// EmitStrassen.cpp - emits the loops of a 1×1 convolution by Strassen's method.
// SPDX-License-Identifier: Apache-2.0
//
//   forall (image, part of the pairs of positions, part of the output blocks)
//     for input block, pair: store sums of the input's quarters on the stack                [side][block][pair][b]
//     for tiles of output blocks, tiles of pairs
//       for product in 0 .. 7: accumulators += left · right;   keep the sums that others begin with;   store epilogue(accumulators)
//
// The left sides of products 0, 1 and 4 are quarters as they are. They are read where they are, or copied next to the sums.
//
// A pair is a position of the first half and the one of the second half; with an odd number of positions the last pair has one only.
// Four of the seven products end an output, and the chain of sums (KernelConvOps.td) is such that two tiles of sums suffice:
//
//   product            0    1      2    3    4      5          6
//   begins with        0    X      X    X    Y      0          X
//   ends                    C11              C21    C22 + Y    C12
//   is kept as         X           X    Y           X + X

#include "EmitEach.h"
#include "Epilogue.h"
#include "ParallelLoop.h"
#include "RegisterTile.h"
#include "StrassenSides.h"
#include "TileRange.h"
#include "bn/Codegen/Passes.h"

namespace bn {
#define GEN_PASS_DEF_EMITSTRASSENPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Input channels per iteration of the innermost loop.
static constexpr int64_t kUnroll = 4;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<MemRefType>(value.getType()).getShape(); }

static void emitIf(OpBuilder &builder, Location loc, Value condition, llvm::function_ref<void(OpBuilder &)> body) {
  scf::IfOp::create(builder, loc, condition, [&](OpBuilder &inner, Location) {
    body(inner);
    scf::YieldOp::create(inner, loc);
  });
}

namespace {
/// Where a tile is.
struct TilePlace {
  Value image, pair, block; ///< the first pair, and the first block in a half of the outputs
};

class StrassenEmitter {
public:
  StrassenEmitter(kernel::StrassenConvOp op, unsigned registers) : op(op), loc(op.getLoc()), registers(registers) {}
  LogicalResult emit(OpBuilder &builder);

private:
  void allocateKept(OpBuilder &builder);
  void emitTile(OpBuilder &builder, const TilePlace &at, RegisterTile shape);
  SmallVector<Value> emitProduct(OpBuilder &builder, const TilePlace &at, Value product, ValueRange start, RegisterTile shape);
  void emitOutput(OpBuilder &builder, const TilePlace &at, Value secondRows, Value secondColumns, Value others, ArrayRef<Value> sums,
                  RegisterTile shape);
  Value loadKept(OpBuilder &builder, Value tile, int64_t vector);

  kernel::StrassenConvOp op;
  Location loc;
  unsigned registers;
  LinearView input, weights, bias;
  std::optional<Epilogue> epilogue;
  StrassenProblem problem;
  int64_t width, block;
  bool outputMerges; ///< rows of the output, and of what the epilogue reads, follow each other without a gap
  std::optional<LeftSides> left;
  Value kept;       ///< the tiles X, Y and zeros
  int64_t keptTile; ///< elements of each
};
} // namespace

LogicalResult StrassenEmitter::emit(OpBuilder &builder) {
  FailureOr<LinearOperands> operands = LinearOperands::get(builder, op, op.getInput(), op.getWeights());
  if (failed(operands))
    return failure();
  std::tie(input, weights, bias, epilogue) = std::tuple(operands->lhs, operands->rhs, operands->bias, operands->epilogue);
  ArrayRef<int64_t> in = shapeOf(op.getInput()), out = shapeOf(op.getInit());
  width = out[3];
  block = out[4];
  problem = {out[0], out[2] * width, block, in[1] * block / 2, out[1] / 2, /*copies=*/false};
  bool inputMerges = input.strides[2] == width * input.strides[3];
  outputMerges = epilogue->canMerge(2, 3);
  // Quarters are copied where the last pair's second position would be behind the input, and where their blocks would push each other out
  // of the nearest cache.
  int64_t blockBytes = input.strides[1] * input.element.getIntOrFloatBitWidth() / 8;
  problem.copies = !inputMerges || problem.positions % 2 || countCachedRows(blockBytes) < problem.depth / block;
  StrassenCuts cuts = chooseStrassenCuts(problem, registers);
  left.emplace(loc, input, width, inputMerges, problem, cuts);
  keptTile = cuts.tile.size() * block;
  SmallVector<Span> pairSpans = cutIntoTiles(problem.pairs(), cuts.tile.positions);
  SmallVector<Span> columnSpans = cutIntoTiles(problem.columns, cuts.tile.blocks);
  int64_t work = problem.images * kStrassenProducts * problem.pairs() * problem.columns * problem.depth;
  emitParallel(builder, loc, {problem.images, cuts.pairParts, cuts.columnParts}, work, [&](OpBuilder &outer, ValueRange ivs) {
    TileRange pairTiles(outer, loc, pairSpans, ivs[1], cuts.pairParts), columnTiles(outer, loc, columnSpans, ivs[2], cuts.columnParts);
    auto [firstPair, endPair] = pairTiles.getExtent(outer);
    left->emit(outer, ivs[0], firstPair, endPair);
    allocateKept(outer);
    columnTiles.emit(outer, [&](OpBuilder &middle, Value firstBlock, int64_t blocks) {
      pairTiles.emit(middle, [&](OpBuilder &inner, Value pair, int64_t size) {
        emitTile(inner, {ivs[0], pair, firstBlock}, {size, blocks});
      });
    });
  });
  return success();
}

/// Makes room for the kept tiles, and zeros.
void StrassenEmitter::allocateKept(OpBuilder &builder) {
  kept = allocateOnStack(builder, loc, 3 * keptTile, input.element);
  auto type = VectorType::get({block}, input.element);
  Value zero = arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(type)));
  for (int64_t i = 2 * keptTile; i < 3 * keptTile; i += block)
    storeLanes(builder, loc, zero, kept, arith::ConstantIndexOp::create(builder, loc, i));
}

/// Adds a product to a tile of accumulators.
SmallVector<Value> StrassenEmitter::emitProduct(OpBuilder &builder, const TilePlace &at, Value product, ValueRange start,
                                                RegisterTile shape) {
  LeftSide side = left->find(builder, at.image, at.pair, product);
  Value tile = LinearIndex(weights.offset).add(at.block, weights.strides[0]).emit(builder, loc);
  Value right = LinearIndex().add(tile, 1).add(product, weights.strides[1]).emit(builder, loc);
  int64_t stride = weights.strides[0], step = weights.strides[2];
  WeightPanel panel{weights.row, tile, shape.blocks, stride, stride / step, step}; // of all products: they follow each other
  bool prefetches = isBeyondCache(op.getWeights());
  return emitLoop(builder, loc, 0, problem.depth / block, 1, start, [&](OpBuilder &outer, Value inputBlock, ValueRange sums) {
    Value leftBlock = arith::AddIOp::create(outer, loc, side.start, arith::MulIOp::create(outer, loc, inputBlock, side.block));
    return emitLoop(outer, loc, 0, block, kUnroll, sums, [&](OpBuilder &inner, Value channel, ValueRange carried) {
      Value leftAt = LinearIndex().add(leftBlock, 1).add(channel, 1).emit(inner, loc);
      Value rightAt = LinearIndex().add(right, 1).add(inputBlock, block * step).add(channel, step).emit(inner, loc);
      auto scalar = [&](int64_t p, int64_t u) {
        return loadFactors(inner, loc, side.row, LinearIndex(p * block + u).add(leftAt, 1).emit(inner, loc));
      };
      PanelLoader vector(inner, loc, panel, rightAt, prefetches, block);
      return emitMultiplyAdds(inner, loc, carried, shape, kUnroll, scalar, vector);
    });
  });
}

/// A vector of a tile that was kept.
Value StrassenEmitter::loadKept(OpBuilder &builder, Value tile, int64_t vector) {
  return loadLanes(builder, loc, kept, LinearIndex(vector * block).add(tile, 1).emit(builder, loc), block);
}

/// The seven products of a tile of pairs and of blocks in both halves of the outputs. No sums go from one product to the next in
/// registers: the compiler would keep them on the stack.
void StrassenEmitter::emitTile(OpBuilder &builder, const TilePlace &at, RegisterTile shape) {
  emitLoop(builder, loc, 0, kStrassenProducts, 1, {}, [&](OpBuilder &inner, Value product, ValueRange) {
    auto number = [&](int64_t value) { return arith::ConstantIndexOp::create(inner, loc, value); };
    auto compare = [&](arith::CmpIPredicate predicate, int64_t value) -> Value {
      return arith::CmpIOp::create(inner, loc, predicate, product, number(value));
    };
    auto is = [&](int64_t value) { return compare(arith::CmpIPredicate::eq, value); };
    auto either = [&](Value a, Value b) -> Value { return arith::OrIOp::create(inner, loc, a, b); };
    auto choose = [&](Value condition, Value a, Value b) -> Value { return arith::SelectOp::create(inner, loc, condition, a, b); };
    Value x = number(0), y = number(keptTile), none = number(2 * keptTile), isFourth = is(4), isFifth = is(5);
    Value first = choose(either(is(0), isFifth), none, choose(isFourth, y, x));
    SmallVector<Value> start;
    for (int64_t i = 0; i < shape.size(); ++i)
      start.push_back(loadKept(inner, first, i));
    SmallVector<Value> sums = emitProduct(inner, at, product, start, shape);
    Value isKept = either(either(is(0), is(2)), either(is(3), isFifth)), place = choose(is(3), y, x), others = choose(isFifth, x, none);
    emitIf(inner, loc, isKept, [&](OpBuilder &b) {
      for (auto [i, sum] : llvm::enumerate(sums)) {
        Value total = arith::AddFOp::create(b, loc, sum, loadKept(b, others, i));
        storeLanes(b, loc, total, kept, LinearIndex(i * block).add(place, 1).emit(b, loc));
      }
    });
    Value ends = either(is(1), compare(arith::CmpIPredicate::uge, 4)), secondRows = either(isFourth, isFifth);
    Value secondColumns = compare(arith::CmpIPredicate::uge, 5);
    others = choose(isFifth, y, none);
    emitIf(inner, loc, ends, [&](OpBuilder &b) { emitOutput(b, at, secondRows, secondColumns, others, sums, shape); });
    return SmallVector<Value>();
  });
}

/// Stores a tile of outputs, `sums` and a kept tile; `secondRows` and `secondColumns` tell of which quarter.
void StrassenEmitter::emitOutput(OpBuilder &builder, const TilePlace &at, Value secondRows, Value secondColumns, Value others,
                                 ArrayRef<Value> sums, RegisterTile shape) {
  auto toIndex = [&](Value condition) { return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), condition); };
  Value first = LinearIndex().add(at.pair, 1).add(toIndex(secondRows), problem.pairs()).emit(builder, loc);
  Value firstBlock = LinearIndex().add(at.block, 1).add(toIndex(secondColumns), problem.columns).emit(builder, loc);
  SmallVector<Value> shifts;
  for (int64_t b = 0; op.getBias() && b < shape.blocks; ++b) {
    LinearIndex index(bias.offset + b * bias.strides[0]);
    shifts.push_back(loadLanes(builder, loc, bias.row, index.add(firstBlock, bias.strides[0]).emit(builder, loc), block));
  }
  auto storePosition = [&](OpBuilder &inner, int64_t p) {
    OutputPosition place{{at.image, firstBlock, Value(), first, Value()}, {0, 0, 0, p, 0}};
    if (!outputMerges) {
      std::tie(place.indices[2], place.indices[3]) = splitPosition(inner, loc, LinearIndex(p).add(first, 1).emit(inner, loc), width);
      place.shifts[3] = 0;
    }
    for (int64_t b = 0; b < shape.blocks; ++b) {
      place.shifts[1] = b;
      Value sum = arith::AddFOp::create(inner, loc, sums[p * shape.blocks + b], loadKept(inner, others, p * shape.blocks + b));
      epilogue->store(inner, loc, op.getBias() ? arith::AddFOp::create(inner, loc, sum, shifts[b]) : sum, place);
    }
  };
  for (int64_t p = 0; p < shape.positions; ++p) {
    if (problem.positions % 2 == 0 || p + 1 < shape.positions) {
      storePosition(builder, p);
      continue;
    }
    Value position = LinearIndex(p).add(first, 1).emit(builder, loc);
    Value count = arith::ConstantIndexOp::create(builder, loc, problem.positions);
    Value exists = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, position, count);
    emitIf(builder, loc, exists, [&](OpBuilder &inner) { storePosition(inner, p); });
  }
}

namespace {
struct EmitStrassenPass : bn::impl::EmitStrassenPassBase<EmitStrassenPass> {
  using EmitStrassenPassBase::EmitStrassenPassBase;

  void runOnOperation() override {
    auto emit = [&](auto op, OpBuilder &builder) { return StrassenEmitter(op, registers).emit(builder); };
    if (failed(emitEach<kernel::StrassenConvOp>(getOperation(), emit)))
      signalPassFailure();
  }
};
} // namespace
