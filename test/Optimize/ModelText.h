// ModelText.h - writes models with random numbers, node by node, and compares what they compute before and after the passes.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_TEST_OPTIMIZE_MODELTEXT_H
#define BN_TEST_OPTIMIZE_MODELTEXT_H

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Optimize/Report.h"
#include "bn/Pipelines.h"
#include "bn/Reference/Interpreter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <random>

namespace bn::test {

using namespace mlir;
using Shape = std::vector<int64_t>;

/// The text of a function under construction; all tensors have one element type.
class ModelText {
public:
  explicit ModelText(unsigned seed) : random(seed) { type = std::array{"f32", "f64", "f16"}[draw(0, 2)]; }

protected:
  int64_t draw(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random); }

  std::string typeOf(const Shape &shape) const {
    std::string text = "tensor<";
    for (int64_t size : shape)
      text += std::to_string(size) + "x";
    return text + type + ">";
  }

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

  /// A constant of multiples of 1/16 up to 2, all of them at least 1/2 where `positive`.
  std::string addConstant(const Shape &shape, bool positive = false) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    print(stream, shape, positive);
    return add("onnx.constant dense<" + text + "> : " + typeOf(shape));
  }

  std::string addNode(StringRef op, std::vector<std::string> operands, std::vector<std::string> types, std::string attributes,
                      std::string result) {
    return add("onnx." + op.str() + " " + llvm::join(operands, ", ") + " {" + attributes + "} : (" + llvm::join(types, ", ") + ") -> " + result);
  }

  /// Adds an op and tells the name of its result.
  std::string add(const std::string &text) {
    std::string name = "%v" + std::to_string(counter++);
    body += "  " + name + " = " + text + "\n";
    return name;
  }

  std::mt19937 random;
  std::string type, body = "  %none = onnx.absent\n";

private:
  void print(llvm::raw_ostream &stream, ArrayRef<int64_t> shape, bool positive) {
    if (shape.empty()) {
      stream << std::uniform_int_distribution<int>(positive ? 8 : -32, 32)(random) / 16.0;
      return;
    }
    for (int64_t i = 0; i < shape.front(); ++i) {
      stream << (i ? ", " : "[");
      print(stream, shape.drop_front(), positive);
    }
    stream << "]";
  }

  int counter = 0;
};

/// Multiplications of all convolutions, and how many there are.
inline std::pair<int64_t, int> countConvolutions(ModuleOp module) {
  int64_t cost = 0;
  int convolutions = 0;
  module.walk([&](onnx::ConvOp conv) {
    ++convolutions;
    auto result = cast<ShapedType>(conv.getY().getType());
    cost += result.getNumElements() / result.getDimSize(1) * cast<ShapedType>(conv.getW().getType()).getNumElements();
  });
  return {cost, convolutions};
}

/// Optimizes models and looks at what they compute.
struct ModelChecker {
  MLIRContext context{MLIRContext::Threading::DISABLED};

  std::vector<double> run(ModuleOp module) {
    auto function = *module.getOps<func::FuncOp>().begin();
    std::vector<reference::Tensor> inputs;
    std::mt19937 random(3);
    for (Type type : function.getArgumentTypes()) {
      auto tensorType = cast<RankedTensorType>(type);
      inputs.push_back(reference::makeTensor(tensorType.getElementType(), tensorType.getShape()));
      for (double &value : inputs.back().mutableReals())
        value = std::uniform_int_distribution<int>(-16, 16)(random) / 8.0;
    }
    auto results = reference::interpret(function, inputs);
    EXPECT_TRUE(succeeded(results));
    return succeeded(results) ? std::vector<double>(results->front().reals()) : std::vector<double>();
  }

  /// Expects equal numbers at no higher price; what the model holds afterwards.
  ModelSummary check(const std::string &text) {
    SCOPED_TRACE(text);
    context.loadDialect<func::FuncDialect, BNDialect, onnx::OnnxDialect>();
    auto module = parseSourceString<ModuleOp>(text, &context);
    std::vector<double> expected = run(*module);
    ModelSummary before = summarize(*module);
    auto [costBefore, convolutionsBefore] = countConvolutions(*module);
    PassManager passes(&context);
    buildOptimizePipeline(passes);
    EXPECT_TRUE(succeeded(passes.run(*module)));
    ModelSummary after = summarize(*module);
    auto [cost, convolutions] = countConvolutions(*module);
    EXPECT_LE(after.nodes, before.nodes);
    EXPECT_LE(after.bytes, before.bytes);
    EXPECT_LE(cost, costBefore);
    EXPECT_LE(convolutions, convolutionsBefore);

    std::vector<double> actual = run(*module);
    EXPECT_EQ(actual.size(), expected.size());
    double largest = 0, difference = 0;
    for (auto [a, e] : llvm::zip(actual, expected)) {
      largest = std::max(largest, std::abs(e));
      difference = std::max(difference, std::abs(a - e));
    }
    Type element = cast<ShapedType>((*module->getOps<func::FuncOp>().begin()).getArgumentTypes().front()).getElementType();
    EXPECT_LE(difference, largest * (element.isF64() ? 1e-14 : element.isF32() ? 2e-6 : 1e-2));
    return after;
  }

  /// The convolutions before and after optimizing many models.
  std::pair<int, int> countTogether(llvm::function_ref<std::string(unsigned)> write, unsigned seeds) {
    context.loadDialect<func::FuncDialect, BNDialect, onnx::OnnxDialect>();
    int before = 0, after = 0;
    for (unsigned seed = 0; seed < seeds; ++seed) {
      auto module = parseSourceString<ModuleOp>(write(seed), &context);
      before += countConvolutions(*module).second;
      PassManager passes(&context);
      buildOptimizePipeline(passes);
      EXPECT_TRUE(succeeded(passes.run(*module)));
      after += countConvolutions(*module).second;
    }
    return {before, after};
  }
};

} // namespace bn::test

#endif // BN_TEST_OPTIMIZE_MODELTEXT_H
