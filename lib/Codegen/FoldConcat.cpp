// FoldConcat.cpp - lets the parts of a concatenation be written where they belong in the whole.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %x = kernel.conv … outs(%empty)            %c = tensor.concat dim(1) %a, %x
//   after    %w1 = %a inserted into an empty whole      %x = kernel.conv … outs(slice of %w1)      %c = %x inserted into %w1
//
// A concatenation of the first parts of a later one is the front of the later one's whole: a dense block has one buffer. After
// bufferization nothing is copied but the parts that cannot be written in place: whose producer does not overwrite an empty
// tensor, or that are read after the next part is written. A front that is read after the next part is written is a whole of its own.

#include "bn/Codegen/Passes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseMap.h"

namespace bn {
#define GEN_PASS_DEF_FOLDCONCATPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

namespace {
/// One part of a whole: written by its producer, or copied at the first concatenation that it is in.
struct Part {
  Value value;
  int64_t offset, size;
  Operation *producer = nullptr; ///< null where the part is copied
};

using Positions = llvm::DenseMap<Operation *, int64_t>;

/// The concatenations that share one whole, the largest first.
class Whole {
public:
  Whole(tensor::ConcatOp largest, const Positions &positions);
  /// Takes a concatenation of the first parts.
  bool take(tensor::ConcatOp concat);
  /// Drops what cannot be in place.
  void settle();
  /// Rewrites all of them.
  void rewrite();
  ArrayRef<tensor::ConcatOp> getConcats() const { return concats; }

private:
  /// The op at which a part is written.
  Operation *writerOf(const Part &part) const;
  int64_t positionOf(Operation *op) const { return positions.lookup(op); }
  int64_t nextWrite(int64_t position) const;
  int64_t lastRead(Value value) const;
  bool isShared(Operation *op) const { return llvm::is_contained(concats, op); }
  tensor::ExtractSliceOp extract(OpBuilder &builder, Location loc, Value whole, int64_t offset, int64_t size) const;
  Value insert(OpBuilder &builder, const Part &part, Value whole) const;

  const Positions &positions;
  SmallVector<tensor::ConcatOp> concats;
  SmallVector<Part> parts;
  int64_t dim;
};
} // namespace

/// The op that overwrites an empty tensor of its own with the part, or null.
static Operation *findProducer(Value value, Block *block) {
  auto producer = value.getDefiningOp<DestinationStyleOpInterface>();
  bool writesEmpty = producer && producer->getBlock() == block && producer->getNumResults() == 1 && producer.getNumDpsInits() == 1 &&
                     producer.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>();
  return writesEmpty ? producer.getOperation() : nullptr;
}

Whole::Whole(tensor::ConcatOp largest, const Positions &positions) : positions(positions), concats{largest}, dim(largest.getDim()) {
  int64_t offset = 0;
  for (Value value : largest.getInputs()) {
    int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(dim);
    bool isFirst = llvm::none_of(parts, [&](const Part &part) { return part.value == value; });
    parts.push_back({value, offset, size, isFirst ? findProducer(value, largest->getBlock()) : nullptr});
    offset += size;
  }
}

bool Whole::take(tensor::ConcatOp concat) {
  auto inputs = concats[0].getInputs();
  if (static_cast<int64_t>(concat.getDim()) != dim || concat->getBlock() != concats[0]->getBlock() ||
      concat.getInputs().size() > inputs.size() || !llvm::equal(concat.getInputs(), inputs.take_front(concat.getInputs().size())))
    return false;
  concats.push_back(concat);
  return true;
}

Operation *Whole::writerOf(const Part &part) const {
  if (part.producer)
    return part.producer;
  size_t index = &part - parts.begin();
  Operation *first = nullptr;
  for (tensor::ConcatOp concat : concats)
    if (concat.getInputs().size() > index && (!first || positionOf(concat) < positionOf(first)))
      first = concat;
  return first;
}

/// Where the first part after a position is written.
int64_t Whole::nextWrite(int64_t position) const {
  int64_t next = INT64_MAX;
  for (const Part &part : parts)
    if (int64_t at = positionOf(writerOf(part)); at > position)
      next = std::min(next, at);
  return next;
}

/// Where a value, or a view of it, is used last, but for the concatenations themselves.
int64_t Whole::lastRead(Value value) const {
  SmallVector<Value> views{value};
  int64_t last = -1;
  for (size_t i = 0; i < views.size(); ++i)
    for (Operation *user : views[i].getUsers()) {
      if (isShared(user))
        continue;
      if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::ExtractSliceOp, tensor::CastOp>(user))
        llvm::append_range(views, user->getResults());
      last = std::max(last, positionOf(concats[0]->getBlock()->findAncestorOpInBlock(*user)));
    }
  return last;
}

