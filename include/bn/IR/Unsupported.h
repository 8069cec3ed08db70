// Unsupported.h - tells an error that is ours, something that we cannot do, from one that is in the model or its inputs.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_UNSUPPORTED_H
#define BN_IR_UNSUPPORTED_H

#include "mlir/IR/Diagnostics.h"

namespace bn {

/// Marks an error as something that we cannot do.
inline mlir::InFlightDiagnostic markUnsupported(mlir::InFlightDiagnostic error) {
  error.getUnderlyingDiagnostic()->getMetadata().push_back(mlir::DiagnosticArgument(llvm::StringRef("unsupported")));
  return error;
}

/// Whether an error is marked.
inline bool isUnsupported(mlir::Diagnostic &error) { return !error.getMetadata().empty(); }

} // namespace bn

#endif // BN_IR_UNSUPPORTED_H
