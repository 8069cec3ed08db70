// LoopOverImages.cpp - runs ops of a batch one after the other for a few images, instead of each for all images.
// SPDX-License-Identifier: Apache-2.0
//
//   before   kernel.conv %x … outs(%a)    kernel.pool %a outs(%y)         %a : [32][C/b][H][W][b]
//   after    for %i = 0 to 32: kernel.conv %x[%i] … outs(%b)    kernel.pool %b outs(%y[%i])         %b : [1][C/b][H][W][b]
//
// What an op writes is still in the cache when the next one reads it, and buffers between ops of one loop have room for one group of
// images only.
// Conditions: the ops follow each other in the function; each works on every image by itself (ImageSplit.cpp); the cost model finds the
// loop worth it (ImageLoops.cpp). The number of images is that of the first convolution.

#include "ByteViews.h"
#include "ImageLoops.h"
#include "bn/Codegen/Passes.h"
#include "bn/IR/Kernel/Kernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

namespace bn {
#define GEN_PASS_DEF_LOOPOVERIMAGESPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

static ArrayRef<int64_t> shapeOf(Value memref) { return cast<MemRefType>(memref.getType()).getShape(); }

/// The images of the batch; 1 where there is none.
static int64_t countImages(func::FuncOp func) {
  int64_t images = 1;
  func.walk([&](kernel::ConvOp conv) {
    images = shapeOf(conv.getInit())[0];
    return WalkResult::interrupt();
  });
  return images;
}

/// Appends an op to a run; fails where it does not belong there.
static LogicalResult append(ImageRun &run, Operation *op) {
  std::optional<SmallVector<ImageAccess>> accesses = findImageAccesses(op, run.images, run.splits);
  if (!accesses)
    return failure();
  ImageSplits splits = run.splits;
  for (const ImageAccess &access : *accesses)
    if (splits.try_emplace(access.buffer, access.split).first->second != access.split)
      return failure();
  run.splits = std::move(splits);
  run.ops.push_back({op, std::move(*accesses)});
  return success();
}

/// The longest runs of a block; between their ops are only views and allocations.
static SmallVector<ImageRun> findRuns(Block &block, int64_t images) {
  SmallVector<ImageRun> runs;
  ImageRun run;
  run.images = images;
  auto finish = [&] {
    if (!run.ops.empty())
      runs.push_back(run);
    run.ops.clear();
    run.splits.clear();
  };
  for (Operation &op : block) {
    if (isPure(&op) || isa<memref::AllocOp>(op) || succeeded(append(run, &op)))
      continue;
    finish();
    (void)succeeded(append(run, &op)); // it may begin the next run
  }
  finish();
  return runs;
}

namespace {
/// Emits one loop.
class LoopEmitter {
public:
  LoopEmitter(const ImageRun &run, ImageLoop loop) : run(run), loop(loop) {}
  void emit();

private:
  Value slice(Value memref);
  Value sliceBuffer(Value buffer, ImageSplit split);
  Value sliceView(Operation *view, Value source);

  const ImageRun &run;
  ImageLoop loop;
  OpBuilder builder{run.ops[loop.first].op->getContext()};
  Value iteration;
  IRMapping slices;
};
} // namespace

/// The group's part of a buffer; if only the loop needs it, a buffer of that size.
Value LoopEmitter::sliceBuffer(Value buffer, ImageSplit split) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[split.dim] = split.size * loop.group;
  Location loc = buffer.getLoc();
  if (run.isLocal(buffer, loop.first, loop.end))
    return memref::AllocOp::create(builder, loc, MemRefType::get(shape, type.getElementType()),
                                   buffer.getDefiningOp<memref::AllocOp>().getAlignmentAttr());
  SmallVector<OpFoldResult> offsets(shape.size(), builder.getIndexAttr(0)), strides(shape.size(), builder.getIndexAttr(1));
  Value places = arith::ConstantIndexOp::create(builder, loc, shape[split.dim]);
  offsets[split.dim] = arith::MulIOp::create(builder, loc, iteration, places).getResult();
  return memref::SubViewOp::create(builder, loc, buffer, offsets, getAsIndexOpFoldResult(builder.getContext(), shape), strides);
}

