// GroupWinograd.cpp - runs a Winograd convolution group by group of tiles, so that what is transformed stays near the core.
// SPDX-License-Identifier: Apache-2.0
//
//   before   kernel.winograd_input %x outs(%v)    kernel.matmul %v, %u outs(%m)    kernel.winograd_output %m outs(%y)
//   after    forall (part): for groups of tiles of the part:
//              transform the tiles into the worker's scratch, multiply there by %u, transform back into %y
//
// The three ops write and read all transformed tiles, nine times the image for tiles of 2×2 outputs, and that in both ways. A group is
// as many tiles as fit the second cache; each reads all of %u.
// Conditions: the transformed tiles do not fit the cache, %u does or nearly so; the tiles are a multiple of a good group; nobody else
// reads %v and %m, and nothing between the ops writes what they read.

#include "ByteViews.h"
#include "Caches.h"
#include "WinogradGroup.h"
#include "bn/Codegen/Passes.h"

namespace bn {
#define GEN_PASS_DEF_GROUPWINOGRADPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// What a group's transformed tiles should take of the second cache, and what the weights may take of the caches at all.
static constexpr int64_t kGroupBytes = kSecondCache / 2, kWeightBytes = 5 * kSecondCache / 2;
/// Fewer tiles leave the multiply-adds waiting for weights.
static constexpr int64_t kFewTiles = 12;

/// The only op of type `Op` that uses a buffer besides `other`, or null.
template <typename Op> static Op soleReader(Value buffer, Operation *other) {
  Op reader;
  if (!buffer.getDefiningOp<memref::AllocOp>())
    return {};
  for (Operation *user : buffer.getUsers()) {
    if (user == other)
      continue;
    if (reader || !isa<Op>(user))
      return {};
    reader = cast<Op>(user);
  }
  return reader;
}

/// Whether an op between the first and the last, or the last itself, writes what they read.
static bool isDisturbed(Winograd ops) {
  SmallVector<Value> read{findBuffer(ops.input.getInput()), findBuffer(ops.product.getRhs())};
  auto isRead = [&](Value init) { return llvm::is_contained(read, findBuffer(init)); };
  if (isRead(ops.output.getInit()))
    return true;
  for (Operation *op = ops.input->getNextNode(); op != ops.output; op = op->getNextNode())
    if (auto destination = dyn_cast<DestinationStyleOpInterface>(op)) {
      if (llvm::any_of(destination.getDpsInits(), isRead))
        return true;
    } else if (!isMemoryEffectFree(op) && !isa<memref::AllocOp>(op)) {
      return true;
    }
  return false;
}

static std::optional<Winograd> match(kernel::WinogradInputOp input) {
  auto product = soleReader<kernel::MatmulOp>(input.getInit(), input);
  auto output = product ? soleReader<kernel::WinogradOutputOp>(product.getInit(), product) : kernel::WinogradOutputOp();
  if (!output || product.getLhs() != input.getInit() || output.getInput() != product.getInit() || !product.getPacked() ||
      product.getBias() || !product.getEpilogue().empty() || input->getBlock() != output->getBlock() || !input->isBeforeInBlock(product) ||
      !product->isBeforeInBlock(output) || cast<MemRefType>(product.getRhs().getType()).getRank() != 4)
    return std::nullopt;
  Winograd ops{input, product, output};
  return isDisturbed(ops) ? std::nullopt : std::optional(ops);
}

/// Tiles of a group; 0 where the three ops are better.
static int64_t chooseGroup(Winograd ops) {
  int64_t weightBytes = ops.positions() * ops.groupInputs() * ops.outputs() * Winograd::bytesOf(ops.product.getRhs());
  int64_t tiles = ops.tiles();
  if (weightBytes > kWeightBytes || tiles * ops.tileBytes() <= 2 * kGroupBytes)
    return 0;
  int64_t most = std::min({std::max(kGroupBytes / ops.tileBytes(), kFewTiles + 4), kStackBytes / ops.tileBytes(), tiles / kFewTiles});
  for (int64_t group = most; group >= kFewTiles; --group)
    if (tiles % group == 0)
      return group;
  return 0;
}

namespace {
struct GroupWinogradPass : bn::impl::GroupWinogradPassBase<GroupWinogradPass> {
  using GroupWinogradPassBase::GroupWinogradPassBase;

  void runOnOperation() override {
    SmallVector<kernel::WinogradInputOp> inputs;
    getOperation().walk([&](kernel::WinogradInputOp op) { inputs.push_back(op); });
    for (kernel::WinogradInputOp op : inputs) {
      std::optional<Winograd> ops = match(op);
      int64_t group = ops ? chooseGroup(*ops) : 0;
      if (group == 0)
        continue;
      OpBuilder builder(ops->output);
      if (failed(emitWinogradGroups(builder, *ops, group, registers, {/*bytes=*/"", bfloatDot})))
        return ops->output.emitOpError("expected memrefs of static layout"), signalPassFailure();
      Operation *buffers[] = {ops->product.getInit().getDefiningOp(), ops->input.getInit().getDefiningOp()};
      ops->output.erase();
      ops->product.erase();
      ops->input.erase();
      for (Operation *buffer : buffers)
        buffer->erase();
    }
  }
};
} // namespace
