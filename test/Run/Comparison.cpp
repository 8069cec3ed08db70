// Comparison.cpp - a graph-form function, compiled and run, against the interpreter on the same random inputs.
// SPDX-License-Identifier: Apache-2.0

#include "Comparison.h"

#include "bn/Codegen/Passes.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Lower/Passes.h"
#include "bn/Pipelines.h"
#include "bn/Reference/Interpreter.h"
#include "bn/Runtime/Engine.h"

#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace mlir;

namespace bn::test {

static reference::Tensor randomTensor(RankedTensorType type, std::mt19937 &generator, const Tolerance &t) {
  reference::Tensor tensor{type.getElementType(), llvm::to_vector(type.getShape()), {}};
  if (isa<FloatType>(type.getElementType())) {
    std::uniform_real_distribution<float> draw(t.low, t.high);
    std::vector<double> values(type.getNumElements());
    for (double &value : values)
      value = std::round(draw(generator) * 8) / 8; // exact in every float type
    tensor.values = values;
    return tensor;
  }
  bool isBool = type.getElementType().isInteger(1), isUnsigned = type.getElementType().isUnsignedInteger();
  std::uniform_int_distribution<int64_t> draw(isBool || isUnsigned ? 0 : std::floor(t.low), isBool ? 1 : std::ceil(t.high));
  std::vector<int64_t> values(type.getNumElements());
  for (int64_t &value : values)
    value = draw(generator);
  tensor.values = values;
  return tensor;
}

static void expectEqual(const reference::Tensor &got, const reference::Tensor &expected, const Tolerance &t) {
  ASSERT_EQ(got.getNumElements(), expected.getNumElements());
  int64_t wrong = 0;
  for (int64_t i = 0; i < got.getNumElements() && wrong < 4; ++i) {
    if (std::holds_alternative<std::vector<int64_t>>(expected.values)) {
      EXPECT_EQ(got.integers()[i], expected.integers()[i]) << "at " << i << (++wrong, "");
      continue;
    }
    double g = got.reals()[i], e = expected.reals()[i];
    if (std::isnan(e) ? std::isnan(g) : g == e || std::abs(g - e) <= t.absolute + t.relative * std::abs(e))
      continue;
    ADD_FAILURE() << "at " << i << ": got " << g << ", expected " << e;
    ++wrong;
  }
}

static std::unique_ptr<Engine> compile(ModuleOp module, unsigned threads) {
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager passes(module.getContext());
  buildLowerPipeline(passes);
  buildCodegenPipeline(passes);
  if (failed(passes.run(*copy)))
    return nullptr;
  llvm::Expected<std::unique_ptr<Engine>> engine = Engine::create(*copy, {threads});
  if (!engine) {
    ADD_FAILURE() << llvm::toString(engine.takeError());
    return nullptr;
  }
  return std::move(*engine);
}

namespace {
/// A function with inputs for it.
struct Program {
  Program(const std::string &text, const Tolerance &inputs);
  /// What the compiled function returns, written `shift` bytes behind multiples of a cache's line; empty where it does not compile.
  std::vector<HostTensor> run(unsigned threads, size_t shift = 0) const;