/// The same view of the group's part. That is shorter than the whole in one dimension, which the view has whole.
Value LoopEmitter::sliceView(Operation *view, Value source) {
  Location loc = view->getLoc();
  auto shorten = [&](ArrayRef<int64_t> sizes, ArrayRef<int64_t> whole) {
    SmallVector<int64_t> shorter(sizes);
    for (auto [size, was, is] : llvm::zip_equal(shorter, whole, shapeOf(source)))
      if (was != is)
        size = is;
    return shorter;
  };
  return llvm::TypeSwitch<Operation *, Value>(view)
      .Case([&](memref::SubViewOp op) {
        SmallVector<int64_t> sizes = shorten(op.getStaticSizes(), shapeOf(op.getSource())), kept;
        llvm::SmallBitVector dropped = op.getDroppedDims();
        for (auto [dim, size] : llvm::enumerate(sizes))
          if (!dropped[dim])
            kept.push_back(size);
        SmallVector<OpFoldResult> mixed = getAsIndexOpFoldResult(builder.getContext(), sizes);
        auto type = memref::SubViewOp::inferRankReducedResultType(kept, cast<MemRefType>(source.getType()), op.getMixedOffsets(), mixed,
                                                                  op.getMixedStrides());
        return memref::SubViewOp::create(builder, loc, type, source, op.getMixedOffsets(), mixed, op.getMixedStrides());
      })
      .Case([&](memref::CollapseShapeOp op) {
        return memref::CollapseShapeOp::create(builder, loc, source, op.getReassociationIndices());
      })
      .Case([&](memref::ExpandShapeOp op) {
        SmallVector<int64_t> shape(shapeOf(op.getResult()));
        for (auto [group, was, is] : llvm::zip_equal(op.getReassociationIndices(), shapeOf(op.getSrc()), shapeOf(source)))
          if (was != is) {
            auto outer = *llvm::find_if(group, [&](int64_t dim) { return shape[dim] != 1; });
            shape[outer] = shape[outer] * is / was;
          }
        auto type = cast<MemRefType>(source.getType());
        auto expanded = *memref::ExpandShapeOp::computeExpandedType(type, shape, op.getReassociationIndices());
        return memref::ExpandShapeOp::create(builder, loc, expanded, source, op.getReassociationIndices());
      });
}

/// The group's part of what an op accesses.
Value LoopEmitter::slice(Value memref) {
  if (Value known = slices.lookupOrNull(memref))
    return known;
  auto view = memref.getDefiningOp<ViewLikeOpInterface>();
  Value part = view ? sliceView(view, slice(view.getViewSource())) : sliceBuffer(memref, *run.splits.at(memref));
  slices.map(memref, part);
  return part;
}

void LoopEmitter::emit() {
  ArrayRef<ImageOp> ops = ArrayRef(run.ops).slice(loop.first, loop.end - loop.first);
  Location loc = ops.front().op->getLoc();
  builder.setInsertionPoint(ops.back().op); // behind what the ops are given
  auto index = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto images = scf::ForOp::create(builder, loc, index(0), index(run.images / loop.group), index(1));
  builder.setInsertionPointToStart(images.getBody());
  iteration = images.getInductionVar();
  for (const ImageOp &op : ops) {
    for (const ImageAccess &access : op.accesses)
      if (access.split)
        slice(access.memref);
    builder.clone(*op.op, slices);
  }
  for (const ImageOp &op : ops)
    op.op->erase();
}

/// Erases views, and then allocations, that nobody needs any more.
static void eraseUnused(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (op.use_empty() && (isa<memref::AllocOp>(op) || isa<ViewLikeOpInterface>(op)))
      op.erase();
}

namespace {
struct LoopOverImagesPass : bn::impl::LoopOverImagesPassBase<LoopOverImagesPass> {
  using LoopOverImagesPassBase::LoopOverImagesPassBase;

  void runOnOperation() override {
    func::FuncOp func = bn::modelFunction(getOperation());
    int64_t images = countImages(func);
    if (images == 1)
      return;
    for (const ImageRun &run : findRuns(func.front(), images))
      for (ImageLoop loop : chooseImageLoops(run, cacheBytes))
        if (loop.group < images)
          LoopEmitter(run, loop).emit();
    eraseUnused(func.front());
  }
};
} // namespace
