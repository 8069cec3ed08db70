// JitCompiler.h - the llvm dialect made machine code for this machine.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_JITCOMPILER_H
#define BN_RUNTIME_JITCOMPILER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"

namespace bn {

/// A function of this program that the code may call.
struct HostSymbol {
  llvm::StringRef name;
  void *address;
};

/// Compiles a module of functions of the llvm dialect on so many threads. The code may call `symbols` and the C library.
llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> compileModule(mlir::ModuleOp module, llvm::ArrayRef<HostSymbol> symbols,
                                                                unsigned threads);

} // namespace bn

#endif // BN_RUNTIME_JITCOMPILER_H
