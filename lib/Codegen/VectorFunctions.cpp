// VectorFunctions.cpp - tangent, arc cosine, inverse hyperbolic sine, power and remainder on vectors.
// SPDX-License-Identifier: Apache-2.0
//
//   math.tan x      n = round(x·2/π) in f64, r = x − n·π/2;  tan r for even n, −1/tan r for odd n      |x| up to 2³⁰
//   math.acos x     π/2 − asin x up to 1/2, beyond it 2·asin √((1 − |x|)/2), or π less that for negative x
//   math.asinh x    the sign of x times log1p(a + a²/(1 + √(1 + a²))) with a = |x|
//   math.powf x, y  2ⁿ·e^(r·ln 2) with n + r = y·log₂x in f64                                          normal x > 0, |y·log₂x| < 126
//   arith.remf      x − trunc(x/y)·y in f64, exact                                                      |x/y| up to 2²⁹
//
// All are within 4 units in the last place. A vector with an element beyond the limit is left to the C library as a whole.

#include "VectorFunctions.h"
#include "FloatVectors.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace bn;

static constexpr double kPi = 3.14159265358979323846;
/// π/2 − the f64 next to it.
static constexpr double kHalfPiRest = 6.123233995736766e-17;
static constexpr double kTanLimit = 1 << 30, kQuotientLimit = 1 << 29;
/// Below it tan x is x in f32.
static constexpr double kTanIsArgument = 1e-4;
/// Where 1 + a² is a² in f32, and far from where a² is infinite.
static constexpr double kAsinhIsLog = 1e10;

/// (tan r − r)/r³ on [0, (π/4)²] and (asin r − r)/r³ on [0, 1/4] as polynomials of r²; relative errors of the sums below 1e-7.
static constexpr double kTan[] = {9.38540185543e-3, 3.11992232697e-3, 2.44301354525e-2,
                                  5.34112807005e-2, 1.33387994085e-1, 3.33331568548e-1};
static constexpr double kAsin[] = {4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1};

static constexpr double kPowLimit = 126;
/// log₂ m of s = (m − 1)/(m + 1) over s, for m from √½ to √2, as a polynomial of s²: 2/ln 2 over 13, 11, … 1. And e^r up to |r| = ln 2 / 2.
static constexpr double kTwoOverLn2 = 2.88539008177792681472, kLn2 = 0.69314718055994530942;
static constexpr double kLog2[] = {kTwoOverLn2 / 13, kTwoOverLn2 / 11, kTwoOverLn2 / 9, kTwoOverLn2 / 7,
                                   kTwoOverLn2 / 5,  kTwoOverLn2 / 3,  kTwoOverLn2};
static constexpr double kExp[] = {1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 0.5, 1, 1};
/// The bits of √½ in f32, and the number whose sum with another one has that as an integer in its last bits.
static constexpr int32_t kRootHalfBits = 0x3F3504F3;
static constexpr double kRound = 6755399441055744.0;

/// The mark of an op that the C library does.
static constexpr StringLiteral kLibraryAttr = "library";

/// The type with elements of f64.
static Type widen(Type type) {
  Type f64 = Float64Type::get(type.getContext());
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(f64)) : f64;
}

/// r + r³·P(r²)
static Value emitOdd(const FloatVectors &f, Value r, Value square, ArrayRef<double> coefficients) {
  return f.fma(f.multiply(f.polynomial(square, coefficients), square), r, r);
}

/// Replaces an op by `emit` where all elements are `within` its limits.
static void replaceWithin(PatternRewriter &rewriter, Operation *op, Value within, llvm::function_ref<Value()> emit) {
  Location loc = op->getLoc();
  if (isa<VectorType>(within.getType()))
    within = vector::ReductionOp::create(rewriter, loc, vector::CombiningKind::AND, within);
  auto choice = scf::IfOp::create(rewriter, loc, op->getResultTypes(), within, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(choice.thenBlock());
    scf::YieldOp::create(rewriter, loc, emit());
    rewriter.setInsertionPointToStart(choice.elseBlock());
    Operation *library = rewriter.clone(*op);
    library->setAttr(kLibraryAttr, rewriter.getUnitAttr());
    scf::YieldOp::create(rewriter, loc, library->getResults());
  }
  rewriter.replaceOp(op, choice);
}

