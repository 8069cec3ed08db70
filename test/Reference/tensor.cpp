// tensor.cpp - values survive the way through attributes and bytes, rounded once.
// SPDX-License-Identifier: Apache-2.0

#include "InterpreterTest.h"

#include <cmath>

using namespace mlir;
using namespace bn::reference;

namespace {

class TensorTest : public InterpreterTest {
protected:
  /// Through the attribute and back, through bytes and back: both must say the same.
  Tensor roundTrip(const Tensor &tensor) {
    Tensor fromAttribute = fromElements(toElements(tensor, "value")), fromBytes = fromHost(toHost(tensor));
    EXPECT_EQ(fromAttribute.getType(), tensor.getType());
    EXPECT_EQ(fromAttribute.values, fromBytes.values);
    return fromAttribute;
  }
};

TEST_F(TensorTest, f32RoundsOnce) {
  Tensor back = roundTrip(real({3}, {0.1, 1e300, -2.5}));
  expectReals(back, {double(0.1f), INFINITY, -2.5}, 0);
}

// Ties go to even, subnormals stay.
TEST_F(TensorTest, f16AndBf16Round) {
  Tensor half{Float16Type::get(&context), {3}, std::vector<double>{1 + 0x1p-11, 1 + 3 * 0x1p-11, 0x1p-24}};
  expectReals(roundTrip(half), {1, 1 + 0x1p-9, 0x1p-24}, 0);
  Tensor brain{BFloat16Type::get(&context), {1}, std::vector<double>{1 + 0x1p-8}};
  expectReals(roundTrip(brain), {1}, 0);
}

TEST_F(TensorTest, largeTensorIsResource) {
  std::vector<double> values(65);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = double(i) / 4;
  Tensor tensor = real({5, 13}, values);
  EXPECT_TRUE(isa<DenseResourceElementsAttr>(toElements(tensor, "w")));
  expectReals(roundTrip(tensor), values, 0);
}

// Compiled code stores whole lines of the cache where its results begin at one.
TEST_F(TensorTest, bytesBeginALine) {
  for (int64_t count : {1, 3, 1 << 16}) {
    bn::HostTensor host = toHost(real({count}, std::vector<double>(count)));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(host.bytes.data()) % 64, 0u) << count;
  }
}

TEST_F(TensorTest, integersOfAllWidths) {
  Builder b(&context);
  expectIntegers(roundTrip({b.getI1Type(), {3}, std::vector<int64_t>{1, 0, 1}}), {1, 0, 1});
  expectIntegers(roundTrip({b.getIntegerType(4), {2}, std::vector<int64_t>{-8, 7}}), {-8, 7});
  expectIntegers(roundTrip({b.getIntegerType(8, false), {2}, std::vector<int64_t>{255, 0}}), {255, 0});
  expectIntegers(roundTrip({b.getIntegerType(64, false), {1}, std::vector<int64_t>{-1}}), {-1});
  expectIntegers(roundTrip(integer({}, {INT64_MIN})), {INT64_MIN});
}

TEST_F(TensorTest, strings) {
  Tensor tensor{bn::onnx::StringType::get(&context), {2}, std::vector<std::string>{"a", ""}};
  EXPECT_EQ(roundTrip(tensor).values, tensor.values);
}

TEST_F(TensorTest, splat) {
  auto splat = DenseElementsAttr::get(RankedTensorType::get({2, 3}, Float32Type::get(&context)), 1.5f);
  expectReals(fromElements(splat), {1.5, 1.5, 1.5, 1.5, 1.5, 1.5}, 0);
}

} // namespace
