// Target.cpp - what the emitters know of a processor: the table of vector units.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Codegen/Target.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace bn;

// Widest first; the portable row is last.
static constexpr Target targets[] = {
    {"avx512f", 512, 32},
    {"avx2", 256, 16},
    {"neon", 128, 32},
    {"", 128, 16},
};

const Target &bn::hostTarget() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  for (const Target &target : targets)
    if (target.feature.empty() || features.lookup(target.feature))
      return target;
  return std::end(targets)[-1];
}

const Target &bn::targetOf(unsigned vectorBits) {
  for (const Target &target : targets)
    if (target.vectorBits == vectorBits)
      return target;
  return std::end(targets)[-1];
}
