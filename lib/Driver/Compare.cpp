// Compare.cpp - are two tensors equal within tolerance?
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Compare.h"

#include "bn/Driver/Elements.h"
#include "bn/IR/Onnx/Onnx.h"

#include <cmath>

using namespace mlir;

namespace bn::driver {

Tolerance getTolerance(Type numberType, const ToleranceOptions &options) {
  Tolerance tolerance{0, 0};
  if (auto type = dyn_cast<FloatType>(numberType)) {
    if (type.getWidth() < 16)
      tolerance = {0.15, 0.05}; // two or three bits of fraction
    else if (type.isBF16())
      tolerance = {2e-2, 1e-2};
    else if (type.isF16())
      tolerance = {5e-3, 1e-3};
    else if (type.isF64())
      tolerance = {1e-7, 1e-9};
    else
      tolerance = {1e-3, 1e-5};
  }
  return {options.relative.value_or(tolerance.relative), options.absolute.value_or(tolerance.absolute)};
}

/// "[1, 0, 2]": the index of an element by dimension.
static std::string formatIndex(int64_t index, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> position(shape.size());
  for (size_t i = shape.size(); i-- > 0; index /= shape[i])
    position[i] = index % shape[i];
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '[';
  llvm::interleaveComma(position, os);
  os << ']';
  return text;
}

namespace {
/// Counts mismatches and keeps the worst.
struct Mismatches {
  int64_t count = 0, worst = 0;
  double worstExcess = -1;
  void add(int64_t index, double excess) {
    ++count;
    if (excess > worstExcess)
      worst = index, worstExcess = excess;
  }
};
} // namespace

/// How far a number is beyond the tolerance; at most 0 when it is within, infinite when one of them is not finite.
static double getExcess(double actual, double expected, const Tolerance &tolerance) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
    return 0;
  if (!std::isfinite(actual) || !std::isfinite(expected))
    return INFINITY;
  return std::abs(actual - expected) - (tolerance.absolute + tolerance.relative * std::abs(expected));
}

static std::string describe(const Mismatches &mismatches, int64_t total, const std::string &where, const std::string &expected,
                            const std::string &actual) {
  return (Twine(mismatches.count) + " of " + Twine(total) + (total == 1 ? " element differs" : " elements differ") + ", the worst at " +
          where + ": expected " + expected + ", got " + actual)
      .str();
}

static Comparison compareStrings(const HostTensor &actual, const HostTensor &expected) {
  Mismatches mismatches;
  for (size_t i = 0; i < expected.strings.size(); ++i)
    if (actual.strings[i] != expected.strings[i])
      mismatches.add(i, 0);
  if (mismatches.count == 0)
    return {};
  return {describe(mismatches, expected.strings.size(), formatIndex(mismatches.worst, expected.type.getShape()),
                   "'" + expected.strings[mismatches.worst] + "'", "'" + actual.strings[mismatches.worst] + "'")};
}

/// Element by element; two values of one kind, whatever their types say of what they hold.
static Comparison compareHolders(const HostTensor &actual, const HostTensor &expected, const ToleranceOptions &options) {
  if (actual.getType().getTypeID() != expected.getType().getTypeID())
    return {"expected " + formatType(expected.getType()) + ", got " + formatType(actual.getType())};
  if (actual.elements.size() != expected.elements.size())
    return {("expected " + Twine(expected.elements.size()) + " elements, got " + Twine(actual.elements.size())).str()};
  Comparison all;
  for (auto [i, pair] : llvm::enumerate(llvm::zip_equal(actual.elements, expected.elements))) {
    Comparison one = compare(std::get<0>(pair), std::get<1>(pair), options);
    if (!one.difference.empty())
      return {("element " + Twine(i) + ": " + one.difference).str()};
    all.maxError = std::max(all.maxError, one.maxError);
  }
  return all;
}

Comparison compare(const HostTensor &actual, const HostTensor &expected, const ToleranceOptions &options) {
  if (actual.holderType || expected.holderType)
    return compareHolders(actual, expected, options);
  if (actual.type != expected.type)
    return {"expected " + formatType(expected.type) + ", got " + formatType(actual.type)};
  if (isa<onnx::StringType>(expected.type.getElementType()))
    return compareStrings(actual, expected);

  Type number = getNumberType(expected);
  Tolerance tolerance = getTolerance(number, options);
  bool exact = isa<IntegerType>(number) && tolerance.relative == 0 && tolerance.absolute == 0;
  Comparison comparison;
  Mismatches mismatches;
  for (int64_t i = 0, e = getNumNumbers(expected); i < e; ++i) {
    double a = getReal(actual, i), b = getReal(expected, i);
    if (std::isfinite(a) && std::isfinite(b))
      comparison.maxError = std::max(comparison.maxError, std::abs(a - b));
    if (exact && getInteger(actual, i) != getInteger(expected, i))
      mismatches.add(i, std::abs(a - b));
    else if (double excess = getExcess(a, b, tolerance); !exact && excess > 0)
      mismatches.add(i, excess);
  }
  if (mismatches.count == 0)
    return comparison;
  int64_t parts = isa<ComplexType>(expected.type.getElementType()) ? 2 : 1;
  comparison.difference = describe(mismatches, getNumNumbers(expected), formatIndex(mismatches.worst / parts, expected.type.getShape()),
                                   formatNumber(getReal(expected, mismatches.worst)), formatNumber(getReal(actual, mismatches.worst)));
  return comparison;
}

} // namespace bn::driver
