// Profile.h - what took how long in a run.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_PROFILE_H
#define BN_DRIVER_PROFILE_H

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bn::driver {

struct ProfileEvent {
  std::string nodes;      ///< what was computed
  bool onHost = false;    ///< in the interpreter, for want of a kernel
  int64_t flops = 0;      ///< floating-point operations, a fused multiply-add counting as two; unknown on the host
  int64_t bytes = 0;      ///< size of the buffers that were read and written; unknown on the host
  std::chrono::steady_clock::time_point begin, end;
};

/// In the order in which the events ended.
using Profile = std::vector<ProfileEvent>;

} // namespace bn::driver

#endif // BN_DRIVER_PROFILE_H
