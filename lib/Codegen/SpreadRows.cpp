// SpreadRows.cpp - keeps the rows of transformed tiles apart in the nearest cache.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %v = memref.alloc : [α²][tiles][512]
//   after    %a = memref.alloc : [α²][tiles + 1][528]    %v = memref.subview %a : [α²][tiles][512]
//
// A cache keeps lines that are a multiple of 4096 bytes apart in one set of few. Where channels and tiles are powers of two, the rows
// that a tile of a product reads, and the positions that a transform writes, would push each other out; an odd number of lines
// between them uses all sets.
// Conditions: the buffer belongs to a Winograd convolution, is static and dense, its rows are whole lines, and nobody takes a view of it.

#include "SpreadRows.h"
#include "bn/Codegen/Passes.h"
#include "bn/IR/Kernel/Kernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace bn {
#define GEN_PASS_DEF_SPREADROWSPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

static void spread(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  SmallVector<int64_t> room(type.getShape());
  room[1] |= 1;
  room[2] = spreadRow(room[2], type.getElementType());
  if (ArrayRef(room) == type.getShape())
    return;
  OpBuilder builder(alloc);
  Value whole = memref::AllocOp::create(builder, alloc.getLoc(), MemRefType::get(room, type.getElementType()));
  auto numbers = [&](ArrayRef<int64_t> values) { return getAsIndexOpFoldResult(builder.getContext(), values); };
  Value part = memref::SubViewOp::create(builder, alloc.getLoc(), whole, numbers({0, 0, 0}), numbers(type.getShape()), numbers({1, 1, 1}));
  alloc.replaceAllUsesWith(part);
  alloc.erase();
}

namespace {
struct SpreadRowsPass : bn::impl::SpreadRowsPassBase<SpreadRowsPass> {
  void runOnOperation() override {
    llvm::SetVector<memref::AllocOp> buffers;
    auto add = [&](Value buffer) {
      auto alloc = buffer.getDefiningOp<memref::AllocOp>();
      MemRefType type = alloc ? alloc.getType() : MemRefType();
      if (alloc && type.hasStaticShape() && type.getLayout().isIdentity() &&
          type.getDimSize(2) % countLineElements(type.getElementType()) == 0 &&
          llvm::none_of(alloc->getUsers(), llvm::IsaPred<ViewLikeOpInterface>))
        buffers.insert(alloc);
    };
    getOperation().walk([&](Operation *op) {
      if (auto input = dyn_cast<kernel::WinogradInputOp>(op))
        add(input.getInit());
      if (auto output = dyn_cast<kernel::WinogradOutputOp>(op))
        add(output.getInput());
    });
    llvm::for_each(buffers, spread);
  }
};
} // namespace
