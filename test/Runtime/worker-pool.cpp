// worker-pool.cpp - every chunk of every loop runs once, and the loop waits for all of them.
// SPDX-License-Identifier: Apache-2.0

#include "WorkerPool.h"
#include "gtest/gtest.h"

using bn::WorkerPool;

namespace {
struct Counters {
  std::vector<std::atomic<int>> runs;
  explicit Counters(size_t chunks) : runs(chunks) {}
};

void count(void *context, int64_t chunk) { static_cast<Counters *>(context)->runs[chunk].fetch_add(1); }
} // namespace

class WorkerPoolTest : public testing::TestWithParam<unsigned> {};

TEST_P(WorkerPoolTest, runs_each_chunk_once) {
  WorkerPool pool(GetParam());
  for (int loop = 0; loop < 2000; ++loop) {
    Counters counters(1 + loop % 37);
    pool.parallelFor(count, &counters, counters.runs.size());
    for (auto &runs : counters.runs)
      ASSERT_EQ(runs.load(), 1) << "loop " << loop;
  }
}

TEST_P(WorkerPoolTest, wakes_sleeping_workers) {
  WorkerPool pool(GetParam());
  for (int loop = 0; loop < 5; ++loop) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    Counters counters(7);
    pool.parallelFor(count, &counters, 7);
    for (auto &runs : counters.runs)
      ASSERT_EQ(runs.load(), 1);
  }
}

TEST_P(WorkerPoolTest, runs_nothing_for_no_chunks) {
  WorkerPool pool(GetParam());
  pool.parallelFor(count, nullptr, 0);
}

// Two chunks that wait for each other are run by two threads at once. Either may help itself to the other's, but seldom does.
TEST(WorkerPoolShares, each_thread_begins_with_its_own) {
  struct Loop {
    std::atomic<int> arrived{0};
    std::thread::id first;
  };
  WorkerPool pool(2);
  int own = 0;
  constexpr int loops = 100;
  for (int i = 0; i < loops; ++i) {
    Loop loop;
    auto meet = [](void *context, int64_t chunk) {
      auto &loop = *static_cast<Loop *>(context);
      if (chunk == 0)
        loop.first = std::this_thread::get_id();
      for (loop.arrived.fetch_add(1); loop.arrived.load() < 2;)
        std::this_thread::yield();
    };
    pool.parallelFor(meet, &loop, 2);
    own += loop.first == std::this_thread::get_id();
  }
  EXPECT_GT(own, loops / 2);
}

INSTANTIATE_TEST_SUITE_P(Threads, WorkerPoolTest, testing::Values(1, 2, 5));
