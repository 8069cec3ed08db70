// InterpreterTest.h - a fixture that runs functions of graph form, given as text.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_TEST_REFERENCE_INTERPRETERTEST_H
#define BN_TEST_REFERENCE_INTERPRETERTEST_H

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Reference/Interpreter.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

class InterpreterTest : public ::testing::Test {
protected:
  InterpreterTest() {
    context.loadDialect<bn::BNDialect, bn::onnx::OnnxDialect, mlir::func::FuncDialect>();
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  }

  /// The results of the only function of `source`; none where it fails, and then `message` says why.
  std::vector<bn::reference::Tensor> run(llvm::StringRef source, llvm::ArrayRef<bn::reference::Tensor> inputs = {}) {
    mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    if (!module)
      return {};
    auto function = *module->getOps<mlir::func::FuncOp>().begin();
    mlir::FailureOr<std::vector<bn::reference::Tensor>> results = bn::reference::interpret(function, inputs);
    return mlir::succeeded(results) ? *results : std::vector<bn::reference::Tensor>();
  }

  /// The first result of one node; an empty tensor where it fails.
  bn::reference::Tensor node(llvm::StringRef op, int version, llvm::ArrayRef<bn::reference::Tensor> inputs, llvm::StringRef attributes = "",
                             llvm::StringRef domain = "") {
    std::string arguments, names, types;
    for (size_t i = 0; i < inputs.size(); ++i) {
      llvm::StringRef separator = i ? ", " : "";
      arguments += (separator + "%x" + llvm::Twine(i) + ": !onnx.any").str();
      names += (separator + "%x" + llvm::Twine(i)).str();
      types += (separator + "!onnx.any").str();
    }
    std::string text =
        ("func.func @f(" + arguments + ") -> !onnx.any {\n %y = onnx.node \"" + op + "\"(" + names + ") domain \"" + domain +
         "\" version " + llvm::Twine(version) + " " + attributes + " : (" + types + ") -> !onnx.any loc(\"n\")\n return %y : !onnx.any\n}")
            .str();
    std::vector<bn::reference::Tensor> results = run(text, inputs);
    return results.empty() ? bn::reference::Tensor() : results[0];
  }

  bn::reference::Tensor real(llvm::ArrayRef<int64_t> shape, std::vector<double> values) {
    return {mlir::Float32Type::get(&context), llvm::to_vector(shape), std::move(values)};
  }
  bn::reference::Tensor integer(llvm::ArrayRef<int64_t> shape, std::vector<int64_t> values) {
    return {mlir::IntegerType::get(&context, 64), llvm::to_vector(shape), std::move(values)};
  }

  mlir::MLIRContext context;
  std::string message;
};

/// Expects a tensor of real numbers, each within `tolerance` of its size.
inline void expectReals(const bn::reference::Tensor &actual, llvm::ArrayRef<double> expected, double tolerance = 1e-12) {
  ASSERT_EQ(actual.reals().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    if (actual.reals()[i] != expected[i]) // infinities are equal to themselves only
      EXPECT_NEAR(actual.reals()[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << "element " << i;
}

inline void expectIntegers(const bn::reference::Tensor &actual, llvm::ArrayRef<int64_t> expected) {
  EXPECT_EQ(actual.integers(), expected);
}

#endif // BN_TEST_REFERENCE_INTERPRETERTEST_H
