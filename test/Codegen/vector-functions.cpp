// vector-functions.cpp - tangent, arc cosine, inverse hyperbolic sine, power and remainder over all of f32, against double.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledKernel.h"

#include <cmath>
#include <limits>

using namespace bn::test;

namespace {
constexpr float kInfinity = std::numeric_limits<float>::infinity(), kMost = std::numeric_limits<float>::max();

/// ±2^e·(1 + i/13) for exponents from `first` to `last`.
std::vector<float> spread(int first, int last) {
  std::vector<float> values;
  for (int exponent = first; exponent < last; ++exponent)
    for (int i = 0; i < 13; ++i)
      for (float sign : {1.0f, -1.0f})
        values.push_back(sign * std::ldexp(1 + i / 13.0f, exponent));
  return values;
}

/// Compares with a function in double: NaN equals NaN, others are within `units` of f32's rounding error, half a unit in the last place.
void expectFunction(const std::string &op, const std::vector<float> &x, double (*function)(double), double units) {
  std::vector<float> y = computeElements(" %r = " + op + " %a : f32", x);
  for (size_t i = 0; i < x.size(); ++i) {
    double expected = function(x[i]);
    if (std::isnan(expected) || std::isinf(expected))
      EXPECT_EQ(std::isnan(expected), std::isnan(y[i])) << x[i];
    else
      EXPECT_NEAR(y[i], expected, units * 6e-8 * std::abs(expected)) << x[i];
    if (std::isinf(expected) || expected == 0)
      EXPECT_EQ(y[i], static_cast<float>(expected)) << x[i];
    if (expected == 0)
      EXPECT_EQ(std::signbit(y[i]), std::signbit(expected)) << x[i];
  }
}
} // namespace

TEST(VectorFunctions, tan) {
  expectFunction("math.tan", spread(-40, 29), [](double x) { return std::tan(x); }, 4);
  std::vector<float> x = {0.0f, -0.0f, 1.57079637f, -1.57079625f, 4.71238899f, 3.14159274f, 1e9f};
  x.resize(19, 0.5f);
  expectFunction("math.tan", x, [](double x) { return std::tan(x); }, 4);
}

// One argument is beyond what the polynomial is for; its whole vector is right.
TEST(VectorFunctions, tan_beyond) {
  for (float beyond : {3e38f, -2e15f, kInfinity, std::nanf("")}) {
    std::vector<float> x(21, 0.75f);
    x[3] = beyond;
    x[20] = beyond;
    expectFunction("math.tan", x, [](double x) { return std::tan(x); }, 4);
  }
}

TEST(VectorFunctions, acos) {
  std::vector<float> x = spread(-30, 1);
  x.insert(x.end(), {0.0f, -0.0f, 1.0f, -1.0f, 0.5f, -0.5f, 0.99999994f, -0.99999994f, 1.00000012f, kInfinity, std::nanf("")});
  expectFunction("math.acos", x, [](double x) { return std::acos(x); }, 4);
}

TEST(VectorFunctions, asinh) {
  std::vector<float> x = spread(-60, 127);
  x.insert(x.end(), {0.0f, -0.0f, kMost, -kMost, kInfinity, -kInfinity, std::nanf("")});
  expectFunction("math.asinh", x, [](double x) { return std::asinh(x); }, 8);
}

// What is a number of f32 comes out exactly; zeros, negative numbers and all that is no normal number as the C library has them.
TEST(VectorFunctions, power) {
  std::vector<float> x, y;
  for (float base : spread(-126, 127))
    for (float exponent : {2.5f, -0.75f, 1.0f, 3.0f, -2.0f, 0.0f, 1e-3f, 0.33333334f, 40.0f, 1e6f}) {
      x.push_back(std::abs(base));
      y.push_back(exponent);
    }
  for (int i = 1; i < 200; ++i) {
    x.insert(x.end(), {1 + i / 400.0f, static_cast<float>(i), 1 - i * 1e-6f});
    y.insert(y.end(), {i / 7.0f, 2, -i * 1e4f});
  }
  std::vector<float> odd = {0.0f, -0.0f, 1.0f, -1.0f, -2.0f, 3.0f, 0.5f, 1e-40f, kMost, kInfinity, -kInfinity, std::nanf("")};
  for (float base : odd)
    for (float exponent : odd) {
      x.push_back(base);
      y.push_back(exponent);
    }
  std::vector<float> got = computeElements(" %r = math.powf %a, %b : f32", x, y);
  for (size_t i = 0; i < x.size(); ++i) {
    double expected = std::pow(double(x[i]), double(y[i]));
    float rounded = expected;
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(got[i])) << x[i] << " " << y[i];
    else if (std::isinf(rounded) || rounded == 0 || rounded == expected)
      EXPECT_EQ(got[i], rounded) << x[i] << " " << y[i];
    else
      EXPECT_NEAR(got[i], expected, 2e-7 * std::abs(expected) + 1.5e-45) << x[i] << " " << y[i];
  }
}

// The remainder is exact, also where the quotient is as large as it gets, or no number.
TEST(VectorFunctions, remainder) {
  std::vector<float> sizes = spread(-4, 27), x, y;
  sizes.insert(sizes.end(), {0.1f, 3.0f, 6.0f, -6.0f, 0.3f, 16777215.0f});
  for (size_t i = 0; i < sizes.size(); ++i)
    for (size_t j = 0; j < sizes.size(); j += 5) {
      x.push_back(sizes[i]);
      y.push_back(sizes[(i + j) % sizes.size()]);
    }
  for (float odd : {0.0f, kInfinity, -kInfinity, std::nanf(""), 1e-40f, kMost, 1e-30f})
    for (float other : {2.5f, -kMost, kInfinity, 0.0f}) {
      x.insert(x.end(), {odd, other});
      y.insert(y.end(), {other, odd});
    }
  std::vector<float> got = computeElements(" %r = arith.remf %a, %b : f32", x, y);
  for (size_t i = 0; i < x.size(); ++i) {
    float expected = std::fmod(x[i], y[i]);
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(got[i])) << x[i] << " " << y[i];
    else
      EXPECT_TRUE(got[i] == expected && std::signbit(got[i]) == std::signbit(expected)) << x[i] << " " << y[i] << " " << got[i];
  }
}
