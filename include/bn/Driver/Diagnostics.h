// Diagnostics.h - MLIR's diagnostics in the words of the model: nodes and ONNX operators.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_DIAGNOSTICS_H
#define BN_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace bn::driver {

/// Collects the errors of a context until the driver knows what they mean for the exit code; prints warnings at once.
class Diagnostics {
public:
  explicit Diagnostics(mlir::MLIRContext *context);

  /// Remembers the operator of every node, for messages that come when the node itself has been rewritten.
  void learnNodes(mlir::ModuleOp module);

  /// The errors since the last call, each once, with this code or as unsupported where they say so; `fallback` where none was given.
  llvm::Error takeErrors(std::errc code, llvm::StringRef fallback);

private:
  mlir::LogicalResult handle(mlir::Diagnostic &diagnostic);
  std::string format(mlir::Diagnostic &diagnostic) const;

  llvm::StringMap<std::string> operators; ///< node name to operator
  llvm::SmallVector<std::pair<std::string, bool>> errors; ///< whether each means something unsupported
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace bn::driver

#endif // BN_DRIVER_DIAGNOSTICS_H
