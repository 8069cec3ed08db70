// pairs.cpp - two convolutions in a row give the same numbers before and after merging, at no higher price.
// SPDX-License-Identifier: Apache-2.0

#include "ModelText.h"

using namespace bn::test;

namespace {

/// Writes two convolutions of random windows and groups that follow each other.
class PairWriter : public ModelText {
public:
  explicit PairWriter(unsigned seed) : ModelText(seed) {
    for (int64_t rank = draw(1, 3), d = 0; d < rank; ++d)
      shape.push_back(draw(6, 8));
    shape.insert(shape.begin(), {2, 4});
  }

  std::string write() {
    Shape inputs = shape;
    std::string first = addConvolution("%x", draw(0, 1)), second = addConvolution(first, !lastIsPointwise);
    return "func.func @main(%x: " + typeOf(inputs) + ") -> " + typeOf(shape) + " {\n" + body + "  return " + second + " : " + typeOf(shape) + "\n}\n";
  }

private:
  /// Mostly one of the two has one tap: others cost more together.
  std::string addConvolution(const std::string &data, bool pointwise) {
    lastIsPointwise = pointwise;
    Shape before = shape, strides, dilations, begins, ends;
    int64_t group = int64_t(1) << draw(0, 2), outputs = 4 * draw(1, 2);
    Shape weight = {outputs, shape[1] / group};
    shape[1] = outputs;
    for (size_t d = 2; d < shape.size(); ++d) {
      int64_t taps = pointwise ? 1 : draw(1, 2), stride = draw(1, 2), dilation = draw(1, 2);
      int64_t begin = draw(0, 3) == 0, end = draw(0, 3) == 0;
      weight.push_back(taps);
      strides.push_back(stride);
      dilations.push_back(dilation);
      begins.push_back(begin);
      ends.push_back(end);
      shape[d] = (shape[d] + begin + end - dilation * (taps - 1) - 1) / stride + 1;
    }
    bool hasBias = draw(0, 1);
    std::string w = addConstant(weight), bias = hasBias ? addConstant({outputs}) : "%none";
    return addNode("conv", {data, w, bias}, {typeOf(before), typeOf(weight), hasBias ? typeOf({outputs}) : "none"},
                   list("strides", strides) + list("dilations", dilations) + list("pads", begins, ends) + "group = " + std::to_string(group) +
                       " : i64, version = 11 : i64",
                   typeOf(shape));
  }

  Shape shape;
  bool lastIsPointwise = false;
};

struct Pairs : public ::testing::TestWithParam<unsigned> {};

TEST_P(Pairs, merging_keeps_numbers) { ModelChecker().check(PairWriter(GetParam()).write()); }

INSTANTIATE_TEST_SUITE_P(Random, Pairs, ::testing::Range(0u, 400u));

/// The tests above would hold without any merging, too.
TEST(PairsTogether, some_merge) {
  auto [before, after] = ModelChecker().countTogether([](unsigned seed) { return PairWriter(seed).write(); }, 400);
  EXPECT_EQ(before, 800);
  EXPECT_LT(after, 760);
}

} // namespace
