// WorkerPool.h - the threads that share a model's parallel loops.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_WORKERPOOL_H
#define BN_RUNTIME_WORKERPOOL_H

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace bn {

/// Runs the chunks of one task at a time on the caller and on workers. Workers spin for a moment after a task, as the next one
/// usually follows within microseconds, and sleep then.
class WorkerPool {
public:
  using Task = void (*)(void *context, int64_t chunk);

  /// `threads` counts the caller.
  explicit WorkerPool(unsigned threads);
  ~WorkerPool();

  /// Runs task(context, chunk) for each chunk below `chunks`, at most 2³²−1, and returns when all are done.
  void parallelFor(Task task, void *context, int64_t chunks);

private:
  void work();
  bool runOne();

  // The generation of the task in the upper half, chunks that nobody has taken in the lower: a chunk is taken by a
  // compare-and-swap of both, so a worker that is late for one task cannot take a chunk of the next by mistake.
  std::atomic<uint64_t> ticket{0};
  std::atomic<uint32_t> done{0};
  std::atomic<uint32_t> wakeups{0};
  std::atomic<bool> stopping{false};
  std::atomic<Task> task{nullptr};
  std::atomic<void *> context{nullptr};
  std::vector<std::thread> workers;
};

} // namespace bn

#endif // BN_RUNTIME_WORKERPOOL_H
