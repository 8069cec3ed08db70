// Pipelines.h - the stages from a model to running code, one function each.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_PIPELINES_H
#define BN_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"

#include <string>
#include <vector>

namespace bn {

struct Target;

struct OptimizeOptions {
  llvm::StringSet<> disabled;       ///< passes to leave out, by argument
  std::string onlyNodes, skipNodes; ///< regular expressions for names of nodes to fold, or to leave alone; empty for none
  bool freezeTraining = false;      ///< treat training BatchNormalizations as inference
};

/// graph form → graph form: BatchNormalizations go into the weights around them.
void buildOptimizePipeline(mlir::OpPassManager &passes, const OptimizeOptions &options = {});

/// One pass of the optimizer.
struct PassSummary {
  std::string argument, description;
};

/// The passes of the optimizer that can be disabled, in order, each once.
std::vector<PassSummary> listOptimizePasses();

struct LowerOptions {
  const Target *target = nullptr; ///< null means this machine
  bool winograd = true; ///< 3×3 convolutions may use Winograd's method: fast, with rounding errors up to 1e-5 of the largest output
  bool strassen = true; ///< large 1×1 convolutions may use Strassen's method: fast, with rounding errors up to 2e-6 of the largest output
  bool bfloat16 = false; ///< convolutions and matrix products with known weights multiply bf16; sums stay f32
};

/// graph form with static shapes → kernel form.
void buildLowerPipeline(mlir::OpPassManager &passes, const LowerOptions &options = {});

/// kernel form → llvm form; null means this machine.
void buildCodegenPipeline(mlir::OpPassManager &passes, const Target *target = nullptr);

} // namespace bn

#endif // BN_PIPELINES_H
