// Target.h - what the emitters know of a processor: the table of vector units.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_TARGET_H
#define BN_CODEGEN_TARGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace bn {

/// One kind of vector unit. A new one is a row of the table.
struct Target {
  llvm::StringLiteral feature; ///< LLVM's name of the processor's feature; empty for the portable row
  unsigned vectorBits, registers;
  llvm::StringLiteral byteDot = ""; ///< LLVM's intrinsic that multiplies unsigned bytes by signed ones and adds each four to an i32, if any
  llvm::StringLiteral bfloatDot = ""; ///< LLVM's intrinsic that multiplies bf16 and adds each two to an f32, if any
};

/// The widest vectors of the processor that this program runs on.
const Target &hostTarget();

/// The row for a processor by LLVM's name, as `x86-64-v3` or `skylake-avx512`; empty is this machine's. Errors: `invalid_argument` for a
/// name that LLVM does not know for this machine's architecture.
llvm::Expected<const Target *> findTarget(llvm::StringRef processor);

/// Errors: `invalid_argument` where this machine cannot run code for the processor.
llvm::Error checkRunsHere(llvm::StringRef processor);

/// The row for vectors of so many bits and no more, the portable one if there is none.
const Target &targetOf(unsigned vectorBits);

} // namespace bn

#endif // BN_CODEGEN_TARGET_H
