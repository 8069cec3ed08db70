// ImageSplit.cpp - where the images of a batch lie in the buffers that an op reads and writes.
// SPDX-License-Identifier: Apache-2.0
//
// Blocked activations have the images outermost; transformed tiles of Winograd have them in the second dimension, rows of a matrix
// product in the first or second. Through views the images are followed to the buffer itself, where those of all ops must agree.

#include "ImageSplit.h"
#include "ByteViews.h"

#include "bn/IR/Kernel/Kernel.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bn;

static ArrayRef<int64_t> shapeOf(Value memref) { return cast<MemRefType>(memref.getType()).getShape(); }

static int64_t sizeOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  int64_t size = 1;
  for (int64_t dim : dims)
    size *= shape[dim];
  return size;
}

/// The split of what a view is taken of; none where the view has only a part of each image's places, or of the images.
static std::optional<ImageSplit> splitSource(memref::SubViewOp view, ImageSplit split, int64_t) {
  llvm::SmallBitVector dropped = view.getDroppedDims();
  int64_t kept = -1;
  for (auto [dim, extent] : llvm::enumerate(shapeOf(view.getSource()))) {
    kept += !dropped[dim];
    if (dropped[dim] || kept != split.dim)
      continue;
    bool isWhole = view.getStaticOffsets()[dim] == 0 && view.getStaticSizes()[dim] == extent && view.getStaticStrides()[dim] == 1;
    return isWhole ? std::optional(ImageSplit{static_cast<int64_t>(dim), split.size}) : std::nullopt;
  }
  return std::nullopt;
}

static std::optional<ImageSplit> splitSource(memref::CollapseShapeOp view, ImageSplit split, int64_t images) {
  ReassociationIndices group = view.getReassociationIndices()[split.dim];
  ArrayRef<int64_t> shape = shapeOf(view.getSrc());
  for (auto [i, dim] : llvm::enumerate(group)) {
    if (shape[dim] == 1)
      continue;
    int64_t inner = sizeOf(shape, ArrayRef(group).drop_front(i + 1));
    bool isOuter = shape[dim] % images == 0 && shape[dim] / images * inner == split.size;
    return isOuter ? std::optional(ImageSplit{dim, shape[dim] / images}) : std::nullopt;
  }
  return std::nullopt;
}

static std::optional<ImageSplit> splitSource(memref::ExpandShapeOp view, ImageSplit split, int64_t) {
  for (auto [source, group] : llvm::enumerate(view.getReassociationIndices())) {
    const auto *at = llvm::find(group, split.dim);
    if (at == group.end())
      continue;
    ArrayRef<int64_t> dims(group), shape = shapeOf(view.getResult());
    if (sizeOf(shape, dims.take_front(at - group.begin())) != 1)
      return std::nullopt;
    return ImageSplit{static_cast<int64_t>(source), split.size * sizeOf(shape, dims.drop_front(at - group.begin() + 1))};
  }
  return std::nullopt;
}

/// The split of the buffer itself.
static std::optional<ImageSplit> splitBuffer(Value memref, ImageSplit split, int64_t images) {
  std::optional<ImageSplit> outer = split;
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>()) {
    outer = llvm::TypeSwitch<Operation *, std::optional<ImageSplit>>(view)
                .Case<memref::SubViewOp, memref::CollapseShapeOp, memref::ExpandShapeOp>(
                    [&](auto op) { return splitSource(op, *outer, images); })
                .Default([](Operation *) { return std::nullopt; });
    if (!outer)
      return std::nullopt;
    memref = view.getViewSource();
  }
  return outer;
}

namespace {
/// Finds which dimension of each operand of an op counts images. Each function fails where the op mixes images.
class OperandSplits {
public:
  OperandSplits(Operation *op, int64_t images, const ImageSplits &known)
      : op(op), images(images), known(known), splits(op->getNumOperands()) {}
  bool find();
  std::optional<SmallVector<ImageAccess>> getAccesses() const;

private:
  bool set(OpOperand &operand, int64_t dim);
  bool setExtras(MutableOperandRange extras, Value init, int64_t dim);
  std::optional<int64_t> findKnown(Value memref) const;
  bool setTogether(OpOperand &first, OpOperand &second);
  template <typename Op> bool setConvolution(Op op);
  bool setMatmul(kernel::MatmulOp op);
  bool setLinalg(linalg::LinalgOp op);

  Operation *op;
  int64_t images;
  const ImageSplits &known;
  SmallVector<std::optional<ImageSplit>> splits;
};
} // namespace

bool OperandSplits::set(OpOperand &operand, int64_t dim) {
  int64_t extent = shapeOf(operand.get())[dim];
  std::optional<ImageSplit> &split = splits[operand.getOperandNumber()];
  if (split || extent % images)
    return false;
  split = ImageSplit{dim, extent / images};
  return true;
}

/// What an epilogue reads besides, one for each element of `init` or repeated.
bool OperandSplits::setExtras(MutableOperandRange extras, Value init, int64_t dim) {
  return llvm::all_of(extras, [&](OpOperand &extra) { return shapeOf(extra.get())[dim] == 1 || set(extra, dim); });
}

