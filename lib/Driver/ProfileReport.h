// ProfileReport.h - a profile for people and for scripts.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_PROFILEREPORT_H
#define BN_LIB_DRIVER_PROFILEREPORT_H

#include "MachinePeak.h"
#include "llvm/Support/JSON.h"

namespace bn::driver {

/// What a node, or nodes that were fused, took in a run.
struct ProfileRow {
  std::string nodes;
  bool onHost = false;
  double milliseconds = 0;
  int64_t flops = 0, bytes = 0;
};

/// The events of one run by node, the longest first.
std::vector<ProfileRow> summarize(const Profile &profile);

/// A table of the rows with their share of `milliseconds`, the time of a whole run.
void printProfile(llvm::ArrayRef<ProfileRow> rows, double milliseconds, const MachinePeak &peak, llvm::raw_ostream &os);

/// The rows and the peak as attributes of an open object.
void writeProfile(llvm::ArrayRef<ProfileRow> rows, const MachinePeak &peak, llvm::json::OStream &json);

/// The events in the format of Chrome's tracing view, which Perfetto reads as well.
llvm::Error writeTrace(const Profile &profile, llvm::StringRef path);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_PROFILEREPORT_H
