// Pipelines.cpp - the stages from a model to running code, one function each: the table of contents.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Pipelines.h"
#include "bn/Codegen/Passes.h"
#include "bn/Codegen/Target.h"
#include "bn/Lower/Passes.h"
#include "bn/Optimize/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

static void addUnlessDisabled(OpPassManager &passes, std::unique_ptr<Pass> pass, const bn::OptimizeOptions &options) {
  if (!options.disabled.contains(pass->getArgument()))
    passes.addPass(std::move(pass));
}

/// The passes on one function. Only the way back to standard ONNX, which knows no affine, cannot be left out.
static void addOptimizePasses(OpPassManager &functions, const bn::OptimizeOptions &options) {
  auto add = [&](std::unique_ptr<Pass> pass) { addUnlessDisabled(functions, std::move(pass), options); };
  if (options.freezeTraining)
    functions.addPass(bn::createFreezeTrainingPass());
  add(bn::createFoldConstantsPass({/*noteBytes=*/true}));
  // normal form, the algebra on it, and back
  add(bn::createRaiseAffinePass({options.onlyNodes, options.skipNodes}));
  add(bn::createMergeAffinesPass());
  add(bn::createRecognizeActivationsPass());
  auto addAlgebra = [&] {
    add(bn::createAbsorbAffinePass());
    add(bn::createMergeLinearPairsPass());
    add(bn::createMergeBranchesPass());
  };
  addAlgebra();
  add(bn::createMergeLayoutsPass());
  // what was too large at first may have room now; an affine behind a sum, and a sum behind that one, have a convolution before them
  add(bn::createFoldConstantsPass());
  addAlgebra();
  add(bn::createScaleQuantizedPass());
  functions.addPass(bn::createRestoreAffinePass());
  add(bn::createMergeEqualNodesPass());
  add(bn::createFoldConstantsPass()); // what has room now
  add(bn::createRemoveDeadNodesPass());
}

void bn::buildOptimizePipeline(OpPassManager &passes, const OptimizeOptions &options) {
  addUnlessDisabled(passes, createInlineFunctionsPass(), options);
  addOptimizePasses(passes.nest<func::FuncOp>(), options);
}

std::vector<bn::PassSummary> bn::listOptimizePasses() {
  OpPassManager functions(func::FuncOp::getOperationName());
  addOptimizePasses(functions, {});
  std::string fixed = createRestoreAffinePass()->getArgument().str();
  std::unique_ptr<Pass> first = createInlineFunctionsPass();
  std::vector<PassSummary> summaries = {{first->getArgument().str(), first->getDescription().str()}};
  llvm::StringSet<> seen;
  for (Pass &pass : functions.getPasses())
    if (pass.getArgument() != fixed && seen.insert(pass.getArgument()).second)
      summaries.push_back({pass.getArgument().str(), pass.getDescription().str()});
  return summaries;
}

void bn::buildLowerPipeline(OpPassManager &passes, const LowerOptions &options) {
  passes.addPass(lower::createExpandFunctions());
  const Target &target = options.target ? *options.target : hostTarget();
  passes.addPass(lower::createConvertToKernel({target.vectorBits, /*plain=*/false, !target.byteDot.empty()}));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(lower::createAssignLayout());
  passes.addPass(lower::createReadPlanes());
  passes.addPass(lower::createScaleWeights());
  if (options.winograd)
    passes.addPass(lower::createUseWinograd({options.bfloat16}));
  if (options.strassen && !options.bfloat16)
    passes.addPass(lower::createUseStrassen());
  passes.addPass(lower::createFuseEpilogues());
  if (options.bfloat16)
    passes.addPass(lower::createUseBFloat16());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

void bn::buildCodegenPipeline(OpPassManager &passes, const Target *given) {
  passes.addPass(createFoldPadPass());
  passes.addPass(createFoldConcatPass());
  passes.addPass(createSeparateDestinationsPass());
  // tensors → memrefs: inputs, outputs, weights and the arena are arguments
  passes.addPass(createBindArgumentsPass());
  passes.addPass(createPlanWeightsPass());
  passes.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.unknownTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  passes.addPass(bufferization::createOneShotBufferizePass(bufferize));
  passes.addPass(createCSEPass()); // first: the copy of a part of a buffer to itself shows when both names of the part are one
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  const Target &target = given ? *given : hostTarget();
  passes.addPass(createLoopOverImagesPass());
  passes.addPass(createGroupWinogradPass({target.registers, target.bfloatDot.str()}));
  passes.addPass(createSpreadRowsPass());
  passes.addPass(createPlanMemoryPass());
  // memrefs → loops over vectors, shared by the workers
  passes.addPass(createEmitConvPass({target.registers, target.byteDot.str(), target.bfloatDot.str()}));
  passes.addPass(createEmitGroupedConvPass({target.registers}));
  passes.addPass(createEmitMatmulPass({target.registers, target.vectorBits, target.byteDot.str(), target.bfloatDot.str()}));
  passes.addPass(createEmitStrassenPass({target.registers}));
  passes.addPass(createEmitWinogradPass());
  passes.addPass(createEmitPoolPass());
  passes.addPass(createEmitSoftmaxPass({target.registers, target.vectorBits}));
  passes.addPass(createEmitPackPass());
  passes.addPass(createEmitNormalizePass({target.vectorBits}));
  passes.addPass(createEmitGenericPass({target.vectorBits}));
  passes.addPass(createOutlineTasksPass());
  // loops → llvm
  OpPassManager &functions = passes.nest<func::FuncOp>();
  functions.addPass(createLowerAffinePass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createApproximateMathPass());
  if (target.bfloatDot.empty())
    functions.addPass(createExpandBFloat16Pass());
  functions.addPass(createSCFToControlFlowPass());
  functions.addPass(memref::createExpandStridedMetadataPass());
  functions.addPass(createLowerAffinePass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  passes.addPass(createConvertToLLVMPass());
}
