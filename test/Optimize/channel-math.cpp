// channel-math.cpp - arithmetic on weights: every storage type, every layout, every refusal.
// SPDX-License-Identifier: Apache-2.0

#include "ChannelMap.h"
#include "ChannelMath.h"
#include "FloatElements.h"
#include "bn/Optimize/Reasons.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "gtest/gtest.h"

#include <cmath>
#include <complex>
#include <limits>

using namespace mlir;
using namespace bn;

namespace {

struct ChannelMath : public ::testing::Test {
  MLIRContext context{MLIRContext::Threading::DISABLED};
  Builder b{&context};

  ElementsAttr store(ArrayRef<double> values, ArrayRef<int64_t> shape, Type type) {
    ElementsAttr result;
    EXPECT_EQ(storeReals(values, RankedTensorType::get(shape, type), "w", result), Reason::None);
    return result;
  }
  SmallVector<double> scaled(ArrayRef<double> values, ArrayRef<int64_t> shape, ChannelLayout layout, ArrayRef<double> scale) {
    ScaledWeight result;
    EXPECT_EQ(scaleChannels(store(values, shape, b.getF32Type()), layout, scale, "w", result), Reason::None);
    return *readReals(result.value);
  }
};

using Reals = SmallVector<double>;

TEST_F(ChannelMath, normalize_is_scale_over_sigma) {
  ChannelMap map;
  ASSERT_EQ(normalize({2, -3}, {1, 2}, {5, 1}, {3, 8}, 1, map), Reason::None);
  EXPECT_EQ(map.scale, Reals({1, -1}));
  EXPECT_EQ(map.offset, Reals({-4, 3}));
}

TEST_F(ChannelMath, normalize_takes_gamma_zero_and_large_variance) {
  ChannelMap map;
  ASSERT_EQ(normalize({0, 1}, {7, 0}, {5, 0}, {1, 1e5}, 0, map), Reason::None);
  EXPECT_EQ(map.scale, Reals({0, 1 / std::sqrt(1e5)}));
  EXPECT_EQ(map.offset.front(), 7);
}

TEST_F(ChannelMath, no_normalize_of_degenerate_statistics) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  ChannelMap map;
  EXPECT_EQ(normalize({1}, {1}, {1}, {0}, 0, map), Reason::VarianceNotPositive);
  EXPECT_EQ(normalize({1}, {1}, {1}, {-1e-5}, 1e-5, map), Reason::VarianceNotPositive);
  EXPECT_EQ(normalize({1}, {1}, {1}, {nan}, 0, map), Reason::NonFinite);
  EXPECT_EQ(normalize({1}, {1}, {1}, {infinity}, 0, map), Reason::NonFinite);
  EXPECT_EQ(normalize({nan}, {1}, {1}, {1}, 0, map), Reason::NonFinite);
  EXPECT_EQ(normalize({1}, {1}, {infinity}, {1}, 0, map), Reason::NonFinite);
}

TEST_F(ChannelMath, maps_compose_and_spread) {
  ChannelMap inner{{2, 3}, {1, 0}}, outer{{5, 5}, {7, 7}};
  ChannelMap map = compose(outer, inner);
  EXPECT_EQ(map.scale, Reals({10, 15}));
  EXPECT_EQ(map.offset, Reals({12, 7}));
  EXPECT_FALSE(inner.isUniform());
  ASSERT_TRUE(outer.isUniform());
  EXPECT_EQ(outer.spread(3).offset, Reals({7, 7, 7}));
}

TEST_F(ChannelMath, bias_of_rows) {
  EXPECT_EQ(mapBias({1, 2, 3, 4}, 2, {{10, 100}, {0.5, 0.25}}), Reals({20.5, 400.25, 60.5, 800.25}));
}

/// Stored in each type: values that the type holds exactly come back.
TEST_F(ChannelMath, storage_types) {
  for (Type type : {Type(b.getF16Type()), Type(b.getBF16Type()), Type(b.getF32Type()), Type(b.getF64Type())})
    EXPECT_EQ(*readReals(store({1, -0.5, 96, 0}, {2, 2}, type)), Reals({1, -0.5, 96, 0}));
  EXPECT_FALSE(readReals(DenseElementsAttr::get(RankedTensorType::get({1}, b.getI32Type()), {APInt(32, 1)})));
}

/// A value just above a tie rounds up, although float would make it the tie, and that rounds to even.
TEST_F(ChannelMath, rounds_once) {
  double half = 1 + std::ldexp(1, -11) + std::ldexp(1, -40), brain = 1 + std::ldexp(1, -8) + std::ldexp(1, -40);
  EXPECT_EQ(readReals(store(half, {1}, b.getF16Type()))->front(), 1 + std::ldexp(1, -10));
  EXPECT_EQ(readReals(store(brain, {1}, b.getBF16Type()))->front(), 1 + std::ldexp(1, -7));
  EXPECT_EQ(readReals(store(-brain, {1}, b.getBF16Type()))->front(), -1 - std::ldexp(1, -7));
  EXPECT_EQ(readReals(store(1 + std::ldexp(1, -8), {1}, b.getBF16Type()))->front(), 1);
}

/// More elements than are kept inline; a blob is read at any alignment.
TEST_F(ChannelMath, blobs) {
  Reals values(100);
  for (auto [i, value] : llvm::enumerate(values))
    value = i;
  ElementsAttr large = store(values, {100}, b.getF32Type());
  ASSERT_TRUE(isa<DenseResourceElementsAttr>(large));
  ScaledWeight result;
  ASSERT_EQ(scaleChannels(large, {.channels = 100}, values, "w", result), Reason::None);
  EXPECT_EQ((*readReals(result.value))[99], 99 * 99);

  alignas(8) static const char bytes[] = "\0\0\0\0\x40\0\0\x40\x40"; // 2.0 and 3.0 from the second byte on
  auto blob = UnmanagedAsmResourceBlob::allocateWithAlign({bytes + 1, 8}, 1);
  auto odd = DenseResourceElementsAttr::get(RankedTensorType::get({2}, b.getF32Type()), "odd", std::move(blob));
  EXPECT_EQ(*readReals(odd), Reals({2, 3}));
}

