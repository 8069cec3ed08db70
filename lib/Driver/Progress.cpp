// Progress.cpp - what long work is at, on a terminal only.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Progress.h"

#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

namespace bn::driver {

/// Returns the cursor to the first column and clears the line.
static constexpr llvm::StringLiteral clearLine = "\r\x1b[2K";

Progress::Progress(bool quiet) : visible(!quiet && llvm::sys::Process::StandardErrIsDisplayed()) {}

Progress::~Progress() {
  if (visible)
    llvm::errs() << clearLine;
}

void Progress::show(const llvm::Twine &text) {
  constexpr size_t width = 79;
  if (visible)
    llvm::errs() << clearLine << llvm::StringRef(text.str()).take_front(width);
}

} // namespace bn::driver
