// LaunchTime.h - when a shared loop of a model ran.
// SPDX-License-Identifier: Apache-2.0
//
// Free of LLVM.

#ifndef BN_RUNTIME_LAUNCHTIME_H
#define BN_RUNTIME_LAUNCHTIME_H

#include <chrono>
#include <cstdint>

namespace bn {

struct LaunchTime {
  int64_t launch; ///< index into the model's table of launches
  std::chrono::steady_clock::time_point begin, end;
};

} // namespace bn

#endif // BN_RUNTIME_LAUNCHTIME_H
