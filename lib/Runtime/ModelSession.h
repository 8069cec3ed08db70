// ModelSession.h - a model's code with the memory and the threads that it runs on.
// SPDX-License-Identifier: Apache-2.0
//
// Free of LLVM: a part of every compiled library.

#ifndef BN_RUNTIME_MODELSESSION_H
#define BN_RUNTIME_MODELSESSION_H

#include "Memory.h"
#include "WorkerPool.h"
#include "bn/Runtime/LaunchTime.h"

#include <mutex>

namespace bn {

/// Runs a model. Calls from several threads run one after the other: they share the arena and the workers. Two sessions,
/// of one model or of two, run side by side.
class ModelSession {
public:
  /// The code, see IR/Kernel/ModuleAttributes.h.
  using Entry = void (*)(void **arguments);

  /// `threads` counts the caller; 0 is one per core. `hasStatus`: the code says whether its inputs are what it expects.
  ModelSession(Entry entry, size_t inputs, size_t outputs, bool hasStatus, Memory weights, Memory arena, unsigned threads);

  /// Buffers are row-major, as many as the model has inputs and outputs. `times` takes the launches, unless it is null.
  /// 0, or the number of the check that failed.
  int64_t run(const void *const *inputs, void *const *outputs, std::vector<LaunchTime> *times = nullptr);

  /// Shares a loop of the running code.
  void launch(WorkerPool::Task task, void *context, int64_t chunks, int64_t number);

private:
  Entry entry;
  size_t inputs, outputs;
  int64_t status = 0;
  Memory weights, arena;
  WorkerPool pool;
  std::mutex mutex;
  std::vector<LaunchTime> *times = nullptr;
  std::vector<void *> arguments; ///< inputs and outputs, then what stays: status, weights, arena, session
};

} // namespace bn

/// What the code calls to share a loop; the session is an argument of the entry.
extern "C" void bn_parallel_for(void *session, bn::WorkerPool::Task task, void *context, int64_t chunks, int64_t launch);

#endif // BN_RUNTIME_MODELSESSION_H
