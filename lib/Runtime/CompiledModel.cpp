// CompiledModel.cpp - the llvm dialect made machine code.
// SPDX-License-Identifier: Apache-2.0
//
// The module is cut into as many parts as there are threads, and they are compiled at once.
// The emitters leave little to optimize, so the pipeline is short: clean addresses, hoist what does not change, vectorize
// the scalar loops that are left.

#include "bn/Runtime/CompiledModel.h"
#include "ModuleParts.h"
#include "Plan.h"

#include "mlir/IR/Threading.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/CompileUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"

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

namespace {
/// A part of the module on its way to machine code; LLVM's contexts are not shared between threads.
struct Part {
  std::unique_ptr<LLVMContext> context = std::make_unique<LLVMContext>();
  std::unique_ptr<Module> code;
  Expected<std::unique_ptr<MemoryBuffer>> object = nullptr;
};
} // namespace

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

/// Optimizes a part and makes it machine code.
static Expected<std::unique_ptr<MemoryBuffer>> compilePart(Part &part, orc::JITTargetMachineBuilder target) {
  Expected<std::unique_ptr<TargetMachine>> machine = target.createTargetMachine();
  if (!machine)
    return machine.takeError();
  if (Error error = optimize(*part.code, **machine))
    return error;
  return orc::SimpleCompiler(**machine)(*part.code);
}

/// Translates the module in parts and compiles them at once, each on a thread.
static Expected<std::vector<Part>> compileParts(mlir::ModuleOp module, unsigned threads, const orc::JITTargetMachineBuilder &target) {
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  Expected<std::unique_ptr<TargetMachine>> machine = orc::JITTargetMachineBuilder(target).createTargetMachine();
  if (!machine)
    return machine.takeError();
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> pieces = bn::splitModule(module, threads);
  std::vector<Part> parts(pieces.size());
  auto translatePart = [&](size_t i) {
    parts[i].code = translate(*pieces[i], *parts[i].context, **machine);
    pieces[i] = nullptr;
    return mlir::success(parts[i].code != nullptr);
  };
  if (failed(mlir::failableParallelForEach(module.getContext(), llvm::seq(pieces.size()), translatePart)))
    return createStringError(std::errc::invalid_argument, "expected a module in llvm form");
  std::vector<std::thread> workers;
  for (Part &part : parts)
    workers.emplace_back([&part, &target] { part.object = compilePart(part, target); });
  for (std::thread &worker : workers)
    worker.join();
  return parts;
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
  Expected<std::vector<Part>> parts = compileParts(module, threads ? threads : std::thread::hardware_concurrency(), *target);
  if (!parts)
    return parts.takeError();
  Error errors = Error::success();
  for (Part &part : *parts)
    if (part.object)
      model.objects.push_back(std::move(*part.object));
    else
      errors = joinErrors(std::move(errors), part.object.takeError());
  if (errors)
    return errors;
  return model;
}
