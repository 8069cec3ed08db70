// Program.h - what a layer needs from an engine: a function of tensors, made from a module in graph form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LAYERS_PROGRAM_H
#define BN_LAYERS_PROGRAM_H

#include "bn/IR/HostTensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <memory>

namespace bn::layers {

/// The only function of a module, ready to run.
class Program {
public:
  virtual ~Program() = default;
  virtual llvm::Expected<std::vector<HostTensor>> run(llvm::ArrayRef<HostTensor> inputs) = 0;
};

/// Makes a program of a module with static shapes.
using Compiler = std::function<llvm::Expected<std::unique_ptr<Program>>(mlir::OwningOpRef<mlir::ModuleOp> module)>;

} // namespace bn::layers

#endif // BN_LAYERS_PROGRAM_H
