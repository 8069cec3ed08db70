// engine.cpp - what the engine refuses.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Runtime/Engine.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

TEST(Engine, no_module_without_plan) {
  mlir::MLIRContext context;
  auto module = mlir::parseSourceString<mlir::ModuleOp>("module {}", &context);
  auto engine = bn::Engine::create(*module, {});
  ASSERT_FALSE(static_cast<bool>(engine));
  EXPECT_EQ(llvm::toString(engine.takeError()), "expected a module in llvm form with the attribute 'kernel.inputs'");
}

TEST(Engine, no_run_with_missing_buffers) {
  mlir::MLIRContext context;
  context.loadDialect<mlir::LLVM::LLVMDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "module attributes {kernel.inputs = 1 : i64, kernel.outputs = 1 : i64, kernel.weights_size = 0 : i64,\n"
      "                   kernel.arena_size = 0 : i64} {\n"
      "  llvm.func @bn_run(%arguments: !llvm.ptr) { llvm.return }\n}",
      &context);
  auto engine = bn::Engine::create(*module, {1});
  ASSERT_TRUE(static_cast<bool>(engine)) << llvm::toString(engine.takeError());
  float value = 0;
  llvm::Error error = (*engine)->run({&value}, {});
  EXPECT_EQ(llvm::toString(std::move(error)), "expected 1 inputs and 1 outputs, got 1 and 0");
}
