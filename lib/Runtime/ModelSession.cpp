// ModelSession.cpp - a model's code with the memory and the threads that it runs on.
// SPDX-License-Identifier: Apache-2.0

#include "ModelSession.h"

#include <algorithm>
#include <utility>

using namespace bn;

ModelSession::ModelSession(Entry entry, size_t inputs, size_t outputs, bool hasStatus, Memory weights, Memory arena, unsigned threads)
    : entry(entry), inputs(inputs), outputs(outputs), weights(std::move(weights)), arena(std::move(arena)),
      pool(threads ? threads : std::max(1u, std::thread::hardware_concurrency())), arguments(inputs + outputs) {
  if (hasStatus)
    arguments.push_back(&status);
  arguments.insert(arguments.end(), {this->weights.data(), this->arena.data(), this});
}

int64_t ModelSession::run(const void *const *inputBuffers, void *const *outputBuffers, std::vector<LaunchTime> *launchTimes) {
  std::lock_guard lock(mutex);
  times = launchTimes;
  for (size_t i = 0; i < inputs; ++i)
    arguments[i] = const_cast<void *>(inputBuffers[i]); // the code only reads them
  std::copy_n(outputBuffers, outputs, arguments.begin() + inputs);
  entry(arguments.data());
  return status;
}

void ModelSession::launch(WorkerPool::Task task, void *context, int64_t chunks, int64_t number) {
  if (!times)
    return pool.parallelFor(task, context, chunks);
  auto begin = std::chrono::steady_clock::now();
  pool.parallelFor(task, context, chunks);
  times->push_back({number, begin, std::chrono::steady_clock::now()});
}

extern "C" void bn_parallel_for(void *session, WorkerPool::Task task, void *context, int64_t chunks, int64_t launch) {
  static_cast<ModelSession *>(session)->launch(task, context, chunks, launch);
}
