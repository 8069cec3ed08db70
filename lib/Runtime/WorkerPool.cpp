// WorkerPool.cpp - the threads that share a model's parallel loops.
// SPDX-License-Identifier: Apache-2.0

#include "WorkerPool.h"

#include <algorithm>
#include <chrono>

using namespace bn;

/// How long a worker looks for the next task before it sleeps; waking it costs about as much.
static constexpr std::chrono::microseconds kSpin{100};
/// Looks at the ticket between two looks at the clock.
static constexpr int kLooks = 64;

static void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

WorkerPool::WorkerPool(unsigned threads) : shares(std::max(threads, 1u)) {
  for (unsigned i = 1; i < threads; ++i)
    workers.emplace_back([this, i] { work(i); });
}

WorkerPool::~WorkerPool() {
  stopping = true;
  wakeups.fetch_add(1);
  wakeups.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

/// Takes and runs one chunk of a share; false if none is left.
bool WorkerPool::runOneOf(size_t share) {
  std::atomic<uint64_t> &ticket = shares[share].ticket;
  uint64_t seen = ticket.load(std::memory_order_acquire);
  while (static_cast<uint32_t>(seen) != 0) {
    if (!ticket.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, std::memory_order_acquire))
      continue;
    // The task cannot end, nor the next begin, before this chunk is done.
    task.load(std::memory_order_relaxed)(context.load(std::memory_order_relaxed), firstOf(share + 1) - static_cast<uint32_t>(seen));
    done.fetch_add(1, std::memory_order_release);
    return true;
  }
  return false;
}

/// Takes and runs one chunk of the thread's own share, or of another's; false if none is left.
bool WorkerPool::runOne(size_t thread) {
  for (size_t i = 0; i < shares.size(); ++i)
    if (runOneOf((thread + i) % shares.size()))
      return true;
  return false;
}

void WorkerPool::work(size_t thread) {
  while (!stopping) {
    uint32_t before = wakeups.load();
    auto limit = std::chrono::steady_clock::now() + kSpin;
    bool worked = false;
    do {
      for (int look = 0; look < kLooks && !worked; ++look) {
        worked = runOne(thread);
        if (!worked)
          relax();
      }
    } while (!worked && std::chrono::steady_clock::now() < limit);
    if (!worked)
      wakeups.wait(before);
  }
}

void WorkerPool::parallelFor(Task newTask, void *newContext, int64_t newChunks) {
  if (workers.empty() || newChunks <= 1) {
    for (int64_t chunk = 0; chunk < newChunks; ++chunk)
      newTask(newContext, chunk);
    return;
  }
  task.store(newTask, std::memory_order_relaxed);
  context.store(newContext, std::memory_order_relaxed);
  done.store(0, std::memory_order_relaxed);
  chunks.store(newChunks, std::memory_order_relaxed);
  uint64_t generation = (shares[0].ticket.load(std::memory_order_relaxed) >> 32) + 1;
  for (size_t i = shares.size(); i-- > 0;) // this thread's last: the others are looking for theirs already
    shares[i].ticket.store(generation << 32 | (firstOf(i + 1) - firstOf(i)), std::memory_order_release);
  wakeups.fetch_add(1);
  wakeups.notify_all();
  while (runOne(/*thread=*/0)) {
  }
  auto limit = std::chrono::steady_clock::now() + kSpin;
  for (int look = 0; done.load(std::memory_order_acquire) != newChunks; ++look) {
    relax();
    // A worker whose core was taken away finishes only when this thread lets it.
    if (look % kLooks == kLooks - 1 && std::chrono::steady_clock::now() > limit)
      std::this_thread::yield();
  }
}
