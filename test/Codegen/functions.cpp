// functions.cpp - e^x, the logistic function and erf over all of f32, against double.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

#include <cmath>
#include <limits>

using namespace bn::test;

namespace {
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// 0, ±2^e·(1 + i/7) for all exponents, the ends of the range of e^x, and what is no number.
std::vector<float> arguments() {
  std::vector<float> values = {0.0f, -0.0f, kInfinity, -kInfinity, 88.72283f, 88.72284f, 89.0f, -87.33654f, -87.4f, -104.0f, 87.0f, 88.0f};
  values.push_back(std::nanf("1"));
  for (int exponent = -30; exponent < 8; ++exponent)
    for (int i = 0; i < 7; ++i)
      for (float sign : {1.0f, -1.0f})
        values.push_back(sign * std::ldexp(1 + i / 7.0f, exponent));
  values.push_back(-std::numeric_limits<float>::max());
  return values;
}
/// The logistic function of %a, as `result`.
std::string logistic(const std::string &result) {
  return " %n = arith.negf %a : f32\n %e = math.exp %n : f32\n %s = arith.addf %one, %e : f32\n " + result +
         " = arith.divf %one, %s : f32\n";
}

/// Compares y with f(x), NaN with NaN; `tolerance` is of x and f(x).
void expectAll(llvm::ArrayRef<float> x, llvm::ArrayRef<float> y, llvm::function_ref<double(double)> f,
               llvm::function_ref<double(double, double)> tolerance) {
  for (auto [argument, value] : llvm::zip_equal(x, y)) {
    double expected = f(argument);
    if (std::isnan(argument))
      EXPECT_TRUE(std::isnan(value));
    else
      EXPECT_NEAR(value, expected, tolerance(argument, expected)) << argument;
  }
}
} // namespace

TEST(Exponential, all_of_f32) {
  std::vector<float> x = arguments(), y = computeElements(" %r = math.exp %a : f32", x);
  for (size_t i = 0; i < x.size(); ++i) {
    double expected = std::exp(double(x[i]));
    if (std::isnan(x[i]))
      EXPECT_TRUE(std::isnan(y[i]));
    else if (expected > std::numeric_limits<float>::max())
      EXPECT_EQ(y[i], kInfinity) << x[i];
    else if (expected < std::numeric_limits<float>::min())
      EXPECT_EQ(y[i], 0.0f) << x[i];
    else
      EXPECT_NEAR(y[i], expected, 1.5e-7 * expected) << x[i];
  }
  EXPECT_EQ(y[0], 1.0f);
}

TEST(Exponential, logistic) {
  std::vector<float> x = arguments(), y = computeElements(logistic("%r"), x);
  expectAll(
      x, y, [](double x) { return 1 / (1 + std::exp(-x)); }, [](double, double) { return 2e-7; });
  EXPECT_EQ(y[0], 0.5f);
}

// One quotient, no product that would round again: relative, as far as the limit of the logistic function.
TEST(Exponential, x_times_logistic) {
  std::vector<float> x = arguments();
  llvm::erase_if(x, [](float x) { return x <= -80 || x == kInfinity; });
  std::vector<float> y = computeElements(logistic("%q") + " %r = arith.mulf %q, %a : f32", x);
  expectAll(
      x, y, [](double x) { return x / (1 + std::exp(-x)); },
      [](double x, double expected) { return 1.2e-7 * (2 + std::abs(x)) * std::abs(expected); });
}

// Relative: products with small numbers keep their digits.
TEST(ErrorFunction, all_of_f32) {
  std::vector<float> x = arguments();
  for (int i = 0; i < 4000; ++i)
    x.push_back((i - 2000) / 500.0f);
  std::vector<float> y = computeElements(" %r = math.erf %a : f32", x);
  expectAll(
      x, y, [](double x) { return std::erf(x); }, [](double, double expected) { return 5e-7 * std::abs(expected); });
  for (float value : y)
    EXPECT_FALSE(std::abs(value) > 1) << value;
}
