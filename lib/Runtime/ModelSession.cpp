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
  arguments.insert(arguments.end(), {this->weights.data(), this->arena.data(), &pool});
}

int64_t ModelSession::run(const void *const *inputBuffers, void *const *outputBuffers) {
  std::lock_guard lock(mutex);
  for (size_t i = 0; i < inputs; ++i)
    arguments[i] = const_cast<void *>(inputBuffers[i]); // the code only reads them
  std::copy_n(outputBuffers, outputs, arguments.begin() + inputs);
  entry(arguments.data());
  return status;
}

extern "C" void bn_parallel_for(void *pool, WorkerPool::Task task, void *context, int64_t chunks) {
  static_cast<WorkerPool *>(pool)->parallelFor(task, context, chunks);
}
