// import.cpp - what nodes become in graph form, and what is not taken for a model.
// SPDX-License-Identifier: Apache-2.0

#include "TextModel.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace bn::onnx;

/// A model of one BatchNormalization with 3 channels.
static std::string getBatchNorm(int opset, StringRef outputs, StringRef attributes, StringRef input = "float[2,3,5,7]",
                                StringRef parameter = "float[3]") {
  std::string list = attributes.empty() ? "" : ("<" + attributes + ">").str();
  return llvm::formatv(R"(<ir_version: 8, opset_import: ["" : {0}]>
    g ({3} x, {4} s, {4} b, {4} m, {4} v) => ({1}) {{ {1} = BatchNormalization{2}(x, s, b, m, v) })",
                       opset, outputs, list, input, parameter)
      .str();
}

//===----------------------------------------------------------------------===//
// BatchNormalization, by version
//===----------------------------------------------------------------------===//

TEST(ImportBatchNorm, InferenceInEveryVersion) {
  for (auto [opset, attributes] : {std::pair(1, "is_test = 1, consumed_inputs = [0, 0, 0, 1, 1]"), {6, "is_test = 1"}, {7, ""}, {9, ""},
                                   {14, ""}, {15, "training_mode = 0"}}) {
    MLIRContext context;
    std::string ir = importToString(getBatchNorm(opset, "y", attributes), context);
    EXPECT_TRUE(contains(ir, "bn.inference") && contains(ir, "axes [1]")) << opset << ir;
  }
}

// Before version 14 the number of outputs tells the mode.
TEST(ImportBatchNorm, TrainingInEveryVersion) {
  for (auto [opset, attributes, outputs] :
       {std::tuple(1, "consumed_inputs = [0, 0, 0, 1, 1]", "y, nm, nv, sm, sv"), {6, "is_test = 0", "y, nm, nv, sm, sv"},
        {7, "momentum = 0.75", "y, nm, nv, sm, sv"}, {9, "", "y, nm, nv"}, {14, "training_mode = 1", "y, nm, nv"},
        {15, "training_mode = 1", "y, nm, nv"}}) {
    MLIRContext context;
    std::string ir = importToString(getBatchNorm(opset, outputs, attributes), context);
    EXPECT_TRUE(contains(ir, "bn.training")) << opset << ir;
    if (opset == 7)
      EXPECT_TRUE(contains(ir, "momentum 7.5")) << ir;
  }
}

// The attribute is float32: 1e-5 becomes the double nearest to that float.
TEST(ImportBatchNorm, EpsilonIsWidened) {
  MLIRContext context;
  EXPECT_TRUE(contains(importToString(getBatchNorm(15, "y", ""), context), "epsilon 9.9999997473787516E-6"));
}

TEST(ImportBatchNorm, NonSpatialKeepsAllAxesButTheFirst) {
  MLIRContext context;
  std::string ir = importToString(getBatchNorm(7, "y", "spatial = 0", "float[2,3,5]", "float[3,5]"), context);
  EXPECT_TRUE(contains(ir, "axes [1, 2]")) << ir;
}

TEST(ImportBatchNorm, no_FlattenedNonSpatialParameters) {
  MLIRContext context;
  std::string ir = importToString(getBatchNorm(7, "y", "spatial = 0", "float[2,3,5]", "float[15]"), context);
  EXPECT_TRUE(contains(ir, "onnx.node \"BatchNormalization\"")) << ir;
}

TEST(ImportBatchNorm, no_InferenceWithOutputsOfTraining) {
  MLIRContext context;
  EXPECT_TRUE(contains(importToString(getBatchNorm(15, "y, nm, nv", ""), context), "onnx.node \"BatchNormalization\""));
}

//===----------------------------------------------------------------------===//
// Other nodes
//===----------------------------------------------------------------------===//

// Types of y and z come from inference, through a shape that is computed.
TEST(Import, InfersTypes) {
  MLIRContext context;
  std::string ir = importToString(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2,3,5] x) => (z) { s = Shape(x) f = Constant<value_int = 1>() e = Gather(s, f)
      o = Constant<value_ints = [0]>() u = Unsqueeze(e, o) m = Constant<value_ints = [-1]>() c = Concat<axis = 0>(u, m)
      y = Reshape(x, c) z = Relu(y) })",
                                  context);
  EXPECT_TRUE(contains(ir, "onnx.relu") && contains(ir, "-> tensor<3x10xf32>")) << ir;
}

// Nobody says what a function's input is, but the weight of the convolution tells the type of its result.
TEST(Import, InfersElementTypesInFunctions) {
  MLIRContext context;
  std::string ir = importToString(R"(<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    g (float[1,2,4] x) => (float[1,2,4] y) { y = local.Block(x) }
    <domain: "local", opset_import: ["" : 17]>
    Block (data) => (result) { w = Constant<value = float[2,2,1] {1, 2, 3, 4}>() p = Constant<value = float[2] {1, 2}>()
      c = Conv(data, w) n = BatchNormalization(c, p, p, p, p) result = Relu(n) })",
                                  context);
  EXPECT_TRUE(contains(ir, "none) -> tensor<*xf32>") && contains(ir, "bn.inference")) << ir;
}

