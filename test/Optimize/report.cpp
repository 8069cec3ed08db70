// report.cpp - the optimizer's account of every BatchNormalization.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Optimize/Report.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Pipelines.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace bn;

namespace {

/// conv1 takes bn1; bn2 stays behind the ReLU; bn3 trains; fc, a product without bias, takes the scale of bn4.
constexpr llvm::StringLiteral model = R"mlir(
module attributes {onnx.opset_imports = {ai.onnx = 17 : i64}} {
func.func @main(%x: tensor<1x1x3xf32>, %z: tensor<3x1xf32>) -> (tensor<1x1x3xf32>, tensor<3x1xf32>) {
  %w = onnx.constant dense<3.0> : tensor<1x1x1xf32> {onnx.outputs = ["w"]}
  %m = onnx.constant dense<-1.0> : tensor<1xf32> {onnx.outputs = ["m"]}
  %v = onnx.constant dense<0.25> : tensor<1xf32> {onnx.outputs = ["v"]}
  %u = onnx.constant dense<5.0> : tensor<1x1xf32> {onnx.outputs = ["u"]}
  %none = onnx.absent
  %c = onnx.conv %x, %w, %none {version = 11 : i64, onnx.name = "conv1"} : (tensor<1x1x3xf32>, tensor<1x1x1xf32>, none) -> tensor<1x1x3xf32>
  %1 = bn.inference %c mean %m variance %v axes [1] epsilon 0.0 {onnx.name = "bn1"} : (tensor<1x1x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x3xf32>
  %r = onnx.node "Sigmoid"(%1) version 13 attributes {onnx.name = "sigmoid1"} : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
  %2 = bn.inference %r mean %m variance %v axes [1] epsilon 0.0 {onnx.name = "bn2"} : (tensor<1x1x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x3xf32>
  %3, %mean, %inv = bn.training %2 axes [1] epsilon 1.0e-5 momentum 0.9 {onnx.name = "bn3"} : (tensor<1x1x3xf32>) -> (tensor<1x1x3xf32>, tensor<1xf32>, tensor<1xf32>)
  %p = onnx.mat_mul %z, %u {version = 13 : i64, onnx.name = "fc"} : (tensor<3x1xf32>, tensor<1x1xf32>) -> tensor<3x1xf32>
  %m4 = onnx.constant dense<-1.0> : tensor<1xf32> {onnx.outputs = ["m4"]}
  %v4 = onnx.constant dense<0.25> : tensor<1xf32> {onnx.outputs = ["v4"]}
  %4 = bn.inference %p mean %m4 variance %v4 axes [1] epsilon 0.0 {onnx.name = "bn4"} : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x1xf32>
  return %3, %4 : tensor<1x1x3xf32>, tensor<3x1xf32>
}
})mlir";

struct ReportTest : public ::testing::Test {
  MLIRContext context{MLIRContext::Threading::DISABLED};

