// ErrorFunction.cpp - erf as a quotient of polynomials.
// SPDX-License-Identifier: Apache-2.0
//
// erf x = x·P(x²)/Q(x²) where erf x is below 1 in f32, and ±1 beyond. The coefficients minimize the largest relative error, 4e-8 before
// rounding; with rounding the result is within 4e-7 of erf x. One range for all x, as GELU behind every product of a network needs it.

#include "ErrorFunction.h"
#include "FloatVectors.h"

using namespace mlir;
using namespace bn;

/// The least number whose erf is 1 in f32.
static constexpr double kLimit = 3.832506856900711;
/// Coefficients of P and Q, the highest power's first.
static constexpr double kNumerator[] = {2.0970403615891203e-08, -1.9857555049941504e-06, 0.0001366564557926198, 0.0034052021525354534,
                                        0.04959671643424107,    0.19243189477246692,     1.1283791223651274};
static constexpr double kDenominator[] = {0.0008903948292784481, 0.013731230518449418, 0.11191780233756356, 0.503870349147462, 1.0};

namespace {
struct ExpandErf : OpRewritePattern<math::ErfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::ErfOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    FloatVectors f{rewriter, op.getLoc(), op.getType()};
    Value x = f.clamp(op.getOperand(), -kLimit, kLimit), square = f.multiply(x, x);
    Value numerator = f.multiply(x, f.polynomial(square, kNumerator));
    rewriter.replaceOp(op, f.clamp(f.divide(numerator, f.polynomial(square, kDenominator)), -1, 1));
    return success();
  }
};
} // namespace

void bn::populateErrorFunctionPatterns(RewritePatternSet &patterns) { patterns.add<ExpandErf>(patterns.getContext()); }
