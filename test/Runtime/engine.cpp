// engine.cpp - what the engine refuses, and the code that it gets.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Runtime/CompiledModel.h"
#include "bn/Runtime/Engine.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Object/ObjectFile.h"
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

// Code finds its constants by their distance: no address of eight bytes takes a register.
TEST(Engine, constantsAreBesideTheCode) {
  mlir::MLIRContext context;
  context.loadDialect<mlir::LLVM::LLVMDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "module attributes {kernel.inputs = 0 : i64, kernel.outputs = 1 : i64, kernel.weights_size = 0 : i64,\n"
      "                   kernel.arena_size = 0 : i64} {\n"
      "  llvm.func @bn_run(%result: !llvm.ptr) {\n"
      "    %0 = llvm.mlir.constant(dense<[1.5, 2.5, 3.5, 4.5]> : vector<4xf32>) : vector<4xf32>\n"
      "    llvm.store %0, %result : vector<4xf32>, !llvm.ptr\n    llvm.return\n  }\n}",
      &context);
  auto model = bn::compileModel(*module, 1, "");
  ASSERT_TRUE(static_cast<bool>(model)) << llvm::toString(model.takeError());
  size_t relocations = 0;
  for (const auto &buffer : model->objects) {
    auto object = llvm::cantFail(llvm::object::ObjectFile::createObjectFile(buffer->getMemBufferRef()));
    for (const llvm::object::SectionRef &section : object->sections())
      if (auto code = section.getRelocatedSection(); code && *code != object->section_end() && (*code)->isText())
        for (const llvm::object::RelocationRef &relocation : section.relocations()) {
          llvm::SmallString<32> type;
          relocation.getTypeName(type);
          EXPECT_FALSE(type.str().ends_with("64")) << type.c_str();
          ++relocations;
        }
  }
  EXPECT_GT(relocations, 0u);
}