/// The dimension that counts images, where an op before this one knows.
std::optional<int64_t> OperandSplits::findKnown(Value memref) const {
  auto split = known.find(findBuffer(memref));
  if (split == known.end() || !split->second)
    return std::nullopt;
  for (auto [dim, extent] : llvm::enumerate(shapeOf(memref)))
    if (extent % images == 0 && splitBuffer(memref, {static_cast<int64_t>(dim), extent / images}, images) == split->second)
      return dim;
  return std::nullopt;
}

/// Of two operands of one shape.
bool OperandSplits::setTogether(OpOperand &first, OpOperand &second) {
  std::optional<int64_t> dim = findKnown(first.get());
  if (!dim)
    dim = findKnown(second.get());
  if (!dim && shapeOf(first.get())[0] != images)
    return false;
  return set(first, dim.value_or(0)) && set(second, dim.value_or(0));
}

template <typename Op> bool OperandSplits::setConvolution(Op op) {
  return set(op.getInputMutable(), 0) && set(op.getInitMutable(), 0) && setExtras(op.getExtrasMutable(), op.getInit(), 0);
}

bool OperandSplits::setMatmul(kernel::MatmulOp op) {
  int64_t rank = shapeOf(op.getLhs()).size();
  std::optional<int64_t> dim = findKnown(op.getLhs());
  if (!dim || *dim == rank - 1)
    return false;
  int64_t matrices = static_cast<int64_t>(shapeOf(op.getRhs()).size()) - op.getPacked() == 3 ? shapeOf(op.getRhs())[0] : 1;
  bool isPerMatrix = rank == 3 && *dim == 0 && matrices > 1;
  return set(op.getLhsMutable(), *dim) && (!isPerMatrix || set(op.getRhsMutable(), 0)) && set(op.getInitMutable(), *dim) &&
         setExtras(op.getExtrasMutable(), op.getInit(), *dim);
}

bool OperandSplits::setLinalg(linalg::LinalgOp op) {
  auto mapOf = [&](OpOperand &operand) { return op.getMatchingIndexingMap(&operand); };
  OpOperand *init = op.getDpsInitOperand(0);
  AffineExpr images = mapOf(*init).getNumResults() && shapeOf(init->get())[0] == this->images ? mapOf(*init).getResult(0) : AffineExpr();
  for (OpOperand &operand : op->getOpOperands())
    if (isa<MemRefType>(operand.get().getType()))
      if (std::optional<int64_t> dim = findKnown(operand.get())) {
        images = mapOf(operand).getResult(*dim);
        break;
      }
  auto loop = dyn_cast_if_present<AffineDimExpr>(images);
  if (!loop || op.getIteratorTypesArray()[loop.getPosition()] != utils::IteratorType::parallel)
    return false;
  WalkResult walk = op->walk([&](linalg::IndexOp index) {
    return index.getDim() == loop.getPosition() ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return false;
  for (OpOperand &operand : op->getOpOperands())
    if (isa<MemRefType>(operand.get().getType()))
      for (auto [dim, expr] : llvm::enumerate(mapOf(operand).getResults()))
        if (expr.isFunctionOfDim(loop.getPosition()) && (expr != loop || !set(operand, dim)))
          return false;
  return true;
}

bool OperandSplits::find() {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<kernel::ConvOp, kernel::GroupedConvOp, kernel::StrassenConvOp>([&](auto conv) { return setConvolution(conv); })
      .Case<kernel::PoolOp, kernel::PackOp, kernel::UnpackOp>(
          [&](auto op) { return set(op.getInputMutable(), 0) && set(op.getInitMutable(), 0); })
      .Case([&](kernel::WinogradInputOp op) { return set(op.getInputMutable(), 0) && set(op.getInitMutable(), 1); })
      .Case([&](kernel::WinogradOutputOp op) {
        return set(op.getInputMutable(), 1) && set(op.getInitMutable(), 0) && setExtras(op.getExtrasMutable(), op.getInit(), 0);
      })
      .Case([&](kernel::MatmulOp op) { return setMatmul(op); })
      .Case([&](memref::CopyOp op) { return setTogether(op.getSourceMutable(), op.getTargetMutable()); })
      .Case([&](linalg::LinalgOp op) { return setLinalg(op); })
      .Default([](Operation *) { return false; });
}

std::optional<SmallVector<ImageAccess>> OperandSplits::getAccesses() const {
  auto effects = cast<MemoryEffectOpInterface>(op);
  SmallVector<ImageAccess> accesses;
  for (auto [memref, split] : llvm::zip_equal(op->getOperands(), splits)) {
    if (!isa<MemRefType>(memref.getType()))
      continue;
    ImageAccess access{memref, findBuffer(memref), std::nullopt, bool(effects.getEffectOnValue<MemoryEffects::Write>(memref))};
    if (split && !(access.split = splitBuffer(memref, *split, images)))
      return std::nullopt;
    if (access.isWritten && !access.split)
      return std::nullopt;
    accesses.push_back(access);
  }
  return accesses;
}

std::optional<SmallVector<ImageAccess>> bn::findImageAccesses(Operation *op, int64_t images, const ImageSplits &known) {
  OperandSplits splits(op, images, known);
  return splits.find() ? splits.getAccesses() : std::nullopt;
}
