// WorkerPool.h - the threads that share a model's parallel loops.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_RUNTIME_WORKERPOOL_H
#define BN_RUNTIME_WORKERPOOL_H

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace bn {

/// Runs the chunks of one task at a time on the caller and on workers. Each thread begins with its own share of them, the same part of
/// every task, since what one task wrote the next one reads, and then helps the others. Workers spin for a moment after a task, as the
/// next one usually follows within microseconds, and sleep then.
class WorkerPool {
public:
  using Task = void (*)(void *context, int64_t chunk);

  /// `threads` counts the caller.
  explicit WorkerPool(unsigned threads);
  ~WorkerPool();

  /// Runs task(context, chunk) for each chunk below `chunks`, at most 2³²−1, and returns when all are done.
  void parallelFor(Task task, void *context, int64_t chunks);

private:
  /// Consecutive chunks: the generation of the task in the upper half, how many nobody has taken in the lower. A chunk is taken by a
  /// compare-and-swap of both, so a worker that is late for one task cannot take a chunk of the next by mistake.
  struct alignas(64) Share {
    std::atomic<uint64_t> ticket{0};
  };

  void work(size_t thread);
  bool runOne(size_t thread);
  bool runOneOf(size_t share);
  /// The first chunk of a share.
  int64_t firstOf(size_t share) const { return chunks.load(std::memory_order_relaxed) * share / shares.size(); }

  std::vector<Share> shares; ///< one for each thread; the caller's is the first
  std::atomic<int64_t> chunks{0};
  std::atomic<uint32_t> done{0};
  std::atomic<uint32_t> wakeups{0};
  std::atomic<bool> stopping{false};
  std::atomic<Task> task{nullptr};
  std::atomic<void *> context{nullptr};
  std::vector<std::thread> workers;
};

} // namespace bn

#endif // BN_RUNTIME_WORKERPOOL_H