void Whole::settle() {
  for (bool changed = true; changed;) {
    changed = false;
    for (Part &part : parts)
      if (part.producer && lastRead(part.value) >= nextWrite(positionOf(part.producer))) {
        part.producer = nullptr;
        changed = true;
      }
    for (tensor::ConcatOp concat : llvm::to_vector(ArrayRef(concats).drop_front()))
      if (lastRead(concat) >= nextWrite(positionOf(concat))) {
        llvm::erase(concats, concat);
        changed = true;
      }
  }
}

/// The box of a part in the whole.
static SmallVector<OpFoldResult> boxOf(OpBuilder &builder, int64_t rank, int64_t dim, int64_t offset) {
  SmallVector<OpFoldResult> offsets(rank, builder.getIndexAttr(0));
  offsets[dim] = builder.getIndexAttr(offset);
  return offsets;
}

tensor::ExtractSliceOp Whole::extract(OpBuilder &builder, Location loc, Value whole, int64_t offset, int64_t size) const {
  auto type = cast<RankedTensorType>(whole.getType());
  SmallVector<int64_t> sizes(type.getShape());
  sizes[dim] = size;
  return tensor::ExtractSliceOp::create(builder, loc, whole, boxOf(builder, type.getRank(), dim, offset),
                                        getAsIndexOpFoldResult(builder.getContext(), sizes),
                                        SmallVector<OpFoldResult>(type.getRank(), builder.getIndexAttr(1)));
}

Value Whole::insert(OpBuilder &builder, const Part &part, Value whole) const {
  auto type = cast<RankedTensorType>(part.value.getType());
  return tensor::InsertSliceOp::create(builder, part.value.getLoc(), part.value, whole, boxOf(builder, type.getRank(), dim, part.offset),
                                       getAsIndexOpFoldResult(builder.getContext(), type.getShape()),
                                       SmallVector<OpFoldResult>(type.getRank(), builder.getIndexAttr(1)));
}

void Whole::rewrite() {
  // Writes and concatenations in the order of the program; what a concatenation copies comes before itself.
  struct Step {
    int64_t position, part; ///< the part's index; behind the last for a concatenation
    Operation *op;
  };
  SmallVector<Step> steps;
  int64_t count = parts.size();
  for (auto [i, part] : llvm::enumerate(parts))
    steps.push_back({positionOf(writerOf(part)), static_cast<int64_t>(i), writerOf(part)});
  for (tensor::ConcatOp concat : concats)
    steps.push_back({positionOf(concat), count, concat});
  llvm::sort(steps, [](const Step &a, const Step &b) { return std::pair(a.position, a.part) < std::pair(b.position, b.part); });

  RankedTensorType type = concats[0].getResultType();
  OpBuilder builder(steps[0].op);
  Value whole = tensor::EmptyOp::create(builder, concats[0].getLoc(), type.getShape(), type.getElementType());
  for (const Step &step : steps) {
    builder.setInsertionPoint(step.op);
    if (step.part == count) {
      auto concat = cast<tensor::ConcatOp>(step.op);
      bool isAll = concat.getResultType() == type;
      Value front = isAll ? whole : extract(builder, concat.getLoc(), whole, 0, concat.getResultType().getDimSize(dim)).getResult();
      concat.getResult().replaceAllUsesWith(front);
      continue;
    }
    const Part &part = parts[step.part];
    if (part.producer) {
      Value place = extract(builder, part.value.getLoc(), whole, part.offset, part.size);
      cast<DestinationStyleOpInterface>(part.producer).setDpsInitOperand(0, place);
      builder.setInsertionPointAfter(part.producer);
    }
    whole = insert(builder, part, whole);
  }
  for (tensor::ConcatOp concat : concats)
    concat.erase();
}

namespace {
struct FoldConcatPass : bn::impl::FoldConcatPassBase<FoldConcatPass> {
  void runOnOperation() override {
    getOperation().walk([&](Block *block) {
      SmallVector<tensor::ConcatOp> concats = llvm::to_vector(block->getOps<tensor::ConcatOp>());
      while (!concats.empty()) {
        Positions positions;
        for (auto [i, op] : llvm::enumerate(*block))
          positions[&op] = i;
        auto largest = llvm::max_element(llvm::reverse(concats), [](tensor::ConcatOp a, tensor::ConcatOp b) {
          return a.getInputs().size() < b.getInputs().size();
        });
        Whole whole(*largest, positions);
        for (tensor::ConcatOp concat : concats)
          if (concat != *largest)
            whole.take(concat);
        whole.settle();
        llvm::erase_if(concats, [&](tensor::ConcatOp concat) { return llvm::is_contained(whole.getConcats(), concat); });
        whole.rewrite();
      }
    });
  }
};
} // namespace