  Report optimize(const OptimizeOptions &options, bool channels = false) {
    context.loadDialect<func::FuncDialect, BNDialect, onnx::OnnxDialect>();
    auto module = parseSourceString<ModuleOp>(model, &context);
    ModelSummary before = summarize(*module, channels);
    PassManager passes(&context);
    buildOptimizePipeline(passes, options);
    EXPECT_TRUE(succeeded(passes.run(*module)));
    return collectReport(before, *module, channels);
  }
};

using Names = std::vector<std::string>;

TEST_F(ReportTest, accounts_for_every_batch_norm) {
  Report report = optimize({});
  EXPECT_EQ(report.before.nodes, 7);
  EXPECT_EQ(report.after.nodes, 6);
  EXPECT_LE(report.after.bytes, report.before.bytes + 12); // two shifts and a bias of one number
  ASSERT_EQ(report.batchNorms.size(), 4u);

  const BatchNormRecord &first = report.batchNorms[0];
  EXPECT_EQ(first.node, "bn1");
  EXPECT_EQ(first.version, 15);
  EXPECT_EQ(first.mode, "inference");
  EXPECT_EQ(first.producer, "conv1");
  EXPECT_EQ(first.producerOperator, "Conv");
  EXPECT_EQ(first.consumers, Names{"sigmoid1"});
  EXPECT_EQ(first.decision, Decision::Folded);
  EXPECT_EQ(first.into, Names{"conv1"});
  EXPECT_EQ(first.weightsBefore, std::pair(3.0, 3.0));
  EXPECT_EQ(first.weightsAfter, std::pair(6.0, 6.0));

  EXPECT_EQ(report.batchNorms[1].decision, Decision::Kept);
  EXPECT_EQ(report.batchNorms[1].reason, "nonlinear-between");
  EXPECT_EQ(report.batchNorms[1].reasonBehind, "consumer-not-linear");
  EXPECT_TRUE(StringRef(report.batchNorms[1].message).ends_with("behind it, a node has no weights that could take the scale"));
  EXPECT_FALSE(report.batchNorms[1].message.empty());
  EXPECT_EQ(report.batchNorms[2].mode, "training");
  EXPECT_EQ(report.batchNorms[2].reason, "training-mode");
  EXPECT_EQ(report.batchNorms[3].decision, Decision::Folded);
  EXPECT_EQ(report.batchNorms[3].into, (Names{"fc", "bn4"})); // the shift has the name of what it was
}

TEST_F(ReportTest, counts_operators) {
  Report report = optimize({});
  using Counts = std::map<std::string, int64_t>;
  EXPECT_EQ(report.before.operators, (Counts{{"BatchNormalization", 4}, {"Conv", 1}, {"MatMul", 1}, {"Sigmoid", 1}}));
  EXPECT_EQ(report.after.operators, (Counts{{"Add", 1}, {"BatchNormalization", 2}, {"Conv", 1}, {"MatMul", 1}, {"Sigmoid", 1}}));
}

TEST_F(ReportTest, measures_channels_on_demand) {
  Report report = optimize({}, /*channels=*/true);
  EXPECT_EQ(report.batchNorms[0].channelsBefore, (ChannelRanges{{3, 3}}));
  EXPECT_EQ(report.batchNorms[0].channelsAfter, (ChannelRanges{{6, 6}}));
  EXPECT_TRUE(optimize({}).batchNorms[0].channelsBefore.empty());
}

// 1/0.5 is exact, so nothing is rounded; what stays has no bound.
TEST_F(ReportTest, bounds_the_error_of_rounding) {
  Report report = optimize({});
  EXPECT_EQ(report.batchNorms[0].maxError, 0.0);
  EXPECT_FALSE(report.batchNorms[1].maxError);
}

TEST_F(ReportTest, tells_what_the_user_skipped) {
  OptimizeOptions options;
  options.skipNodes = "bn1";
  Report report = optimize(options);
  EXPECT_EQ(report.batchNorms[0].decision, Decision::Kept);
  EXPECT_EQ(report.batchNorms[0].reason, "skipped-by-user");
}

TEST_F(ReportTest, without_absorption_all_stay) {
  OptimizeOptions options;
  options.disabled.insert("bn-absorb-affine");
  Report report = optimize(options);
  EXPECT_EQ(report.after.nodes, report.before.nodes);
  for (const BatchNormRecord &record : report.batchNorms)
    EXPECT_EQ(record.decision, Decision::Kept);
}

// Nothing is known of what the calls hand to the function.
TEST_F(ReportTest, accounts_for_functions) {
  context.loadDialect<func::FuncDialect, BNDialect, onnx::OnnxDialect>();
  auto module = parseSourceString<ModuleOp>(R"mlir(
module attributes {onnx.opset_imports = {ai.onnx = 17 : i64}} {
func.func private @"local::block"(%x: !onnx.any, %p: !onnx.any) -> !onnx.any attributes {onnx.function} {
  %y = onnx.node "BatchNormalization"(%x, %p, %p, %p, %p) version 15 attributes {onnx.name = "inner"} : (!onnx.any, !onnx.any, !onnx.any, !onnx.any, !onnx.any) -> !onnx.any
  return %y : !onnx.any
}
})mlir",
                                             &context);
  ASSERT_TRUE(module);
  Report report = collectReport(summarize(*module), *module);
  ASSERT_EQ(report.batchNorms.size(), 1u);
  EXPECT_EQ(report.batchNorms[0].node, "inner");
  EXPECT_EQ(report.batchNorms[0].reason, "in-function");
}

TEST(PipelineTest, lists_passes_that_can_be_disabled) {
  std::vector<PassSummary> passes = listOptimizePasses();
  ASSERT_FALSE(passes.empty());
  EXPECT_EQ(passes.front().argument, "bn-inline-functions");
  EXPECT_FALSE(passes.front().description.empty());
}

} // namespace
