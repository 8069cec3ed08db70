// OutputFile.cpp - what a verb writes.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/OutputFile.h"

#include "bn/Driver/ExitCode.h"
#include "bn/Onnx/OutputFile.h"

using namespace llvm;

namespace bn::driver {

bool isStream(StringRef path) { return path == "-" || onnx::isSpecialFile(path); }

Error writeFile(StringRef path, function_ref<void(raw_ostream &)> write) {
  if (path != "-")
    return onnx::writeWhole(path, /*size=*/0, write);
  write(outs());
  outs().flush(); // a full disk or a closed pipe shows up late
  std::error_code failure = outs().error();
  outs().clear_error(); // a stream that dies with an error aborts the program
  return failure ? makeFileError("write", "stdout", failure) : Error::success();
}

} // namespace bn::driver
