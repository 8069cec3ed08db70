// Stages.cpp - runs the compiler's stages on a module.
// SPDX-License-Identifier: Apache-2.0
//
// What lowering refuses, the model asked for; a stage that has to take whatever it gets and does not is at fault.

#include "Stages.h"

#include "FoldedResources.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Codegen/Passes.h"
#include "bn/Codegen/Target.h"
#include "bn/Lower/Passes.h"
#include "bn/Optimize/Passes.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using llvm::Error;

namespace bn::driver {

/// Whether loops are verified after each pass. That takes a quarter of the time to compile and tells only of our own mistakes, as LLVM's
/// verifier does at the end: it is for builds that look for them, and for bn-opt.
#ifdef NDEBUG
static constexpr bool kVerifiesCode = false;
#else
static constexpr bool kVerifiesCode = true;
#endif

static Error runPasses(ModuleOp module, Session &session, std::errc blame, llvm::function_ref<void(PassManager &)> build) {
  PassManager passes(session.getContext());
  build(passes);
  if (succeeded(passes.run(module)))
    return Error::success();
  return session.getDiagnostics().takeErrors(blame, "a pass failed without a reason");
}

Error optimizeGraph(ModuleOp module, const bn::OptimizeOptions &options, Session &session, std::vector<PassRecord> *records) {
  return runPasses(module, session, std::errc::state_not_recoverable, [&](PassManager &passes) {
    if (records)
      recordPasses(passes, *records);
    freeReplacedConstants(passes, module);
    buildOptimizePipeline(passes, options);
  });
}

Error inlineBatchNorms(ModuleOp module, Session &session) {
  InlineFunctionsPassOptions options;
  options.everyBatchNorm = true;
  return runPasses(module, session, std::errc::state_not_recoverable,
                   [&](OpPassManager &passes) { passes.addPass(createInlineFunctionsPass(options)); });
}

Error bindShapes(ModuleOp module, ArrayRef<BoundInput> inputs, Session &session) {
  return bindShapes(module, llvm::map_to_vector(inputs, [](const BoundInput &input) -> Type { return input.type; }), session);
}

Error bindShapes(ModuleOp module, TypeRange types, Session &session) {
  llvm::Expected<func::FuncOp> main = getMainGraph(module);
  if (!main)
    return main.takeError();
  for (auto [argument, type] : llvm::zip_equal(main->getArguments(), types))
    argument.setType(type);
  main->setFunctionType(FunctionType::get(session.getContext(), types, main->getResultTypes()));
  // The model's nodes may contradict the shapes that the user chose.
  return runPasses(module, session, std::errc::invalid_argument, [](OpPassManager &passes) {
    passes.addNestedPass<func::FuncOp>(createBindShapesPass());
    passes.addNestedPass<func::FuncOp>(lower::createResolveSequences());
    // A body may depend on the types of its operands, and what it is made of has no types yet.
    passes.addPass(lower::createExpandFunctions());
    passes.addNestedPass<func::FuncOp>(createBindShapesPass());
  });
}

Error lowerToKernel(ModuleOp module, const ExecutionOptions &options, Session &session) {
  llvm::Expected<const Target *> target = findTarget(options.processor);
  if (!target)
    return target.takeError();
  DialectRegistry registry; // here and not in the session: verbs that only read and write models start faster
  registerCodegenDialects(registry);
  session.getContext()->appendDialectRegistry(registry);
  return runPasses(module, session, std::errc::not_supported, [&](OpPassManager &passes) {
    buildLowerPipeline(passes, {*target, options.winograd, options.strassen, options.precision == Precision::BF16});
  });
}

Error generateCode(ModuleOp module, const ExecutionOptions &options, Session &session) {
  llvm::Expected<const Target *> target = findTarget(options.processor);
  if (!target)
    return target.takeError();
  return runPasses(module, session, std::errc::state_not_recoverable, [&](PassManager &passes) {
    passes.enableVerifier(kVerifiesCode);
    buildCodegenPipeline(passes, *target);
  });
}

} // namespace bn::driver
