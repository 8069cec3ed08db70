// JitCompiler.cpp - the llvm dialect made machine code for this machine.
// SPDX-License-Identifier: Apache-2.0
//
// The emitters leave little to optimize, so the pipeline is short: clean addresses, hoist what does not change, vectorize
// the scalar loops that are left.

#include "JitCompiler.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"

#include <system_error>

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

/// Translates to LLVM IR for the target and optimizes it.
static Expected<orc::ThreadSafeModule> translate(mlir::ModuleOp module, TargetMachine &machine) {
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  auto context = std::make_unique<LLVMContext>();
  std::unique_ptr<Module> code = mlir::translateModuleToLLVMIR(module, *context);
  if (!code)
    return createStringError(std::errc::invalid_argument, "expected a module in llvm form");
  code->setDataLayout(machine.createDataLayout());
  code->setTargetTriple(machine.getTargetTriple());
  for (Function &function : *code) {
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
    function.addFnAttr("prefer-vector-width", "512");
  }
  if (Error error = optimize(*code, machine))
    return error;
  return orc::ThreadSafeModule(std::move(code), std::move(context));
}

Expected<std::unique_ptr<orc::LLJIT>> bn::compileModule(mlir::ModuleOp module, ArrayRef<HostSymbol> symbols) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  Expected<orc::JITTargetMachineBuilder> host = orc::JITTargetMachineBuilder::detectHost();
  if (!host)
    return host.takeError();
  host->setCodeGenOptLevel(CodeGenOptLevel::Default);
  Expected<std::unique_ptr<TargetMachine>> machine = host->createTargetMachine();
  if (!machine)
    return machine.takeError();
  Expected<orc::ThreadSafeModule> code = translate(module, **machine);
  if (!code)
    return code.takeError();
  Expected<std::unique_ptr<orc::LLJIT>> jit = orc::LLJITBuilder().setJITTargetMachineBuilder(*host).create();
  if (!jit)
    return jit.takeError();
  orc::SymbolMap map;
  for (const HostSymbol &symbol : symbols)
    map[(*jit)->mangleAndIntern(symbol.name)] = {orc::ExecutorAddr::fromPtr(symbol.address), JITSymbolFlags::Exported};
  if (Error error = (*jit)->getMainJITDylib().define(orc::absoluteSymbols(std::move(map))))
    return error;
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess((*jit)->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  (*jit)->getMainJITDylib().addGenerator(std::move(*process));
  if (Error error = (*jit)->addIRModule(std::move(*code)))
    return error;
  return jit;
}
