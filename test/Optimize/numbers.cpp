// numbers.cpp - a linear node, a BatchNormalization, a scale and a shift give the same numbers before and after folding.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Pipelines.h"
#include "bn/Reference/Interpreter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir;

namespace {

using Shape = std::vector<int64_t>;

/// A linear node: `op` with `attributes`, data, weight and bias (empty where absent), and where its result has the channels.
struct Case {
  const char *name, *op, *attributes;
  Shape data, weight, bias, result;
  int64_t axis = 1;
  bool dataFirst = true;
};

std::ostream &operator<<(std::ostream &out, const Case &c) { return out << c.name; }

int64_t count(const Shape &shape) {
  int64_t product = 1;
  for (int64_t size : shape)
    product *= size;
  return product;
}

/// `tensor<2x3xf32>`.
std::string typeOf(const Shape &shape) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

struct Numbers : public ::testing::TestWithParam<Case> {
  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::mt19937 random{7};

  /// A constant of random numbers, some negative unless `positive`, the first one zero where `withZero`.
  std::string constant(StringRef name, const Shape &shape, bool positive = false, bool withZero = false) {
    std::uniform_real_distribution<float> draw(positive ? 0.25f : -2.0f, 2.0f);
    std::vector<float> values(count(shape));
    for (float &value : values)
      value = draw(random);
    if (withZero)
      values[0] = 0;
    std::string bytes(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
    return ("  %" + name + " = onnx.constant dense<\"0x" + llvm::toHex(bytes) + "\"> : " + typeOf(shape) + " {onnx.outputs = [\"" +
            name + "\"]}\n")
        .str();
  }

  std::string makeModel(const Case &c) {
    Shape channels = {c.result[c.axis]}, broadcast = {c.result[c.axis]};
    broadcast.resize(c.result.size() - c.axis, 1);
    std::string x = typeOf(c.data), y = typeOf(c.result), p = typeOf(channels), s = typeOf(broadcast);
    std::string text = "func.func @main(%x: " + x + ") -> " + y + " {\n" + constant("w", c.weight) +
                       (c.bias.empty() ? "" : constant("b", c.bias)) + "  %none = onnx.absent\n" +
                       constant("gamma", channels, false, true) + constant("beta", channels) + constant("mean", channels) +
                       constant("variance", channels, true) + constant("scale", broadcast) + constant("shift", broadcast);
    bool hasBias = StringRef(c.op) != "mat_mul";
    std::string operands = c.dataFirst ? "%x, %w" : "%w, %x", types = c.dataFirst ? x + ", " + typeOf(c.weight) : typeOf(c.weight) + ", " + x;
    if (hasBias) {
      operands += c.bias.empty() ? ", %none" : ", %b";
      types += ", " + (c.bias.empty() ? std::string("none") : typeOf(c.bias));
    }
    text += std::string("  %0 = onnx.") + c.op + " " + operands + " {" + c.attributes + "version = 13 : i64} : (" + types + ") -> " + y + "\n";
    text += "  %1 = bn.inference %0 scale %gamma offset %beta mean %mean variance %variance axes [" + std::to_string(c.axis) +
            "] epsilon 1.0e-3 : (" + y + ", " + p + ", " + p + ", " + p + ", " + p + ") -> " + y + "\n";
    text += "  %2 = onnx.div %1, %scale {version = 14 : i64} : (" + y + ", " + s + ") -> " + y + "\n";
    text += "  %3 = onnx.sub %shift, %2 {version = 14 : i64} : (" + s + ", " + y + ") -> " + y + "\n";
    return text + "  return %3 : " + y + "\n}\n";
  }

  std::vector<double> run(ModuleOp module, const Case &c) {
    std::mt19937 draw{11};
    std::uniform_real_distribution<double> uniform(-1, 1);
    bn::reference::Tensor x = bn::reference::makeTensor(Float32Type::get(&context), c.data);
    for (double &value : x.mutableReals())
      value = uniform(draw);
    auto results = bn::reference::interpret(*module.getOps<func::FuncOp>().begin(), {x});
    EXPECT_TRUE(succeeded(results));
    return succeeded(results) ? std::vector<double>(results->front().reals()) : std::vector<double>();
  }

  /// The largest difference that the passes make, relative to the largest result, and the nodes that they leave.
  std::pair<double, int> compare(const Case &c, const bn::OptimizeOptions &options) {
    context.loadDialect<func::FuncDialect, bn::BNDialect, bn::onnx::OnnxDialect>();
    auto module = parseSourceString<ModuleOp>(makeModel(c), &context);
    std::vector<double> expected = run(*module, c);
    PassManager passes(&context);
    bn::buildOptimizePipeline(passes, options);
    EXPECT_TRUE(succeeded(passes.run(*module)));
    std::vector<double> actual = run(*module, c);
    double largest = 0, difference = 0;
    for (auto [a, e] : llvm::zip_equal(actual, expected)) {
      largest = std::max(largest, std::abs(e));
      difference = std::max(difference, std::abs(a - e));
    }
    int nodes = 0;
    module->walk([&](Operation *op) { nodes += isa<bn::onnx::NodeOpInterface, bn::InferenceOp>(op); });
    return {difference / largest, nodes};
  }
};

TEST_P(Numbers, folding_keeps_them) {
  auto [difference, nodes] = compare(GetParam(), {});
  EXPECT_LT(difference, 1e-6);
  EXPECT_EQ(nodes, StringRef(GetParam().op) == "mat_mul" ? 2 : 1); // a product without bias keeps an Add
}

TEST_P(Numbers, restoring_keeps_them) {
  bn::OptimizeOptions options;
  options.disabled.insert("bn-absorb-affine");
  auto [difference, nodes] = compare(GetParam(), options);
  EXPECT_LT(difference, 1e-6);
  EXPECT_EQ(nodes, 2); // the BatchNormalization takes scale and shift in
}

INSTANTIATE_TEST_SUITE_P(
    Linear, Numbers,
    ::testing::Values(
        Case{"conv_1d", "conv", "", {2, 3, 7}, {5, 3, 2}, {}, {2, 5, 6}},
        Case{"conv_2d_bias", "conv", "pads = array<i64: 1, 0, 1, 0>, strides = array<i64: 2, 1>, ", {2, 3, 7, 5}, {4, 3, 3, 2}, {4}, {2, 4, 4, 4}},
        Case{"conv_3d", "conv", "", {1, 2, 3, 4, 5}, {3, 2, 2, 2, 2}, {3}, {1, 3, 2, 3, 4}},
        Case{"conv_grouped", "conv", "group = 2 : i64, ", {2, 4, 5}, {6, 2, 2}, {6}, {2, 6, 4}},
        Case{"conv_depthwise", "conv", "group = 3 : i64, ", {2, 3, 5, 7}, {6, 1, 2, 2}, {}, {2, 6, 4, 6}},
        Case{"conv_transpose", "conv_transpose", "strides = array<i64: 2>, ", {2, 3, 4}, {3, 5, 3}, {5}, {2, 5, 9}},
        Case{"conv_transpose_grouped", "conv_transpose", "group = 2 : i64, ", {1, 4, 3}, {4, 3, 2}, {}, {1, 6, 4}},
        Case{"gemm", "gemm", "", {2, 3}, {3, 5}, {5}, {2, 5}},
        Case{"gemm_no_bias", "gemm", "alpha = 0.5 : f32, beta = 0.25 : f32, ", {2, 3}, {3, 5}, {}, {2, 5}},
        Case{"gemm_transposed", "gemm", "alpha = 0.5 : f32, beta = 3.0 : f32, transA = 1 : i64, transB = 1 : i64, ", {3, 2}, {5, 3}, {1, 5}, {2, 5}},
        Case{"gemm_scalar_bias", "gemm", "beta = 2.0 : f32, ", {2, 3}, {3, 5}, {1}, {2, 5}},
        Case{"gemm_bias_rows", "gemm", "beta = 2.0 : f32, ", {2, 3}, {3, 5}, {2, 5}, {2, 5}},
        Case{"mat_mul", "mat_mul", "", {2, 3, 4}, {4, 5}, {}, {2, 3, 5}, 2},
        Case{"mat_mul_batched", "mat_mul", "", {2, 3, 4}, {2, 4, 5}, {}, {2, 3, 5}, 2},
        Case{"mat_mul_left", "mat_mul", "", {2, 3, 4}, {5, 3}, {}, {2, 5, 4}, 1, false}),
    [](const auto &info) { return std::string(info.param.name); });

} // namespace
