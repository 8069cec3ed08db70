// ProcessPool.h - work in processes of its own, which may crash or hang without harm.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_PROCESSPOOL_H
#define BN_LIB_DRIVER_PROCESSPOOL_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstddef>
#include <string>

namespace bn::driver {

/// How a piece of work ended: `answer` is what it returned; otherwise `failure` says how its process died.
struct WorkResult {
  std::string answer, failure;
};

/// Runs `work(0..count-1)` in child processes, `jobs` at once and `timeout` seconds each at most, and hands every result to `done` as
/// it comes. The calling process must not have started a thread.
void runInProcesses(size_t count, unsigned jobs, unsigned timeout, llvm::function_ref<std::string(size_t)> work,
                    llvm::function_ref<void(size_t, WorkResult)> done);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_PROCESSPOOL_H
