// Session.h - one run of a verb: the MLIR context with the dialects of graph form, and its diagnostics.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_SESSION_H
#define BN_DRIVER_SESSION_H

#include "bn/Driver/Diagnostics.h"
#include "bn/Driver/Profile.h"
#include "mlir/IR/MLIRContext.h"

#include <map>
#include <string>
#include <vector>

namespace bn::driver {

class Session {
public:
  Session();

  mlir::MLIRContext *getContext() { return &context; }
  Diagnostics &getDiagnostics() { return diagnostics; }

  /// Remembers that the interpreter runs a node, and why.
  void noteInterpreted(llvm::StringRef node, llvm::StringRef reason);
  /// Says which nodes the interpreter ran, a line for each reason.
  void printNotes(llvm::raw_ostream &os) const;

  /// Where executions note what takes how long; null while nobody wants to know.
  Profile *getProfile() { return profile; }
  void setProfile(Profile *newProfile) { profile = newProfile; }

private:
  mlir::MLIRContext context;
  Diagnostics diagnostics;
  std::map<std::string, std::vector<std::string>> interpreted; ///< nodes by reason
  Profile *profile = nullptr;
};

} // namespace bn::driver

#endif // BN_DRIVER_SESSION_H
