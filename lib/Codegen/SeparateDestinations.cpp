// SeparateDestinations.cpp - gives every result a destination of its own.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %e = tensor.empty   %f = linalg.fill outs(%e)   %x = … outs(%f)   %y = … outs(%f)
//   after    %x and %y each with an %e and an %f
//
// CSE leaves one empty tensor of each type. Shared, it ties results together that have nothing to do with each other, and the
// elimination of empty tensors would write two outputs of the model into the place of one.

#include "bn/Codegen/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace bn {
#define GEN_PASS_DEF_SEPARATEDESTINATIONSPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

/// Makes a copy of `op` for every use as a destination but the first.
static void separateUses(Operation *op) {
  SmallVector<OpOperand *> destinations;
  for (OpOperand &use : op->getUses())
    if (auto user = dyn_cast<DestinationStyleOpInterface>(use.getOwner()); user && user.isDpsInit(&use))
      destinations.push_back(&use);
  for (OpOperand *use : llvm::drop_begin(destinations, destinations.empty() ? 0 : 1))
    use->set(OpBuilder(use->getOwner()).clone(*op)->getResult(0));
}

namespace {
struct SeparateDestinationsPass : bn::impl::SeparateDestinationsPassBase<SeparateDestinationsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> fills, empties;
    getOperation().walk([&](linalg::FillOp fill) { fills.push_back(fill); });
    llvm::for_each(fills, separateUses);
    getOperation().walk([&](tensor::EmptyOp empty) { empties.push_back(empty); }); // those of the copied fills, too
    llvm::for_each(empties, separateUses);
  }
};
} // namespace
