// branches.cpp - sums of random linear branches give the same numbers before and after merging, at no higher price.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Optimize/Report.h"
#include "bn/Pipelines.h"
#include "bn/Reference/Interpreter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir;

namespace {

using Shape = std::vector<int64_t>;

/// One way to slide a kernel that keeps the sizes at stride 1: the tap at offset 0 is inside.
struct Slide {
  Shape kernel, begins, ends, dilations, strides;
};

/// Writes a model: branches of one input that meet in a tree of Add and Sub, a second input, and a BatchNormalization behind.
class ModelWriter {
public:
  ModelWriter(unsigned seed) : random(seed) {
    type = std::array{"f32", "f64", "f16"}[draw(0, 2)];
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
    body = "  %none = onnx.absent\n";
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

  Shape getInputShape() const { return withSizes(inputs, sizes); }
  Shape getResultShape() const { return withSizes(outputs, getResultSizes()); }
  StringRef getType() const { return type; }

private:
  int64_t draw(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random); }

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

  std::string typeOf(const Shape &shape) const {
    std::string text = "tensor<";
    for (int64_t size : shape)
      text += std::to_string(size) + "x";
    return text + type + ">";
  }
  std::string inputType() const { return typeOf(getInputShape()); }
  std::string resultType() const { return typeOf(getResultShape()); }

  /// `name = array<i64: …>, `.
  static std::string list(StringRef name, const Shape &values, const Shape &more = {}) {
    std::string text = name.str() + " = array<i64";
    StringRef separator = ": ";
    for (const Shape &part : {values, more})
      for (int64_t value : part) {
        text += separator.str() + std::to_string(value);
        separator = ", ";
      }
    return text + ">, ";
  }
  static std::string attributesOf(const Slide &slide) {
    return list("kernel_shape", slide.kernel) + list("dilations", slide.dilations) + list("strides", slide.strides) + list("pads", slide.begins, slide.ends);
  }

  std::string addConstant(const Shape &shape, bool positive = false) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    std::function<void(size_t)> print = [&](size_t d) {
      if (d == shape.size()) {
        stream << std::uniform_int_distribution<int>(positive ? 8 : -32, 32)(random) / 16.0;
        return;
      }
      stream << "[";
      for (int64_t i = 0; i < shape[d]; ++i) {
        stream << (i ? ", " : "");
        print(d + 1);
      }
      stream << "]";
    };
    print(0);
    return add("onnx.constant dense<" + text + "> : " + typeOf(shape));
  }

  std::string add(const std::string &text) {
    std::string name = "%v" + std::to_string(counter++);
    body += "  " + name + " = " + text + "\n";
    return name;
  }
  std::string addNode(StringRef op, std::vector<std::string> operands, std::vector<std::string> types, std::string attributes, std::string result) {
    auto join = [](const std::vector<std::string> &parts) { return llvm::join(parts, ", "); };
    return add("onnx." + op.str() + " " + join(operands) + " {" + attributes + "} : (" + join(types) + ") -> " + result);
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

  std::mt19937 random;
  std::string type, body;
  int64_t groups, inputs, outputs, stride;
  Shape sizes;
  Slide window;
  std::vector<std::pair<std::string, Shape>> weights;
  int counter = 0;
};

struct Branches : public ::testing::TestWithParam<unsigned> {
  MLIRContext context{MLIRContext::Threading::DISABLED};

  bn::reference::Tensor makeInput(const Shape &shape, Type type, unsigned seed) {
    std::mt19937 random(seed);
    bn::reference::Tensor tensor = bn::reference::makeTensor(type, shape);
    for (double &value : tensor.mutableReals())
      value = std::uniform_int_distribution<int>(-16, 16)(random) / 8.0;
    return tensor;
  }

  std::vector<double> run(ModuleOp module, const ModelWriter &writer) {
    auto function = *module.getOps<func::FuncOp>().begin();
    Type type = cast<ShapedType>(function.getArgumentTypes().front()).getElementType();
    auto results = bn::reference::interpret(function, {makeInput(writer.getInputShape(), type, 3), makeInput(writer.getResultShape(), type, 5)});
    EXPECT_TRUE(succeeded(results));
    return succeeded(results) ? std::vector<double>(results->front().reals()) : std::vector<double>();
  }

  /// Multiplications of all convolutions, and how many there are.
  static std::pair<int64_t, int> count(ModuleOp module) {
    int64_t cost = 0;
    int convolutions = 0;
    module.walk([&](bn::onnx::ConvOp conv) {
      ++convolutions;
      int64_t spatial = cast<ShapedType>(conv.getY().getType()).getNumElements() / cast<ShapedType>(conv.getY().getType()).getDimSize(1);
      cost += spatial * cast<ShapedType>(conv.getW().getType()).getNumElements();
    });
    return {cost, convolutions};
  }
};

TEST_P(Branches, merging_keeps_numbers) {
  context.loadDialect<func::FuncDialect, bn::BNDialect, bn::onnx::OnnxDialect>();
  ModelWriter writer(GetParam());
  std::string text = writer.write();
  SCOPED_TRACE(text);
  auto module = parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(module);
  std::vector<double> expected = run(*module, writer);
  bn::ModelSummary before = bn::summarize(*module);
  auto [costBefore, convolutionsBefore] = count(*module);
  PassManager passes(&context);
  bn::buildOptimizePipeline(passes);
  ASSERT_TRUE(succeeded(passes.run(*module)));
  bn::ModelSummary after = bn::summarize(*module);
  auto [cost, convolutions] = count(*module);
  EXPECT_LE(after.nodes, before.nodes);
  EXPECT_LE(after.bytes, before.bytes);
  EXPECT_LE(cost, costBefore);
  EXPECT_LE(convolutions, convolutionsBefore);

  std::vector<double> actual = run(*module, writer);
  ASSERT_EQ(actual.size(), expected.size());
  double largest = 0, difference = 0;
  for (auto [a, e] : llvm::zip_equal(actual, expected)) {
    largest = std::max(largest, std::abs(e));
    difference = std::max(difference, std::abs(a - e));
  }
  EXPECT_LT(difference, largest * (writer.getType() == "f64" ? 1e-14 : writer.getType() == "f32" ? 2e-6 : 1e-2));
}

/// The tests above would hold without any merging, too.
TEST(BranchesTogether, most_convolutions_merge) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<func::FuncDialect, bn::BNDialect, bn::onnx::OnnxDialect>();
  int before = 0, after = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    auto module = parseSourceString<ModuleOp>(ModelWriter(seed).write(), &context);
    before += Branches::count(*module).second;
    PassManager passes(&context);
    bn::buildOptimizePipeline(passes);
    ASSERT_TRUE(succeeded(passes.run(*module)));
    after += Branches::count(*module).second;
  }
  EXPECT_LT(after, 100 + (before - 100) * 0.25);
}

INSTANTIATE_TEST_SUITE_P(Random, Branches, ::testing::Range(0u, 400u));

} // namespace
