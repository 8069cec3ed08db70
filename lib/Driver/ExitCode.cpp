// ExitCode.cpp - errors become messages and exit codes.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/ExitCode.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace bn::driver {

Error makeError(std::errc code, const Twine &message) { return createStringError(std::make_error_code(code), message); }

Error addContext(Error error, const Twine &context) {
  return handleErrors(std::move(error), [&](const ErrorInfoBase &info) {
    return createStringError(info.convertToErrorCode(), context + ": " + info.message());
  });
}

Error makeFileError(StringRef verb, StringRef path, std::error_code code) {
  // What the system calls an invalid argument is not the user's wrong usage.
  std::error_code shown = getExitCode(code) == ExitCode::System ? code : std::make_error_code(std::errc::io_error);
  return createStringError(shown, "cannot " + verb + " '" + path + "': " + code.message());
}

ExitCode getExitCode(std::error_code code) {
  if (code == std::errc::bad_message)
    return ExitCode::Invalid;
  if (code == std::errc::not_supported)
    return ExitCode::Unsupported;
  if (code == std::errc::invalid_argument)
    return ExitCode::Usage;
  if (code == std::errc::state_not_recoverable || code == inconvertibleErrorCode())
    return ExitCode::Defect;
  return ExitCode::System;
}

ExitCode report(Error error, raw_ostream &os) {
  ExitCode exitCode = ExitCode::Done;
  handleAllErrors(std::move(error), [&](const ErrorInfoBase &info) {
    if (exitCode == ExitCode::Done)
      exitCode = getExitCode(info.convertToErrorCode());
    os << "error: " << info.message() << '\n';
  });
  return exitCode;
}

} // namespace bn::driver
