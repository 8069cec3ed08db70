// Target.cpp - what the emitters know of a processor: the table of vector units.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Codegen/Target.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

#include <system_error>

using namespace bn;
using llvm::Error;
using llvm::Expected;

// Widest first, then what has more instructions; the portable row is last.
static constexpr Target targets[] = {
    {"avx512bf16", 512, 32, "llvm.x86.avx512.vpdpbusd.512", "llvm.x86.avx512bf16.dpbf16ps.512"},
    {"avx512vnni", 512, 32, "llvm.x86.avx512.vpdpbusd.512"},
    {"avx512f", 512, 32},
    {"avxvnni", 256, 16, "llvm.x86.avx512.vpdpbusd.256"},
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

/// The features of a processor of this machine's architecture.
static Expected<llvm::StringSet<>> getFeatures(llvm::StringRef processor) {
  llvm::InitializeNativeTarget();
  llvm::Triple triple(llvm::sys::getProcessTriple());
  std::string message;
  const llvm::Target *architecture = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!architecture)
    return llvm::createStringError(std::errc::not_supported, message.c_str());
  auto describe = [&](llvm::StringRef name) {
    return std::unique_ptr<llvm::MCSubtargetInfo>(architecture->createMCSubtargetInfo(triple, name, /*Features=*/""));
  };
  if (!describe("")->isCPUStringValid(processor))
    return llvm::createStringError(std::errc::invalid_argument, "expected a processor that LLVM knows, as 'x86-64-v3', got '%s'",
                                   processor.str().c_str());
  llvm::StringSet<> features;
  for (const llvm::SubtargetFeatureKV &feature : describe(processor)->getEnabledProcessorFeatures())
    features.insert(feature.Key);
  return features;
}

Expected<const Target *> bn::findTarget(llvm::StringRef processor) {
  if (processor.empty())
    return &hostTarget();
  Expected<llvm::StringSet<>> features = getFeatures(processor);
  if (!features)
    return features.takeError();
  return llvm::find_if(targets, [&](const Target &target) { return target.feature.empty() || features->contains(target.feature); });
}

Error bn::checkRunsHere(llvm::StringRef processor) {
  if (processor.empty())
    return Error::success();
  Expected<llvm::StringSet<>> features = getFeatures(processor);
  if (!features)
    return features.takeError();
  llvm::SmallVector<llvm::StringRef> missing;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    if (!feature.getValue() && features->contains(feature.getKey()))
      missing.push_back(feature.getKey());
  if (missing.empty())
    return Error::success();
  llvm::sort(missing);
  return llvm::createStringError(std::errc::invalid_argument, "this machine cannot run code for '%s': it has no %s",
                                 processor.str().c_str(), llvm::join(missing, ", ").c_str());
}

const Target &bn::targetOf(unsigned vectorBits) {
  for (const Target &target : targets)
    if (target.vectorBits == vectorBits && target.byteDot.empty())
      return target;
  return std::end(targets)[-1];
}
