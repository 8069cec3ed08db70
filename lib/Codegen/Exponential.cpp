// Exponential.cpp - e^x and the logistic function as polynomials.
// SPDX-License-Identifier: Apache-2.0
//
// e^x = 2ⁿ·e^r with n = round(x·log₂e). Adding 1.5·2²³ rounds: n is in the last bits of the sum, and shifting those bits to where a float
// has its exponent gives 2ⁿ; no conversion, no instruction that only some processors have.
//
//   math.exp x              within one unit in the last place; 0 below the smallest normal number, ∞ above the largest
//   the same with `afn`     of x up to 88 only, relative error 1e-7·(1 + |x|), which a difference that was rounded to x has as well
//   1 / (1 + math.exp x)    within 2e-7, and x times that of −x as one quotient

#include "Exponential.h"
#include "FloatVectors.h"

#include "mlir/IR/Matchers.h"

#include <limits>

using namespace mlir;
using namespace bn;

/// 1.5·2²³: of a sum with it, the last bits are the other summand as an integer, rounded.
static constexpr double kRound = 12582912.0;
static constexpr double kLog2e = 1.44269504088896340736;
/// ln 2 in two parts; the product of the first and a small integer is exact.
static constexpr double kLn2High = 0.693359375, kLn2Low = -2.12194440054690583e-4;
/// The arguments whose exponentials are the smallest and the largest normal numbers.
static constexpr double kLeast = -87.336544036865234, kMost = 88.722831726074219;
/// −127·ln 2, whose n leaves no bit of an exponent: 0.
static constexpr double kNothing = -88.029691931113;
/// Where 1/(1 + e^x) differs from 1 or 0 by less than the smallest normal number or by nothing at all.
static constexpr double kLogisticLimit = 87;

/// e^r on [−ln 2 / 2, ln 2 / 2], relative error 2e-9, and 2^f on [−1/2, 1/2], relative error 1e-7 and none at 0; highest power first.
static constexpr double kExp[] = {0.0013836846019150376, 0.008374815849524056, 0.04166822557163711, 0.16666420169313048,
                                  0.49999992079795247,   1.000000036323317,    1.0};
static constexpr double kExp2[] = {0.00132647272748, 0.00967151269857, 0.055507337436, 0.240222420845, 0.693146977599, 1.0};

namespace {
/// x·log₂e as an integer, added to kRound, and what is left.
std::pair<Value, Value> split(const FloatVectors &f, Value x) {
  Value scale = f.number(kLog2e), rounded = f.fma(x, scale, f.number(kRound));
  return {rounded, f.fma(x, scale, arith::SubFOp::create(f.b, f.loc, f.number(kRound), rounded))};
}

/// The bits of a sum with kRound, its integer moved to the exponent.
Value exponentBits(const FloatVectors &f, Value rounded) {
  Value integers = arith::BitcastOp::create(f.b, f.loc, f.bits(), rounded);
  return arith::ShLIOp::create(f.b, f.loc, integers, f.integer(23));
}

/// 2ⁿ of what `split` returns first.
Value power(const FloatVectors &f, Value rounded) {
  Value exponent = arith::AddIOp::create(f.b, f.loc, exponentBits(f, rounded), f.integer(127 << 23));
  return arith::BitcastOp::create(f.b, f.loc, f.type, exponent);
}

/// math.exp x ⇒ 2ⁿ·P(x − n·ln 2)
struct ExpandExp : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::ExpOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    FloatVectors f{rewriter, op.getLoc(), op.getType()};
    Value x = f.clamp(op.getOperand(), kLeast, kMost);
    Value rounded = f.fma(x, f.number(kLog2e), f.number(kRound)), n = f.add(rounded, f.number(-kRound));
    Value rest = f.fma(n, f.number(-kLn2Low), f.fma(n, f.number(-kLn2High), x));
    // A polynomial below 1 has room for n = 128 in its exponent.
    Value whole = arith::AddIOp::create(rewriter, f.loc, arith::BitcastOp::create(rewriter, f.loc, f.bits(), f.polynomial(rest, kExp)),
                                        exponentBits(f, rounded));
    Value result = arith::BitcastOp::create(rewriter, f.loc, f.type, whole);
    result = f.select(f.isLess(op.getOperand(), f.number(kLeast)), f.number(0), result);
    Value isFinite = arith::CmpFOp::create(rewriter, f.loc, arith::CmpFPredicate::OLE, op.getOperand(), f.number(kMost));
    Value beyond = f.add(op.getOperand(), f.number(std::numeric_limits<double>::infinity())); // NaN for NaN
    rewriter.replaceOp(op, f.select(isFinite, result, beyond));
    return success();
  }
};

