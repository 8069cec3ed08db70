// MachinePeak.h - what this machine can do at most.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_MACHINEPEAK_H
#define BN_LIB_DRIVER_MACHINEPEAK_H

#include "bn/Driver/Session.h"

namespace bn::driver {

struct MachinePeak {
  double flops = 0;     ///< single-precision operations per second in fused multiply-adds on registers
  double copyBytes = 0; ///< bytes per second, read and written, of a copy that fits no cache
};

/// Measures on so many threads, for about half a second.
llvm::Expected<MachinePeak> measurePeak(unsigned threads, Session &session);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_MACHINEPEAK_H