TEST(Import, InitializersThatAreInputs) {
  const char *text = R"(<ir_version: {0}, opset_import: ["" : 13]>
    g (float[2] x, float[2] w = {1.0, 2.0}) => (float[2] y) { y = Add(x, w) })";
  for (auto [irVersion, mode, isArgument] :
       {std::tuple("3", InitializerMode::Auto, false), {"8", InitializerMode::Auto, true}, {"8", InitializerMode::Const, false},
        {"3", InitializerMode::Overridable, true}}) {
    MLIRContext context;
    std::string model = text;
    model.replace(model.find("{0}"), 3, irVersion);
    std::string ir = importToString(model, context, {mode});
    EXPECT_EQ(contains(ir, "onnx.default"), isArgument) << ir;
    EXPECT_EQ(contains(ir, "onnx.constant"), !isArgument) << ir;
  }
}

// An attribute that the op does not know and one of another domain: any node is taken.
TEST(Import, AnyNode) {
  MLIRContext context;
  std::string ir = importToString(R"(<ir_version: 8, opset_import: ["" : 13, "com.acme" : 3]>
    g (x) => (y) { y = com.acme.Mystery<a = 1, b = "two">(x) })",
                                  context);
  EXPECT_TRUE(contains(ir, "onnx.node \"Mystery\"(%arg0) domain \"com.acme\" version 3 {a = 1 : i64, b = \"two\"}")) << ir;
}

//===----------------------------------------------------------------------===//
// What is no model
//===----------------------------------------------------------------------===//

static void expectInvalid(StringRef graph, StringRef part) {
  auto [message, code] = importError(("<ir_version: 8, opset_import: [\"\" : 13]> g " + graph).str());
  EXPECT_TRUE(contains(message, part)) << message;
  EXPECT_EQ(code, std::errc::bad_message) << message;
}

TEST(Import, no_Cycle) {
  expectInvalid("(float[2] x) => (float[2] y) { [one] y = Add(x, z) z = Neg(y) }",
                "node 'one' (Add): expected 'z' to be an input, an initializer or the output of a node before");
}
TEST(Import, no_InputFromNowhere) { expectInvalid("(float[2] x) => (float[2] y) { y = Neg(gone) }", "node 'y' (Neg): expected 'gone'"); }
TEST(Import, no_OutputFromNowhere) { expectInvalid("(float[2] x) => (float[2] y) { z = Neg(x) }", "graph output: expected 'y'"); }
TEST(Import, no_NameTwice) {
  expectInvalid("(float[2] x) => (float[2] y) { y = Neg(x) y = Neg(x) }", "node 'y' (Neg): expected 'y' to be defined once");
}
TEST(Import, no_MissingOperand) {
  expectInvalid("(float[2] x) => (float[2] y) { y = Add(x) }", "node 'y' (Add): expected at least 2 inputs, got 1");
}
TEST(Import, no_AttributeOfAnotherType) {
  expectInvalid("(float[1,1,4] x, float[1,1,2] w) => (y) { y = Conv<strides = \"two\">(x, w) }",
                "node 'y' (Conv): expected attribute 'strides' to be INTS, got STRING");
}

TEST(Import, no_RecursiveFunctions) {
  auto [message, code] = importError(R"(<ir_version: 8, opset_import: ["" : 13, "l" : 1]> g (float[2] x) => (float[2] y) { y = l.f(x) }
    <domain: "l", opset_import: ["" : 13, "l" : 1]> f (a) => (b) { b = l.h(a) }
    <domain: "l", opset_import: ["" : 13, "l" : 1]> h (a) => (b) { c = Neg(a) b = l.f(c) })");
  EXPECT_TRUE(contains(message, "expected functions that do not call themselves")) << message;
  EXPECT_EQ(code, std::errc::bad_message);
}

/// Imports a file of these bytes.
static std::error_code importBytes(StringRef bytes) {
  SmallString<128> path;
  int fd;
  EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("model", "onnx", fd, path));
  llvm::FileRemover remover(path);
  llvm::raw_fd_ostream(fd, true) << bytes;
  MLIRContext context;
  return errorToErrorCode(importModel(path, &context).takeError());
}

TEST(Import, no_Files) {
  EXPECT_EQ(importBytes(""), std::errc::bad_message);
  EXPECT_EQ(importBytes("hello, world"), std::errc::bad_message);
  EXPECT_EQ(importBytes(StringRef("\x08\x08", 2)), std::errc::bad_message); // a model without a graph
  MLIRContext context;
  EXPECT_EQ(errorToErrorCode(importModel("/", &context).takeError()), std::errc::is_a_directory);
  EXPECT_EQ(errorToErrorCode(importModel("/no/such/file", &context).takeError()), std::errc::no_such_file_or_directory);
}

// Graphs in graphs, 4000 deep.
TEST(Import, no_BottomlessNesting) {
  std::string graph;
  auto addField = [](int number, const std::string &content) {
    std::string field(1, static_cast<char>(number << 3 | 2));
    for (size_t length = content.size();; length >>= 7) {
      field.push_back(static_cast<char>(length >= 0x80 ? length | 0x80 : length));
      if (length < 0x80)
        return field + content;
    }
  };
  for (int i = 0; i < 4000; ++i)
    graph = addField(1, addField(5, addField(6, graph)));
  EXPECT_EQ(importBytes(addField(7, graph)), std::errc::bad_message);
}
