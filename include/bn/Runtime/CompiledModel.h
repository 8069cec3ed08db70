// CompiledModel.h - a model as machine code, before it is loaded or written.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_COMPILEDMODEL_H
#define BN_RUNTIME_COMPILEDMODEL_H

#include "bn/IR/Kernel/LaunchTable.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace bn {

/// Machine code, and what running it takes.
struct CompiledModel {
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> objects; ///< position-independent object files with the entry `bn_run`
  size_t inputs = 0, outputs = 0;                           ///< numbers of buffers
  size_t arenaSize = 0;                                     ///< bytes of working memory
  size_t weightsSize = 0;                                   ///< bytes of packed weights
  std::vector<std::string> checks;                          ///< messages; with any, there is one more buffer, see `kernel.checks`
  std::vector<kernel::LaunchInfo> launches;                 ///< what `LaunchTime::launch` counts
  llvm::SmallVector<mlir::RankedTensorType> outputTypes;    ///< where who compiled it has set them
  const llvm::MemoryBuffer *file = nullptr;                 ///< where the weights stand, if that is a file; they own it
  mlir::ArrayAttr weights;                                  ///< the weights, as `kernel.weights` of the module has them
};

/// Compiles a module in llvm form (see Pipelines.h), which loses its functions, on so many threads; 0 is one per core. `processor` is the
/// name by which LLVM knows the one that the module was made for; empty is this machine's.
llvm::Expected<CompiledModel> compileModel(mlir::ModuleOp llvmForm, unsigned threads, llvm::StringRef processor = "");

/// Where weights stand in a file already.
using WeightPlaces = llvm::DenseMap<mlir::Attribute, uint64_t>;

/// Writes a compiled model, but for those weights, into the same file behind them; `context` is theirs.
void writeCompiledModel(const CompiledModel &model, const WeightPlaces &places, mlir::MLIRContext *context, llvm::raw_ostream &os);

/// Reads one that this program wrote on a machine of this kind. The context keeps what the model refers to.
llvm::Expected<CompiledModel> readCompiledModel(std::unique_ptr<llvm::MemoryBuffer> file, mlir::MLIRContext *context);

} // namespace bn

#endif // BN_RUNTIME_COMPILEDMODEL_H
