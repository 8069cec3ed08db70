// Bench.cpp - the verb `bench`.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Bench.h"

#include "ProfileReport.h"
#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/OutputFile.h"
#include "bn/Driver/Progress.h"
#include "bn/Driver/RunnableModel.h"
#include "bn/Driver/Table.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <chrono>
#include <thread>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
struct Measurement {
  std::vector<double> times; ///< milliseconds, in the order of the runs
  double compile = 0;        ///< milliseconds
  int64_t peakBytes = 0;     ///< resident, without what measuring the machine takes
  unsigned threads = 0;
  std::vector<ProfileRow> profile;
  double profiled = 0;       ///< milliseconds of the run that has this profile
  MachinePeak peak;

  double getQuantile(double quantile) const;
};
} // namespace

/// The smallest time that this share of the runs did not exceed.
double Measurement::getQuantile(double quantile) const {
  std::vector<double> sorted = times;
  llvm::sort(sorted);
  return sorted[std::min<size_t>(sorted.size() - 1, static_cast<size_t>(quantile * sorted.size()))];
}

using Clock = std::chrono::steady_clock;

static double millisecondsSince(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

/// The most that was resident. getrusage() knows it as well, but counts the program that started this one with it.
static int64_t getPeakBytes() {
  int64_t kilobytes = 0;
  if (auto status = llvm::MemoryBuffer::getFileAsStream("/proc/self/status"))
    (void)(*status)->getBuffer().split("VmHWM:").second.ltrim().consumeInteger(10, kilobytes);
  return kilobytes * 1024;
}

static Error measure(Execution &execution, ArrayRef<HostTensor> inputs, const BenchOptions &options, Measurement &measurement) {
  Progress progress(options.quiet);
  progress.show("warming up");
  for (unsigned i = 0; i < options.warmup; ++i)
    if (Expected<std::vector<HostTensor>> outputs = execution.run(inputs); !outputs)
      return outputs.takeError();
  progress.show("measuring");
  Clock::time_point begin = Clock::now();
  auto isDone = [&] {
    size_t done = measurement.times.size();
    return options.iterations ? done >= options.iterations : done > 0 && millisecondsSince(begin) >= options.duration * 1e3;
  };
  while (!isDone()) {
    Clock::time_point start = Clock::now();
    Expected<std::vector<HostTensor>> outputs = execution.run(inputs);
    measurement.times.push_back(millisecondsSince(start));
    if (!outputs)
      return outputs.takeError();
  }
  return Error::success();
}

/// Runs a few times more, now with the times of the nodes, and keeps those of the fastest run: other work disturbs it least.
static Error measureNodes(Execution &execution, ArrayRef<HostTensor> inputs, const BenchOptions &options, Session &session,
                          Measurement &measurement) {
  constexpr unsigned runs = 10;
  Progress progress(options.quiet);
  progress.show("profiling");
  Profile best, profile;
  for (unsigned i = 0; i < runs; ++i) {
    profile.clear();
    session.setProfile(&profile);
    Clock::time_point start = Clock::now();
    Expected<std::vector<HostTensor>> outputs = execution.run(inputs);
    session.setProfile(nullptr);
    if (!outputs)
      return outputs.takeError();
    double time = millisecondsSince(start);
    if (i > 0 && time >= measurement.profiled)
      continue;
    measurement.profiled = time;
    best.swap(profile);
  }
  measurement.profile = summarize(best);
  if (!options.trace.empty())
    if (Error error = writeTrace(best, options.trace))
      return error;
  if (!options.profile)
    return Error::success();
  progress.show("measuring the machine");
  Expected<MachinePeak> peak = measurePeak(measurement.threads, session);
  if (!peak)
    return peak.takeError();
  measurement.peak = *peak;
  return Error::success();
}

static Error writeJson(const Measurement &measurement, const BenchOptions &options) {
  return writeFile(options.json, [&](raw_ostream &os) {
    llvm::json::OStream json(os, 2);
    json.object([&] {
      json.attributeArray("times_ms", [&] {
        for (double time : measurement.times)
          json.value(time);
      });
      json.attribute("min_ms", measurement.getQuantile(0));
      json.attribute("median_ms", measurement.getQuantile(0.5));
      json.attribute("p90_ms", measurement.getQuantile(0.9));
      json.attribute("p99_ms", measurement.getQuantile(0.99));
      json.attribute("compile_ms", measurement.compile);
      json.attribute("peak_rss_bytes", measurement.peakBytes);
      json.attribute("threads", measurement.threads);
      if (options.profile)
        writeProfile(measurement.profile, measurement.peak, json);
    });
    os << '\n';
  });
}

static void printTable(const Measurement &measurement) {
  Table table({"runs", "threads", "min ms", "median ms", "p90 ms", "p99 ms", "compile ms", "peak MB"});
  auto number = [](double value) { return llvm::formatv("{0:F2}", value).str(); };
  table.addRow({std::to_string(measurement.times.size()), std::to_string(measurement.threads), number(measurement.getQuantile(0)),
                number(measurement.getQuantile(0.5)), number(measurement.getQuantile(0.9)), number(measurement.getQuantile(0.99)),
                number(measurement.compile), number(measurement.peakBytes / 1e6)});
  table.print(llvm::errs());
}

Expected<ExitCode> bench(const BenchOptions &options) {
  bool wantsNodes = options.profile || !options.trace.empty();
  if (wantsNodes && (options.execution.engine != EngineKind::Jit || StringRef(options.model).ends_with(".so")))
    return makeError(std::errc::invalid_argument, "--profile and --trace want a model that is compiled now");
  Session session;
  Expected<RunnableModel> model = loadRunnable(options.model, options.initializers, options.execution, session);
  if (!model)
    return model.takeError();
  Expected<std::vector<BoundInput>> inputs = bindInputs(model->main, options.input);
  if (!inputs)
    return inputs.takeError();
  Expected<std::vector<HostTensor>> tensors = makeInputs(*inputs, options.input);
  if (!tensors)
    return tensors.takeError();

  Measurement measurement;
  measurement.threads = options.execution.threads ? options.execution.threads : std::max(1u, std::thread::hardware_concurrency());
  Clock::time_point start = Clock::now();
  Expected<std::unique_ptr<Execution>> execution = prepare(*model, *inputs, options.execution, session);
  if (!execution)
    return execution.takeError();
  measurement.compile = millisecondsSince(start);
  if (Error error = measure(**execution, *tensors, options, measurement))
    return error;
  measurement.peakBytes = getPeakBytes();
  if (wantsNodes)
    if (Error error = measureNodes(**execution, *tensors, options, session, measurement))
      return error;
  if (!options.quiet) {
    printTable(measurement);
    session.printNotes(llvm::errs());
    if (options.profile)
      printProfile(measurement.profile, measurement.profiled, measurement.peak, llvm::errs());
  }
  if (!options.json.empty())
    if (Error error = writeJson(measurement, options))
      return error;
  return ExitCode::Done;
}

} // namespace bn::driver
