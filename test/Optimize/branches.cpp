// branches.cpp - sums of random linear branches give the same numbers before and after merging, at no higher price.
// SPDX-License-Identifier: Apache-2.0

#include "ModelText.h"

using namespace bn::test;

namespace {

/// One way to slide a kernel that keeps the sizes at stride 1: the tap at offset 0 is inside.
struct Slide {
  Shape kernel, begins, ends, dilations, strides;
};

/// Writes a model: branches of one input that meet in a tree of Add and Sub, a second input, and a BatchNormalization behind.
class ModelWriter : public ModelText {
public:
  explicit ModelWriter(unsigned seed) : ModelText(seed) {
    groups = draw(1, 3);
    outputs = groups * draw(1, 2);
    inputs = draw(0, 1) ? outputs : groups * draw(1, 2);
    stride = draw(0, 2) ? 1 : 2;
    for (int64_t rank = draw(1, 3), d = 0; d < rank; ++d) {
      sizes.push_back(draw(4, 6));
      int64_t taps = draw(1, 3), dilation = draw(1, 2), begin = dilation * draw(0, taps - 1);
      window.kernel.push_back(taps);
      window.dilations.push_back(dilation);
      window.begins.push_back(begin);
      window.ends.push_back(dilation * (taps - 1) - begin);
      window.strides.push_back(stride);
    }
  }

  std::string write() {
    bool dense = draw(0, 1);
    std::vector<std::string> leaves = {addConvolution(window, "%x", dense ? 1 : groups)};
    for (int64_t count = draw(1, 4); count > 0; --count)
      leaves.push_back(addBranch());
    if (draw(0, 1))
      leaves.push_back("%r");
    std::shuffle(leaves.begin(), leaves.end(), random);
    while (leaves.size() > 1) {
      size_t place = draw(0, leaves.size() - 2);
      bool subtracts = draw(0, 2) == 0;
      leaves[place] = addNode(subtracts ? "sub" : "add", {leaves[place], leaves[place + 1]}, {resultType(), resultType()}, "version = 14 : i64", resultType());
      leaves.erase(leaves.begin() + place + 1);
    }
    std::string vector = typeOf({outputs}), y = resultType(), mean = addConstant({outputs}), variance = addConstant({outputs}, true);
    body += "  %y = bn.inference " + leaves.front() + " mean " + mean + " variance " + variance + " axes [1] epsilon 1.0e-3 : (" + y + ", " +
            vector + ", " + vector + ") -> " + y + "\n";
    return "func.func @main(%x: " + inputType() + ", %r: " + y + ") -> " + y + " {\n" + body + "  return %y : " + y + "\n}\n";
  }

private:
  static Shape withSizes(int64_t channels, const Shape &sizes) {
    Shape shape = {2, channels};
    shape.insert(shape.end(), sizes.begin(), sizes.end());
    return shape;
  }
  Shape getResultSizes() const {
    Shape result;
    for (int64_t size : sizes)
      result.push_back((size - 1) / stride + 1);
    return result;
  }

  std::string inputType() const { return typeOf(withSizes(inputs, sizes)); }
  std::string resultType() const { return typeOf(withSizes(outputs, getResultSizes())); }

  static std::string attributesOf(const Slide &slide) {
    return list("kernel_shape", slide.kernel) + list("dilations", slide.dilations) + list("strides", slide.strides) + list("pads", slide.begins, slide.ends);
  }

  /// A part of the window that holds offset 0, at the same stride.
  Slide pickPart() {
    Slide part = window;
    for (size_t d = 0; d < window.kernel.size(); ++d) {
      int64_t zero = window.begins[d] / window.dilations[d], first = draw(0, zero), last = draw(zero, window.kernel[d] - 1);
      part.kernel[d] = last - first + 1;
      part.begins[d] = (zero - first) * window.dilations[d];
      part.ends[d] = (last - zero) * window.dilations[d];
    }
    return part;
  }

