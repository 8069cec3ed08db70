// bn-opt.cpp - runs passes on graph form and below: an MlirOptMain with bn's dialects.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Codegen/Passes.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Kernel/Kernel.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Lower/Passes.h"
#include "bn/Onnx/Import.h"
#include "bn/Optimize/Passes.h"
#include "bn/Pipelines.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

namespace {
struct LowerFlags : mlir::PassPipelineOptions<LowerFlags> {
  Option<bool> winograd{*this, "winograd", llvm::cl::desc("compute 3×3 convolutions by Winograd's method where that is faster"),
                        llvm::cl::init(true)};
  Option<bool> strassen{*this, "strassen", llvm::cl::desc("compute large 1×1 convolutions by Strassen's method where that is faster"),
                        llvm::cl::init(true)};
  Option<bool> bfloat16{*this, "bfloat16", llvm::cl::desc("multiply bf16 in convolutions and matrix products with known weights"),
                        llvm::cl::init(false)};
};
} // namespace

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<bn::BNDialect, bn::onnx::OnnxDialect, bn::kernel::KernelDialect>();
  bn::registerCodegenDialects(registry);
  bn::onnx::registerSchemaInterface(registry);
  mlir::registerTransformsPasses();
  bn::registerOptimizePasses();
  bn::lower::registerLowerPasses();
  bn::registerCodegenPasses();
  mlir::PassPipelineRegistration<> optimize("bn-optimize", "graph form to graph form: folds BatchNormalizations away",
                                            [](mlir::OpPassManager &passes) { bn::buildOptimizePipeline(passes); });
  mlir::PassPipelineRegistration<LowerFlags> lower(
      "bn-lower", "graph form to kernel form", [](mlir::OpPassManager &passes, const LowerFlags &flags) {
        bn::buildLowerPipeline(passes, {/*target=*/nullptr, flags.winograd, flags.strassen, flags.bfloat16});
      });
  mlir::PassPipelineRegistration<> codegen("bn-codegen", "kernel form to llvm form",
                                           [](mlir::OpPassManager &passes) { bn::buildCodegenPipeline(passes); });
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "bn-opt - runs bn's passes\n", registry));
}
