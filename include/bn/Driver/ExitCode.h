// ExitCode.h - what the program answers to its caller, and how an error becomes that answer.
// SPDX-License-Identifier: Apache-2.0
//
// Verbs return `Expected<ExitCode>`. The code of an error decides the exit code: bad_message is an invalid model,
// not_supported an operator, type or attribute that bn cannot handle, invalid_argument wrong usage,
// state_not_recoverable a defect of bn itself; any other code is the system's.

#ifndef BN_DRIVER_EXITCODE_H
#define BN_DRIVER_EXITCODE_H

#include "llvm/Support/Error.h"

namespace bn::driver {

/// The exit codes that scripts may rely on.
enum class ExitCode { Done = 0, Differs = 1, Usage = 2, System = 3, Invalid = 4, Unsupported = 5, Defect = 6 };

/// An error with this code and this message.
llvm::Error makeError(std::errc code, const llvm::Twine &message);

/// `error` with `context` and a colon before its message; its code stays.
llvm::Error addContext(llvm::Error error, const llvm::Twine &context);

/// The system's error about a file: "cannot <verb> '<path>': <why>".
llvm::Error makeFileError(llvm::StringRef verb, llvm::StringRef path, std::error_code code);

/// The exit code that stands for an error's code.
ExitCode getExitCode(std::error_code code);

/// Prints every error as a line `error: …` and returns the exit code of the first.
ExitCode report(llvm::Error error, llvm::raw_ostream &os);

} // namespace bn::driver

#endif // BN_DRIVER_EXITCODE_H