  std::string addConvolution(const Slide &slide, std::string data, int64_t group) {
    Shape weight = {outputs, inputs / group};
    weight.insert(weight.end(), slide.kernel.begin(), slide.kernel.end());
    bool hasBias = draw(0, 1);
    std::string w = weights.empty() || draw(0, 3) ? addConstant(weight) : weights.back().first;
    if (!weights.empty() && w == weights.back().first && weights.back().second != weight)
      w = addConstant(weight);
    weights.push_back({w, weight});
    std::string bias = hasBias ? addConstant({outputs}) : "%none";
    return addNode("conv", {data, w, bias}, {inputType(), typeOf(weight), hasBias ? typeOf({outputs}) : "none"},
                   attributesOf(slide) + "group = " + std::to_string(group) + " : i64, version = 11 : i64", resultType());
  }

  std::string addPool(const std::string &data, const std::string &dataType) {
    return addNode("average_pool", {data}, {dataType}, attributesOf(pickPart()) + "count_include_pad = 1 : i64, version = 19 : i64", resultType());
  }

  std::string addBranch() {
    int64_t kind = draw(0, 4);
    if (kind == 1 && inputs == outputs)
      return addPool("%x", inputType());
    if (kind == 2) { // a convolution of one tap, then a pool
      Shape weight = {outputs, inputs}, full = withSizes(outputs, sizes);
      weight.resize(2 + sizes.size(), 1);
      std::string w = addConstant(weight);
      std::string data = addNode("conv", {"%x", w, "%none"}, {inputType(), typeOf(weight), "none"}, "version = 11 : i64", typeOf(full));
      return addPool(data, typeOf(full));
    }
    if (kind == 3 && inputs == outputs && stride == 1)
      return "%x";
    if (kind == 4 && inputs == outputs && stride == 1) {
      std::string vector = typeOf({inputs}), mean = addConstant({inputs}), variance = addConstant({inputs}, true);
      return add("bn.inference %x mean " + mean + " variance " + variance + " axes [1] epsilon 1.0e-3 : (" + inputType() + ", " + vector + ", " +
                 vector + ") -> " + inputType());
    }
    return addConvolution(pickPart(), "%x", draw(0, 1) ? 1 : groups);
  }

  int64_t groups, inputs, outputs, stride;
  Shape sizes;
  Slide window;
  std::vector<std::pair<std::string, Shape>> weights;
};

struct Branches : public ::testing::TestWithParam<unsigned> {};

TEST_P(Branches, merging_keeps_numbers) { ModelChecker().check(ModelWriter(GetParam()).write()); }

INSTANTIATE_TEST_SUITE_P(Random, Branches, ::testing::Range(0u, 400u));

/// As in FastViT, a scale stands between two sums of branches: x + s·(conv(x) − x).
TEST(BranchesTogether, sum_around_scaled_sum) {
  constexpr StringLiteral text = R"mlir(
func.func @main(%x: tensor<1x2x5xf32>) -> tensor<1x2x5xf32> {
  %w = onnx.constant dense<[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]> : tensor<2x1x3xf32> {onnx.outputs = ["w"]}
  %s = onnx.constant dense<[[0.5], [0.25]]> : tensor<2x1xf32> {onnx.outputs = ["s"]}
  %none = onnx.absent
  %1 = onnx.conv %x, %w, %none {group = 2 : i64, pads = array<i64: 1, 1>, version = 11 : i64} : (tensor<1x2x5xf32>, tensor<2x1x3xf32>, none) -> tensor<1x2x5xf32>
  %2 = onnx.sub %1, %x {version = 14 : i64} : (tensor<1x2x5xf32>, tensor<1x2x5xf32>) -> tensor<1x2x5xf32>
  %3 = onnx.mul %2, %s {version = 14 : i64} : (tensor<1x2x5xf32>, tensor<2x1xf32>) -> tensor<1x2x5xf32>
  %4 = onnx.add %x, %3 {version = 14 : i64} : (tensor<1x2x5xf32>, tensor<1x2x5xf32>) -> tensor<1x2x5xf32>
  return %4 : tensor<1x2x5xf32>
})mlir";
  EXPECT_EQ(ModelChecker().check(text.str()).nodes, 1);
}

/// The tests above would hold without any merging, too.
TEST(BranchesTogether, most_convolutions_merge) {
  auto [before, after] = ModelChecker().countTogether([](unsigned seed) { return ModelWriter(seed).write(); }, 100);
  EXPECT_LT(after, 100 + (before - 100) * 0.25);
}

} // namespace