namespace {
/// math.tan x ⇒ r + r³·P(r²) or −1 over it
struct ExpandTan : OpRewritePattern<math::TanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::TanOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()) || op->hasAttr(kLibraryAttr))
      return rewriter.notifyMatchFailure(op, "not f32, or beyond the limit");
    FloatVectors f{rewriter, op.getLoc(), op.getType()};
    Value x = op.getOperand(), size = f.abs(x);
    replaceWithin(rewriter, op, f.isLess(size, f.number(kTanLimit)), [&] {
      auto [rest, isOdd] = reduce(f, x);
      Value tangent = emitOdd(f, rest, f.multiply(rest, rest), kTan);
      Value result = f.select(isOdd, f.divide(f.number(-1), tangent), tangent);
      return f.select(f.isLess(size, f.number(kTanIsArgument)), x, result);
    });
    return success();
  }

private:
  /// x − n·π/2, and whether n is odd.
  static std::pair<Value, Value> reduce(const FloatVectors &f, Value x) {
    FloatVectors wide{f.b, f.loc, widen(f.type)};
    Value exact = arith::ExtFOp::create(f.b, f.loc, wide.type, x);
    Value n = math::RoundEvenOp::create(f.b, f.loc, wide.multiply(exact, wide.number(2 / kPi)));
    Value rest = wide.fma(n, wide.number(-kHalfPiRest), wide.fma(n, wide.number(-kPi / 2), exact));
    Value half = wide.multiply(n, wide.number(0.5)), floor = math::FloorOp::create(f.b, f.loc, half);
    return {arith::TruncFOp::create(f.b, f.loc, f.type, rest), wide.isLess(floor, half)};
  }
};

/// math.acos x ⇒ a multiple of π/2 plus ±1 or ±2 times an arc sine up to 1/2
struct ExpandAcos : OpRewritePattern<math::AcosOp> {
  ExpandAcos(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}
  LogicalResult matchAndRewrite(math::AcosOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    FloatVectors f{rewriter, op.getLoc(), op.getType()};
    Value x = op.getOperand(), size = f.abs(x), half = f.number(0.5), isLarge = f.isLess(half, size);
    Value square = f.select(isLarge, f.fma(size, f.number(-0.5), half), f.multiply(x, x));
    Value r = f.select(isLarge, f.sqrt(square), size);
    Value angle = f.copySign(emitOdd(f, r, square, kAsin), x);
    Value start = f.select(f.isLess(x, f.number(0)), f.number(kPi), f.number(0));
    rewriter.replaceOp(op, f.fma(angle, f.select(isLarge, f.number(2), f.number(-1)), f.select(isLarge, start, f.number(kPi / 2))));
    return success();
  }
};

/// math.asinh x ⇒ ±log1p
struct ExpandAsinh : OpRewritePattern<math::AsinhOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::AsinhOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    FloatVectors f{rewriter, op.getLoc(), op.getType()};
    Value x = op.getOperand(), a = f.abs(x), one = f.number(1), isLog = f.isLess(f.number(kAsinhIsLog), a);
    Value square = f.multiply(a, a), sum = f.add(a, f.divide(square, f.add(one, f.sqrt(f.add(one, square)))));
    Value log = math::Log1pOp::create(rewriter, f.loc, f.select(isLog, a, sum));
    Value shift = f.select(isLog, f.number(kLn2), f.number(0)); // log(2·a)
    rewriter.replaceOp(op, f.copySign(f.add(log, shift), x));
    return success();
  }
};

