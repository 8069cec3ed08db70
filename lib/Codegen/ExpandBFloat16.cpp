// ExpandBFloat16.cpp - replaces conversions to and from bf16 by integer arithmetic.
// SPDX-License-Identifier: Apache-2.0
//
// Where a processor has no instruction for them, LLVM calls a function of its own runtime library for each element.

#include "bn/Codegen/Passes.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn {
#define GEN_PASS_DEF_EXPANDBFLOAT16PASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

namespace {
struct ExpandBFloat16Pass : bn::impl::ExpandBFloat16PassBase<ExpandBFloat16Pass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