/// math.exp x with `afn` ⇒ 2ⁿ·P(x·log₂e − n)
struct ExpandFastExp : OpRewritePattern<math::ExpOp> {
  ExpandFastExp(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}
  LogicalResult matchAndRewrite(math::ExpOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()) || !bitEnumContainsAny(op.getFastmath(), arith::FastMathFlags::afn))
      return rewriter.notifyMatchFailure(op, "not f32, or not approximate");
    FloatVectors f{rewriter, op.getLoc(), op.getType()};
    Value least = f.number(kNothing), x = f.select(f.isLess(op.getOperand(), least), least, op.getOperand());
    auto [rounded, rest] = split(f, x);
    rewriter.replaceOpWithNewOp<arith::MulFOp>(op, f.polynomial(rest, kExp2), power(f, rounded));
    return success();
  }
};

/// 1 / (1 + math.exp x) ⇒ 1 / (1 + 2ⁿ·P(x·log₂e − n))
struct ExpandLogistic : OpRewritePattern<arith::DivFOp> {
  ExpandLogistic(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}
  LogicalResult matchAndRewrite(arith::DivFOp op, PatternRewriter &rewriter) const override {
    auto sum = op.getRhs().getDefiningOp<arith::AddFOp>();
    if (!isF32(op.getType()) || !sum || !matchPattern(op.getLhs(), m_OneFloat()))
      return rewriter.notifyMatchFailure(op, "no reciprocal of a sum in f32");
    auto exp = sum.getLhs().getDefiningOp<math::ExpOp>(), other = sum.getRhs().getDefiningOp<math::ExpOp>();
    Value one = exp ? sum.getRhs() : sum.getLhs();
    if (!exp)
      exp = other;
    if (!exp || !matchPattern(one, m_OneFloat()))
      return rewriter.notifyMatchFailure(op, "not one and an exponential");
    FloatVectors f{rewriter, op.getLoc(), op.getType()};
    auto [rounded, rest] = split(f, f.clamp(exp.getOperand(), -kLogisticLimit, kLogisticLimit));
    Value whole = f.fma(f.polynomial(rest, kExp2), power(f, rounded), one);
    if (auto [product, x] = findProduct(op, exp); product) {
      rewriter.setInsertionPoint(product);
      rewriter.replaceOpWithNewOp<arith::DivFOp>(product, x, whole);
    } else {
      rewriter.replaceOpWithNewOp<arith::DivFOp>(op, one, whole);
    }
    return success();
  }

private:
  /// x · 1/(1 + e⁻ˣ), the only use of the quotient, and x.
  static std::pair<arith::MulFOp, Value> findProduct(arith::DivFOp quotient, math::ExpOp exp) {
    auto product = quotient->hasOneUse() ? dyn_cast<arith::MulFOp>(*quotient->user_begin()) : nullptr;
    auto negation = exp.getOperand().getDefiningOp<arith::NegFOp>();
    if (!product || !negation || (product.getLhs() != negation.getOperand() && product.getRhs() != negation.getOperand()))
      return {};
    return {product, negation.getOperand()};
  }
};
} // namespace

void bn::populateExponentialPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandExp, ExpandFastExp, ExpandLogistic>(patterns.getContext());
}
