// Pipelines.cpp - the stages from a model to running code, one function each: the table of contents.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Pipelines.h"
#include "bn/Codegen/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void bn::buildCodegenPipeline(OpPassManager &passes, unsigned vectorBits) {
  // tensors → memrefs: inputs, outputs, weights and the arena are arguments
  passes.addPass(createBindArgumentsPass());
  passes.addPass(createPlanWeightsPass());
  passes.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.unknownTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  passes.addPass(bufferization::createOneShotBufferizePass(bufferize));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createPlanMemoryPass());
  // memrefs → loops over vectors, shared by the workers
  passes.addPass(createEmitGenericPass({vectorBits}));
  passes.addPass(createOutlineTasksPass());
  // loops → llvm
  OpPassManager &functions = passes.nest<func::FuncOp>();
  functions.addPass(createLowerAffinePass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createApproximateMathPass());
  functions.addPass(createSCFToControlFlowPass());
  functions.addPass(memref::createExpandStridedMetadataPass());
  functions.addPass(createLowerAffinePass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  passes.addPass(createConvertToLLVMPass());
}
