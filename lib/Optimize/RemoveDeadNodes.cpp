// RemoveDeadNodes.cpp - removes nodes and initializers that nothing uses.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Optimize/Passes.h"
#include "mlir/IR/Iterators.h"

namespace bn {
#define GEN_PASS_DEF_REMOVEDEADNODESPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;

namespace {

struct RemoveDeadNodesPass : public bn::impl::RemoveDeadNodesPassBase<RemoveDeadNodesPass> {
  void runOnOperation() override {
    // Backwards, so that users go before what they use.
    getOperation().walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
      if (isOpTriviallyDead(op))
        op->erase();
    });
  }
};

} // namespace