TEST_F(ChannelMath, scales_by_layout) {
  EXPECT_EQ(scaled({1, 2, 3, 4}, {2, 2}, {.channels = 2, .inner = 2}, {10, 100}), Reals({10, 20, 300, 400}));
  EXPECT_EQ(scaled({1, 2, 3, 4}, {2, 2}, {.outer = 2, .channels = 2}, {10, 100}), Reals({10, 200, 30, 400}));
  EXPECT_EQ(scaled({1, 2, 3, 4}, {2, 2}, {.groups = 2, .outer = 1, .channels = 2}, {1, 10, 100, 1000}), Reals({1, 20, 300, 4000}));
}

TEST_F(ChannelMath, scales_splat_and_tells_range) {
  auto splat = DenseElementsAttr::get(RankedTensorType::get({2, 3}, b.getF32Type()), 2.0f);
  ScaledWeight result;
  ASSERT_EQ(scaleChannels(splat, {.channels = 2, .inner = 3}, {1, -4}, "w", result), Reason::None);
  EXPECT_EQ(*readReals(result.value), Reals({2, 2, 2, -8, -8, -8}));
  EXPECT_EQ(result.before.low, 2);
  EXPECT_EQ(result.before.high, 2);
  EXPECT_EQ(result.after.low, -8);
  EXPECT_EQ(result.after.high, 2);
}

TEST_F(ChannelMath, no_scale_out_of_range) {
  ScaledWeight result;
  EXPECT_EQ(scaleChannels(store(60000, {1}, b.getF16Type()), {}, {2}, "w", result), Reason::Overflow);
  EXPECT_EQ(scaleChannels(store(1e38, {1}, b.getF32Type()), {}, {100}, "w", result), Reason::Overflow);
  auto nan = DenseElementsAttr::get(RankedTensorType::get({1}, b.getF32Type()), std::nanf(""));
  EXPECT_EQ(scaleChannels(nan, {}, {1}, "w", result), Reason::NonFinite);
}

TEST_F(ChannelMath, no_store_out_of_range) {
  ElementsAttr result;
  EXPECT_EQ(storeReals({1e5}, RankedTensorType::get({1}, b.getF16Type()), "b", result), Reason::Overflow);
  EXPECT_EQ(storeReals({std::nan("")}, RankedTensorType::get({1}, b.getF32Type()), "b", result), Reason::NonFinite);
}

TEST_F(ChannelMath, rounding_is_summed_by_channel) {
  const double scale = 1 + std::ldexp(1.0, -30); // 1·scale and 2·scale round back to 1 and 2
  ScaledWeight result;
  ElementsAttr weight = store({1, 2, 1, 0}, {2, 2}, b.getF32Type());
  ASSERT_EQ(scaleChannels(weight, {.channels = 2, .inner = 2}, {scale, 1}, "w", result), Reason::None);
  EXPECT_EQ(result.rounding, Reals({3 * std::ldexp(1.0, -30), 0}));
  ASSERT_EQ(scaleChannels(weight, {.outer = 2, .channels = 2}, {scale, 1}, "w", result), Reason::None);
  EXPECT_EQ(result.rounding, Reals({2 * std::ldexp(1.0, -30), 0})); // the columns
  // scaled by column, summed by row
  EXPECT_EQ(getRounding(weight, result.value, {.outer = 2, .channels = 2}, {scale, 1}, {.channels = 2, .inner = 2}),
            Reals({std::ldexp(1.0, -30), std::ldexp(1.0, -30)}));
}

// Equal strings are one attribute. Of so many, some lie at addresses that end alike.
TEST_F(ChannelMath, no_equal_strings) {
  auto type = RankedTensorType::get({1}, b.getIndexType());
  SmallVector<ElementsAttr> constants;
  for (int i = 0; i < 300; ++i)
    constants.push_back(DenseStringElementsAttr::get(type, StringRef("name" + std::to_string(i))));
  for (auto [i, one] : llvm::enumerate(constants))
    for (ElementsAttr other : ArrayRef(constants).drop_front(i + 1))
      ASSERT_FALSE(haveEqualNumbers(one, other));
}

TEST_F(ChannelMath, equal_complex_numbers) {
  auto type = RankedTensorType::get({2, 3}, ComplexType::get(b.getF32Type()));
  auto store = [&](std::complex<float> last) {
    std::vector<std::complex<float>> values = {{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}, last};
    return DenseResourceElementsAttr::get(type, "c", HeapAsmResourceBlob::allocateAndCopyInferAlign(ArrayRef(values)));
  };
  EXPECT_TRUE(haveEqualNumbers(store({11, 12}), store({11, 12})));
  EXPECT_FALSE(haveEqualNumbers(store({11, 12}), store({11, 13})));
}

TEST_F(ChannelMath, channels_are_measured) {
  std::vector<WeightRange> ranges = measureChannels(store({1, -2, 3, 4, 5, 6}, {2, 3}, b.getF32Type()), {.outer = 2, .channels = 3});
  ASSERT_EQ(ranges.size(), 3u);
  EXPECT_EQ(std::pair(ranges[1].low, ranges[1].high), std::pair(-2.0, 5.0));
}

} // namespace
