// PlanMemory.cpp - replaces allocations by views of one arena.
// SPDX-License-Identifier: Apache-2.0
//
// A buffer lives from the first op that touches it, or a view of it, to the last. A loop that touches a buffer from outside of it does so
// as a whole; a buffer that is allocated in the loop's body is a new one in each iteration, and lives from op to op there.
// Largest first, each buffer takes the tightest gap between those placed before it that live at the same time.

#include "ByteViews.h"
#include "bn/Codegen/Passes.h"
#include "bn/IR/Kernel/ModuleAttributes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"

namespace bn {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

namespace {
/// A buffer to place: its bytes and the first and last op that touch it.
struct Buffer {
  memref::AllocOp alloc;
  int64_t size = 0, first = 0, last = 0, offset = 0;
  bool livesWith(const Buffer &other) const { return first <= other.last && other.first <= last; }
};
} // namespace

namespace {
/// The place of an op in the order of the text, and that of the last op inside it.
struct Span {
  int64_t first, last;
};
using Spans = llvm::DenseMap<Operation *, Span>;
} // namespace

static Spans numberOps(func::FuncOp func) {
  Spans spans;
  int64_t count = 0;
  func.walk([&](Operation *op, const WalkStage &stage) {
    if (stage.isBeforeAllRegions())
      spans[op].first = count++;
    if (stage.isAfterAllRegions())
      spans[op].last = count++;
  });
  return spans;
}

/// Follows a buffer through its views to all ops that touch it.
static void findLifetime(Buffer &buffer, const Spans &spans) {
  llvm::SmallSetVector<Value, 8> aliases;
  aliases.insert(buffer.alloc.getResult());
  SmallVector<Operation *> users;
  Block *body = buffer.alloc->getBlock();
  auto addCarried = [&](scf::ForOp loop, OperandRange from, Value alias) {
    for (auto [value, argument, result] : llvm::zip_equal(from, loop.getRegionIterArgs(), loop.getResults()))
      if (value == alias) {
        aliases.insert(argument);
        aliases.insert(result);
      }
  };
  for (size_t i = 0; i < aliases.size(); ++i) {
    Value alias = aliases[i];
    for (Operation *user : alias.getUsers()) {
      if (isa<ViewLikeOpInterface>(user)) {
        aliases.insert_range(user->getResults());
        continue;
      }
      users.push_back(user);
      if (auto loop = dyn_cast<scf::ForOp>(user))
        addCarried(loop, loop.getInitArgs(), alias);
      auto loop = isa<scf::YieldOp>(user) ? dyn_cast<scf::ForOp>(user->getParentOp()) : scf::ForOp();
      if (!loop)
        continue;
      addCarried(loop, user->getOperands(), alias);
      if (loop->isAncestor(body->getParentOp()))
        body = loop->getBlock(); // the buffer outlives its iteration
    }
  }
  buffer.first = INT64_MAX;
  for (Operation *user : users) {
    Span at = spans.at(body->findAncestorOpInBlock(*user));
    buffer.first = std::min(buffer.first, at.first);
    buffer.last = std::max(buffer.last, at.last);
  }
}

/// The offset of the tightest gap that holds `size` bytes between `neighbours`, which are sorted by offset, or behind them.
static int64_t findGap(ArrayRef<const Buffer *> neighbours, int64_t size) {
  int64_t end = 0, best = -1, bestSize = INT64_MAX;
  for (const Buffer *other : neighbours) {
    int64_t gap = other->offset - end;
    if (gap >= size && gap < bestSize) {
      best = end;
      bestSize = gap;
    }
    end = std::max(end, other->offset + other->size);
  }
  return best >= 0 ? best : end;
}

/// Gives every buffer its offset; returns the size of the arena.
static int64_t placeBuffers(MutableArrayRef<Buffer> buffers) {
  llvm::sort(buffers, [](const Buffer &a, const Buffer &b) { return std::pair(-a.size, a.first) < std::pair(-b.size, b.first); });
  int64_t arena = 0;
  for (auto [i, buffer] : llvm::enumerate(buffers)) {
    SmallVector<const Buffer *> neighbours;
    for (const Buffer &other : buffers.take_front(i))
      if (buffer.livesWith(other))
        neighbours.push_back(&other);
    llvm::sort(neighbours, [](const Buffer *a, const Buffer *b) { return std::pair(a->offset, a->size) < std::pair(b->offset, b->size); });
    buffer.offset = findGap(neighbours, buffer.size);
    arena = std::max(arena, buffer.offset + buffer.size);
  }
  return arena;
}

namespace {
struct PlanMemoryPass : bn::impl::PlanMemoryPassBase<PlanMemoryPass> {
  void runOnOperation() override {
    func::FuncOp func = bn::modelFunction(getOperation());
    Spans spans = numberOps(func);
    SmallVector<Buffer> buffers;
    WalkResult walk = func.walk([&](memref::AllocOp alloc) {
      if (!alloc.getType().hasStaticShape())
        return alloc.emitError("expected a buffer of static shape, got ") << alloc.getType(), WalkResult::interrupt();
      Buffer buffer{alloc, static_cast<int64_t>(llvm::alignTo(bn::byteSize(alloc.getType()), bn::kernel::kAlignment))};
      findLifetime(buffer, spans);
      buffers.push_back(buffer);
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return signalPassFailure();
    int64_t size = placeBuffers(buffers);
    OpBuilder builder(&getContext());
    Value arena = bn::appendArgument(func, MemRefType::get({size}, builder.getI8Type()));
    for (Buffer &buffer : buffers) {
      builder.setInsertionPoint(buffer.alloc);
      Value view = bn::viewBytes(builder, buffer.alloc.getLoc(), arena, buffer.offset, buffer.alloc.getType());
      buffer.alloc.replaceAllUsesWith(view);
      buffer.alloc.erase();
    }
    getOperation()->setAttr(bn::kernel::kArenaSizeAttr, builder.getI64IntegerAttr(size));
  }
};
} // namespace
