// Session.h - one run of a verb: the MLIR context with the dialects of graph form, and its diagnostics.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_SESSION_H
#define BN_DRIVER_SESSION_H

#include "bn/Driver/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

namespace bn::driver {

class Session {
public:
  Session();

  mlir::MLIRContext *getContext() { return &context; }
  Diagnostics &getDiagnostics() { return diagnostics; }

private:
  mlir::MLIRContext context;
  Diagnostics diagnostics;
};

} // namespace bn::driver

#endif // BN_DRIVER_SESSION_H