  std::unique_ptr<MLIRContext> context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  std::vector<reference::Tensor> inputs;
};
} // namespace

Program::Program(const std::string &text, const Tolerance &tolerance) {
  DialectRegistry registry;
  registry.insert<BNDialect, onnx::OnnxDialect>();
  registerCodegenDialects(registry);
  context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  module = parseSourceString<ModuleOp>(text, context.get());
  if (!module)
    return;
  function = *module->getOps<func::FuncOp>().begin();
  std::mt19937 generator(1);
  for (Type type : function.getArgumentTypes())
    inputs.push_back(randomTensor(cast<RankedTensorType>(type), generator, tolerance));
}

std::vector<HostTensor> Program::run(unsigned threads, size_t shift) const {
  constexpr size_t line = 64;
  std::vector<HostTensor> hostInputs, hostOutputs;
  std::vector<std::vector<char>> memory;
  std::vector<const void *> inputData;
  std::vector<void *> outputData;
  for (const reference::Tensor &input : inputs)
    hostInputs.push_back(reference::toHost(input));
  for (Type type : func::FuncOp(function).getResultTypes()) {
    auto tensorType = cast<RankedTensorType>(type);
    reference::Tensor zero{tensorType.getElementType(), llvm::to_vector(tensorType.getShape()), {}};
    if (isa<FloatType>(tensorType.getElementType()))
      zero.values = std::vector<double>(tensorType.getNumElements());
    else
      zero.values = std::vector<int64_t>(tensorType.getNumElements());
    hostOutputs.push_back(reference::toHost(zero));
  }
  for (HostTensor &input : hostInputs)
    inputData.push_back(input.bytes.data());
  for (HostTensor &output : hostOutputs) {
    auto address = reinterpret_cast<uintptr_t>(memory.emplace_back(output.bytes.size() + shift + line).data());
    outputData.push_back(reinterpret_cast<void *>(llvm::alignTo(address, line) + shift));
  }
  std::unique_ptr<Engine> engine = compile(*module, threads);
  if (!engine)
    return {};
  if (llvm::Error error = engine->run(inputData, outputData)) {
    ADD_FAILURE() << llvm::toString(std::move(error));
    return {};
  }
  for (auto [output, data] : llvm::zip_equal(hostOutputs, outputData))
    std::copy_n(static_cast<const char *>(data), output.bytes.size(), output.bytes.data());
  return hostOutputs;
}

void compareWithReference(const std::string &text, const Tolerance &tolerance) {
  SCOPED_TRACE(text);
  Program program(text, tolerance);
  ASSERT_TRUE(program.module);
  FailureOr<std::vector<reference::Tensor>> expected = reference::interpret(program.function, program.inputs);
  ASSERT_TRUE(succeeded(expected));
  std::vector<HostTensor> outputs = program.run(2);
  ASSERT_EQ(outputs.size(), expected->size());
  for (auto [output, result] : llvm::zip(outputs, *expected))
    expectEqual(reference::fromHost(output), result, tolerance);
}

void compareThreads(const std::string &text, const Tolerance &inputs) {
  SCOPED_TRACE(text);
  Program program(text, inputs);
  ASSERT_TRUE(program.module);
  std::vector<HostTensor> alone = program.run(1);
  ASSERT_FALSE(alone.empty());
  for (unsigned threads : {2u, 3u, 5u}) {
    std::vector<HostTensor> together = program.run(threads, 8 * (threads - 2));
    ASSERT_EQ(together.size(), alone.size());
    for (auto [i, result] : llvm::enumerate(together))
      EXPECT_TRUE(result.bytes == alone[i].bytes) << "result " << i << " of " << threads << " threads";
  }
}

void compareExpanded(const std::string &text, const Tolerance &inputs) {
  SCOPED_TRACE(text);
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<BNDialect, onnx::OnnxDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(module);
  auto function = *module->getOps<func::FuncOp>().begin();
  std::mt19937 generator(1);
  std::vector<reference::Tensor> values;
  for (Type type : function.getArgumentTypes())
    values.push_back(randomTensor(cast<RankedTensorType>(type), generator, inputs));
  FailureOr<std::vector<reference::Tensor>> whole = reference::interpret(function, values);
  PassManager passes(&context);
  passes.addPass(lower::createExpandTraining());
  ASSERT_TRUE(succeeded(passes.run(*module)));
  function.walk([](Operation *op) { EXPECT_FALSE((isa<TrainingOp, TrainingGradOp, InferenceGradOp>(op))); });
  FailureOr<std::vector<reference::Tensor>> parts = reference::interpret(function, values);
  ASSERT_TRUE(succeeded(whole) && succeeded(parts));
  for (auto [part, result] : llvm::zip_equal(*parts, *whole))
    expectEqual(part, result, {1e-12, 1e-12});
  std::string expanded;
  llvm::raw_string_ostream(expanded) << *module;
  compareWithReference(expanded, inputs);
}

void compareNode(const std::string &node, const std::string &inputTypes, const std::string &resultType, const Tolerance &tolerance) {
  SmallVector<StringRef> types;
  StringRef(inputTypes).split(types, ';');
  std::string arguments, operands;
  for (auto [i, type] : llvm::enumerate(types)) {
    arguments += (i ? ", %a" : "%a") + std::to_string(i) + ": " + type.trim().str();
    operands += (i ? ", %a" : "%a") + std::to_string(i);
  }
  std::string call = node;
  call.replace(call.find('$'), 1, operands);
  compareWithReference("func.func @main(" + arguments + ") -> " + resultType + " {\n  %y = onnx.node " + call + " : (" +
                           llvm::join(types, ",") + ") -> " + resultType + "\n  return %y : " + resultType + "\n}\n",
                       tolerance);
}

} // namespace bn::test
