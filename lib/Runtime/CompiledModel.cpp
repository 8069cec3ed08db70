// CompiledModel.cpp - the llvm dialect made machine code.
// SPDX-License-Identifier: Apache-2.0
//
// The module is cut into parts, which threads compile one after the other.
// The emitters leave little to optimize, so the pipeline is short: clean addresses, hoist what does not change, vectorize
// the scalar loops that are left.

#include "bn/Runtime/CompiledModel.h"
#include "ModuleParts.h"
#include "Plan.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/CompileUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"

#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

using namespace llvm;

static constexpr StringLiteral kPasses =
    "function(sroa,early-cse,instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(licm),loop-simplify,lcssa,loop-vectorize,"
    "instcombine<no-verify-fixpoint>,simplifycfg,early-cse,loop-mssa(licm))";

static Error optimize(Module &module, TargetMachine &machine) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager passes;
  if (Error error = builder.parsePassPipeline(passes, kPasses))
    return error;
  passes.run(module, modules);
  return Error::success();
}

/// Translates to LLVM IR.
static std::unique_ptr<Module> translate(mlir::ModuleOp module, LLVMContext &context, TargetMachine &machine) {
  std::unique_ptr<Module> code = mlir::translateModuleToLLVMIR(module, context);
  if (!code)
    return nullptr;
  code->setDataLayout(machine.createDataLayout());
  code->setTargetTriple(machine.getTargetTriple());
  for (Function &function : *code) {
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
    function.addFnAttr("prefer-vector-width", "512");
  }
  return code;
}

/// Makes a part machine code. LLVM's form of it is in memory meanwhile, and the llvm dialect's no longer.
static Expected<std::unique_ptr<MemoryBuffer>> compilePart(mlir::OwningOpRef<mlir::ModuleOp> part, TargetMachine &machine) {
  LLVMContext context; // they are not shared between threads
  std::unique_ptr<Module> code = translate(*part, context, machine);
  part = nullptr;
  if (!code)
    return createStringError(std::errc::invalid_argument, "expected a module in llvm form");
  if (Error error = optimize(*code, machine))
    return error;
  return orc::SimpleCompiler(machine)(*code);
}

namespace {
/// The parts of a module, which threads take one after the other, and their machine code.
class Parts {
public:
  Parts(mlir::ModuleOp module, unsigned count) : sources(bn::splitModule(module, count)), objects(sources.size()) {}

  /// Compiles parts until none is left.
  Error compile(orc::JITTargetMachineBuilder target) {
    Expected<std::unique_ptr<TargetMachine>> machine = target.createTargetMachine();
    if (!machine)
      return machine.takeError();
    for (size_t i; (i = next++) < sources.size();) {
      Expected<std::unique_ptr<MemoryBuffer>> object = compilePart(std::move(sources[i]), **machine);
      if (!object)
        return object.takeError();
      objects[i] = std::move(*object);
    }
    return Error::success();
  }

  std::vector<std::unique_ptr<MemoryBuffer>> takeObjects() { return std::move(objects); }

private:
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> sources;
  std::vector<std::unique_ptr<MemoryBuffer>> objects;
  std::atomic<size_t> next{0};
};
} // namespace

/// Compiles the module in parts, several for each thread: what LLVM needs for one is in memory as long as that takes, and the threads end
/// together. A context that is not made for threads gets one.
static Expected<std::vector<std::unique_ptr<MemoryBuffer>>> compileParts(mlir::ModuleOp module, unsigned threads,
                                                                         const orc::JITTargetMachineBuilder &target) {
  constexpr unsigned partsPerThread = 8;
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  if (!module.getContext()->isMultithreadingEnabled())
    threads = 1;
  Parts parts(module, threads * partsPerThread);
  Error errors = Error::success();
  std::mutex mutex;
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i)
    workers.emplace_back([&] {
      Error error = parts.compile(target);
      std::lock_guard lock(mutex);
      errors = joinErrors(std::move(errors), std::move(error));
    });
  for (std::thread &worker : workers)
    worker.join();
  if (errors)
    return errors;
  return parts.takeObjects();
}

Expected<bn::CompiledModel> bn::compileModel(mlir::ModuleOp module, unsigned threads, StringRef processor) {
  CompiledModel model;
  if (Error error = readPlan(module, model))
    return error;
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  Expected<orc::JITTargetMachineBuilder> target = orc::JITTargetMachineBuilder::detectHost();
  if (!target)
    return target.takeError();
  if (!processor.empty())
    target->setCPU(processor.str()).getFeatures() = SubtargetFeatures();
  target->setCodeGenOptLevel(CodeGenOptLevel::Default);
  target->setRelocationModel(Reloc::PIC_);
  // For code that is compiled in memory LLVM assumes constants beyond 2 GiB, whose addresses take registers; ours are beside the code.
  target->setCodeModel(CodeModel::Small);
  auto objects = compileParts(module, threads ? threads : std::thread::hardware_concurrency(), *target);
  if (!objects)
    return objects.takeError();
  model.objects = std::move(*objects);
  return model;
}