/// math.powf x, y ⇒ 2^(y·log₂x)
struct ExpandPow : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::PowFOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()) || op->hasAttr(kLibraryAttr))
      return rewriter.notifyMatchFailure(op, "not f32, or beyond the limit");
    FloatVectors f{rewriter, op.getLoc(), op.getType()}, wide{rewriter, op.getLoc(), widen(op.getType())};
    Value x = op.getLhs(), y = arith::ExtFOp::create(rewriter, f.loc, wide.type, op.getRhs());
    Value exponent = wide.multiply(y, emitLog2(f, wide, x));
    Value isNormal = arith::AndIOp::create(rewriter, f.loc, f.isLess(f.number(std::numeric_limits<float>::min()), x),
                                           f.isLess(x, f.number(std::numeric_limits<float>::infinity())));
    Value within = arith::AndIOp::create(rewriter, f.loc, isNormal, wide.isLess(wide.abs(exponent), wide.number(kPowLimit)));
    replaceWithin(rewriter, op, within, [&] { return emitExp2(f, wide, exponent); });
    return success();
  }

private:
  /// k + log₂ m of x = 2ᵏ·m with m from √½ to √2.
  static Value emitLog2(const FloatVectors &f, const FloatVectors &wide, Value x) {
    Value bits = arith::BitcastOp::create(f.b, f.loc, f.bits(), x);
    Value k = arith::ShRSIOp::create(f.b, f.loc, arith::SubIOp::create(f.b, f.loc, bits, f.integer(kRootHalfBits)), f.integer(23));
    Value rest = arith::SubIOp::create(f.b, f.loc, bits, arith::ShLIOp::create(f.b, f.loc, k, f.integer(23)));
    Value narrow = arith::BitcastOp::create(f.b, f.loc, f.type, rest), m = arith::ExtFOp::create(f.b, f.loc, wide.type, narrow);
    Value one = wide.number(1), s = wide.divide(wide.subtract(m, one), wide.add(m, one));
    Value whole = arith::SIToFPOp::create(f.b, f.loc, wide.type, k);
    return wide.fma(s, wide.polynomial(wide.multiply(s, s), kLog2), whole);
  }

  static Value emitExp2(const FloatVectors &f, const FloatVectors &wide, Value exponent) {
    Value rounded = wide.add(exponent, wide.number(kRound)), n = wide.subtract(rounded, wide.number(kRound));
    Value power = wide.polynomial(wide.multiply(wide.subtract(exponent, n), wide.number(kLn2)), kExp);
    Value scale = arith::ShLIOp::create(f.b, f.loc, arith::BitcastOp::create(f.b, f.loc, wide.bits(), rounded), wide.integer(52));
    Value scaled = arith::AddIOp::create(f.b, f.loc, arith::BitcastOp::create(f.b, f.loc, wide.bits(), power), scale);
    return arith::TruncFOp::create(f.b, f.loc, f.type, arith::BitcastOp::create(f.b, f.loc, wide.type, scaled));
  }
};

/// arith.remf x, y ⇒ x − trunc(x/y)·y
struct ExpandRemainder : OpRewritePattern<arith::RemFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::RemFOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()) || op->hasAttr(kLibraryAttr))
      return rewriter.notifyMatchFailure(op, "not f32, or beyond the limit");
    FloatVectors wide{rewriter, op.getLoc(), widen(op.getType())};
    auto extend = [&](Value v) { return wide.abs(arith::ExtFOp::create(rewriter, wide.loc, wide.type, v)); };
    Value x = extend(op.getLhs()), y = extend(op.getRhs()), infinity = wide.number(std::numeric_limits<double>::infinity());
    Value isNear = wide.isLess(x, wide.multiply(y, wide.number(kQuotientLimit)));
    Value within = arith::AndIOp::create(rewriter, wide.loc, isNear, wide.isLess(y, infinity));
    replaceWithin(rewriter, op, within, [&] {
      Value quotient = math::TruncOp::create(rewriter, wide.loc, wide.divide(x, y));
      Value rest = wide.subtract(x, wide.multiply(quotient, y)); // both exact
      rest = wide.select(wide.isLess(rest, wide.number(0)), wide.add(rest, y), rest); // the quotient was rounded up to an integer
      Value narrow = arith::TruncFOp::create(rewriter, wide.loc, op.getType(), rest);
      return math::CopySignOp::create(rewriter, wide.loc, narrow, op.getLhs()).getResult();
    });
    return success();
  }
};
} // namespace

void bn::populateVectorFunctionPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandTan, ExpandAcos, ExpandAsinh, ExpandPow, ExpandRemainder>(patterns.getContext());
}
