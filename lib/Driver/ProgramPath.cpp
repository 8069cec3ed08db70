// ProgramPath.cpp - where the running program lies.
// SPDX-License-Identifier: Apache-2.0

#include "ProgramPath.h"

#include "llvm/Support/FileSystem.h"

std::string bn::driver::getProgramPath() {
  static const int anchor = 0; // something of the program, for systems that ask the loader
  return llvm::sys::fs::getMainExecutable("bn", const_cast<int *>(&anchor));
}
