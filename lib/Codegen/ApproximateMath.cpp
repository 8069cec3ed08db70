// ApproximateMath.cpp - replaces f32 functions by polynomials that stay vectors, and the rest by calls of the C library.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Codegen/Passes.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn {
#define GEN_PASS_DEF_APPROXIMATEMATHPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

/// Functions whose polynomials are within a few units in the last place of f32.
static bool isApproximated(StringRef name) {
  static constexpr StringLiteral names[] = {"math.atan", "math.atan2", "math.tanh", "math.log",  "math.log2", "math.log1p", "math.erf",
                                            "math.erfc", "math.exp",   "math.expm1", "math.cbrt", "math.sin",  "math.cos",   "math.asin",
                                            "math.acos"};
  return llvm::is_contained(names, name);
}

namespace {
struct ApproximateMathPass : bn::impl::ApproximateMathPassBase<ApproximateMathPass> {
  void runOnOperation() override {
    RewritePatternSet polynomials(&getContext());
    populateMathPolynomialApproximationPatterns(polynomials, isApproximated);
    RewritePatternSet calls(&getContext());
    populateMathToLibmConversionPatterns(calls);
    if (failed(applyPatternsGreedily(getOperation(), std::move(polynomials))) ||
        failed(applyPatternsGreedily(getOperation(), std::move(calls))))
      signalPassFailure();
  }
};
} // namespace
