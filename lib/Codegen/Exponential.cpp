// Exponential.cpp - e^x and the logistic function as polynomials.
// SPDX-License-Identifier: Apache-2.0
//
// e^x = 2ⁿ·e^r with n = round(x·log₂e). Adding 1.5·2²³ rounds: n is in the last bits of the sum, and shifting those bits to where a float
// has its exponent gives 2ⁿ; no conversion, no instruction that only some processors have.
//
//   math.exp x              within one unit in the last place; 0 below the smallest normal number, ∞ above the largest
//   the same with `afn`     of x up to 88 only, relative error 1e-7·(1 + |x|), which a difference that was rounded to x has as well
//   1 / (1 + math.exp x)    within 2e-7

#include "Exponential.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

#include <limits>

using namespace mlir;

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
/// Arithmetic on f32 or vectors of it.
struct Floats {
  OpBuilder &b;
  Location loc;
  Type type;

  Value number(double value) const { return constant(type, b.getF32FloatAttr(value)); }
  Value integer(int32_t value) const { return constant(bits(), b.getI32IntegerAttr(value)); }
  Value add(Value x, Value y) const { return arith::AddFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) const { return math::FmaOp::create(b, loc, x, y, z); }
  Value isLess(Value x, Value y) const { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, y); }
  Value select(Value condition, Value x, Value y) const { return arith::SelectOp::create(b, loc, condition, x, y); }

  /// x between two numbers; NaN stays.
  Value clamp(Value x, double low, double high) const {
    Value least = number(low), most = number(high);
    x = select(isLess(x, least), least, x);
    return select(isLess(most, x), most, x);
  }

  Value polynomial(Value x, ArrayRef<double> coefficients) const {
    Value sum = number(coefficients[0]);
    for (double coefficient : coefficients.drop_front())
      sum = fma(sum, x, number(coefficient));
    return sum;
  }

  /// x·log₂e as an integer, added to kRound, and what is left.
  std::pair<Value, Value> split(Value x) const {
    Value scale = number(kLog2e), rounded = fma(x, scale, number(kRound));
    return {rounded, fma(x, scale, arith::SubFOp::create(b, loc, number(kRound), rounded))};
  }

  /// 2ⁿ of what `split` returns first.
  Value power(Value rounded) const {
    Value exponent = arith::AddIOp::create(b, loc, exponentBits(rounded), integer(127 << 23));
    return arith::BitcastOp::create(b, loc, type, exponent);
  }

  /// The bits of a sum with kRound, its integer moved to the exponent.
  Value exponentBits(Value rounded) const {
    Value integers = arith::BitcastOp::create(b, loc, bits(), rounded);
    return arith::ShLIOp::create(b, loc, integers, integer(23));
  }

  Type bits() const {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(b.getI32Type())) : Type(b.getI32Type());
  }

private:
  Value constant(Type type, TypedAttr value) const {
    if (auto vector = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vector, Attribute(value));
    return arith::ConstantOp::create(b, loc, value);
  }
};

bool isF32(Type type) { return getElementTypeOrSelf(type).isF32(); }

/// math.exp x ⇒ 2ⁿ·P(x − n·ln 2)
struct ExpandExp : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::ExpOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    Floats f{rewriter, op.getLoc(), op.getType()};
    Value x = f.clamp(op.getOperand(), kLeast, kMost);
    Value rounded = f.fma(x, f.number(kLog2e), f.number(kRound)), n = f.add(rounded, f.number(-kRound));
    Value rest = f.fma(n, f.number(-kLn2Low), f.fma(n, f.number(-kLn2High), x));
    // A polynomial below 1 has room for n = 128 in its exponent.
    Value whole = arith::AddIOp::create(rewriter, f.loc, arith::BitcastOp::create(rewriter, f.loc, f.bits(), f.polynomial(rest, kExp)),
                                        f.exponentBits(rounded));
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
    Floats f{rewriter, op.getLoc(), op.getType()};
    Value least = f.number(kNothing), x = f.select(f.isLess(op.getOperand(), least), least, op.getOperand());
    auto [rounded, rest] = f.split(x);
    rewriter.replaceOpWithNewOp<arith::MulFOp>(op, f.polynomial(rest, kExp2), f.power(rounded));
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
    Floats f{rewriter, op.getLoc(), op.getType()};
    auto [rounded, rest] = f.split(f.clamp(exp.getOperand(), -kLogisticLimit, kLogisticLimit));
    Value whole = f.fma(f.polynomial(rest, kExp2), f.power(rounded), one);
    rewriter.replaceOpWithNewOp<arith::DivFOp>(op, one, whole);
    return success();
  }
};
} // namespace

void bn::populateExponentialPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandExp, ExpandFastExp, ExpandLogistic>(patterns.getContext());
}
