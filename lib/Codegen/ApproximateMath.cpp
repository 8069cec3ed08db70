// ApproximateMath.cpp - replaces f32 functions by polynomials that stay vectors, and the rest by calls of the C library.
// SPDX-License-Identifier: Apache-2.0

#include "ErrorFunction.h"
#include "Exponential.h"
#include "VectorFunctions.h"
#include "bn/Codegen/Passes.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn {
#define GEN_PASS_DEF_APPROXIMATEMATHPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

/// Functions whose polynomials are within a few units in the last place of f32.
static bool isApproximated(StringRef name) {
  static constexpr StringLiteral names[] = {"math.atan", "math.atan2", "math.tanh", "math.log",  "math.log2", "math.log1p",
                                            "math.erfc", "math.expm1", "math.cbrt", "math.sin",  "math.cos",   "math.asin"};
  return llvm::is_contained(names, name);
}

/// Operations that processors have: they stay vectors, in the polynomials, too.
static bool isInstruction(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp, math::CountTrailingZerosOp,
             math::CtPopOp, math::FloorOp, math::FmaOp, math::RoundEvenOp, math::RsqrtOp, math::SqrtOp, math::TruncOp>(op);
}

namespace {
struct ApproximateMathPass : bn::impl::ApproximateMathPassBase<ApproximateMathPass> {
  void runOnOperation() override {
    RewritePatternSet polynomials(&getContext());
    populateMathPolynomialApproximationPatterns(polynomials, isApproximated);
    bn::populateErrorFunctionPatterns(polynomials);
    bn::populateExponentialPatterns(polynomials);
    bn::populateVectorFunctionPatterns(polynomials);
    if (failed(applyPatternsGreedily(getOperation(), std::move(polynomials))))
      return signalPassFailure();
    RewritePatternSet calls(&getContext());
    populateMathToLibmConversionPatterns(calls);
    ConversionTarget target(getContext());
    target.markUnknownOpDynamicallyLegal([](Operation *op) { return !isa<math::MathDialect>(op->getDialect()) || isInstruction(op); });
    if (failed(applyPartialConversion(getOperation(), target, std::move(calls))))
      signalPassFailure();
  }
};
} // namespace
