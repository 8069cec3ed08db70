// MachinePeak.cpp - what this machine can do at most.
// SPDX-License-Identifier: Apache-2.0

#include "MachinePeak.h"

#include "bn/Codegen/Target.h"
#include "bn/Runtime/Engine.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

#include <cstring>
#include <thread>

using namespace mlir;
using llvm::Error;
using llvm::Expected;
using llvm::formatv;

namespace bn::driver {

/// More chains than a processor has multiply-adds under way, and no more than its smallest register file holds.
static constexpr unsigned chains = 12;
static constexpr int64_t rounds = 1 << 20;
static constexpr size_t copySize = 64 << 20;
static constexpr unsigned repetitions = 5;

/// A model in llvm form that runs chains of multiply-adds on registers.
static std::string makeChains(unsigned lanes) {
  std::string text, starts, arguments, nexts, steps, stores;
  std::string vector = formatv("vector<{0}xf32>", lanes);
  for (unsigned i = 0; i < chains; ++i) {
    starts += formatv("    %p{0} = llvm.getelementptr %in[{1}] : (!llvm.ptr) -> !llvm.ptr, f32\n"
                      "    %s{0} = llvm.load %p{0} {{alignment = 4 : i64} : !llvm.ptr -> {2}\n", i, i * lanes, vector);
    arguments += formatv(", %a{0}: {1}", i, vector);
    nexts += formatv(", %n{0} : {1}", i, vector);
    steps += formatv("    %n{0} = llvm.intr.fma(%a{0}, %s0, %s1) : ({1}, {1}, {1}) -> {1}\n", i, vector);
    stores += formatv("    %q{0} = llvm.getelementptr %out[{1}] : (!llvm.ptr) -> !llvm.ptr, f32\n"
                      "    llvm.store %n{0}, %q{0} {{alignment = 4 : i64} : {2}, !llvm.ptr\n", i, i * lanes, vector);
  }
  auto branch = [&](StringRef counter, StringRef prefix) {
    std::string values = counter.str(), types = "i64";
    for (unsigned i = 0; i < chains; ++i) {
      values += formatv(", %{0}{1}", prefix, i);
      types += ", " + vector;
    }
    return "^loop(" + values + " : " + types + ")";
  };
  llvm::raw_string_ostream(text)
      << "module attributes {kernel.inputs = 1 : i64, kernel.outputs = 1 : i64,\n"
      << "                   kernel.weights_size = 0 : i64, kernel.arena_size = 0 : i64} {\n"
      << "  llvm.func @bn_run(%arguments: !llvm.ptr) {\n"
      << "    %in = llvm.load %arguments : !llvm.ptr -> !llvm.ptr\n"
      << "    %second = llvm.getelementptr %arguments[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr\n"
      << "    %out = llvm.load %second : !llvm.ptr -> !llvm.ptr\n"
      << "    %zero = llvm.mlir.constant(0 : i64) : i64\n    %one = llvm.mlir.constant(1 : i64) : i64\n"
      << "    %end = llvm.mlir.constant(" << rounds << " : i64) : i64\n"
      << starts << "    llvm.br " << branch("%zero", "s") << "\n  ^loop(%i: i64" << arguments << "):\n"
      << steps << "    %next = llvm.add %i, %one : i64\n    %more = llvm.icmp \"slt\" %next, %end : i64\n"
      << "    llvm.cond_br %more, " << branch("%next", "n") << ", ^done\n  ^done:\n" << stores << "    llvm.return\n  }\n}\n";
  return text;
}

/// Seconds that the fastest of a few rounds takes, in which each thread runs `work` with its number.
static double getFastest(unsigned threads, llvm::function_ref<void(unsigned)> work) {
  double fastest = std::numeric_limits<double>::infinity();
  for (unsigned i = 0; i < repetitions; ++i) {
    auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> others;
    for (unsigned thread = 1; thread < threads; ++thread)
      others.emplace_back([&, thread] { work(thread); });
    work(0);
    for (std::thread &other : others)
      other.join();
    fastest = std::min(fastest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return fastest;
}

static Expected<double> measureFlops(unsigned threads, Session &session) {
  unsigned lanes = hostTarget().vectorBits / 32;
  session.getContext()->getOrLoadDialect<LLVM::LLVMDialect>();
  std::vector<std::unique_ptr<Engine>> engines; // one per thread: calls of one engine wait for each other
  for (unsigned i = 0; i < threads; ++i) {
    auto module = parseSourceString<ModuleOp>(makeChains(lanes), session.getContext());
    if (!module)
      return session.getDiagnostics().takeErrors(std::errc::state_not_recoverable, "the measurement's code is not valid");
    Expected<std::unique_ptr<Engine>> engine = Engine::create(*module, {1});
    if (!engine)
      return engine.takeError();
    engines.push_back(std::move(*engine));
  }
  std::vector<float> numbers(chains * lanes, 0.5f);
  std::vector<std::vector<float>> results(threads, numbers);
  double seconds = getFastest(threads, [&](unsigned thread) {
    llvm::cantFail(engines[thread]->run({numbers.data()}, {results[thread].data()}));
  });
  return 2.0 * rounds * chains * lanes * threads / seconds;
}

static double measureCopy(unsigned threads) {
  std::vector<std::vector<char>> from(threads, std::vector<char>(copySize, 1)), to = from;
  double seconds = getFastest(threads, [&](unsigned thread) { std::memcpy(to[thread].data(), from[thread].data(), copySize); });
  return 2.0 * copySize * threads / seconds;
}

Expected<MachinePeak> measurePeak(unsigned threads, Session &session) {
  Expected<double> flops = measureFlops(threads, session);
  if (!flops)
    return flops.takeError();
  return MachinePeak{*flops, measureCopy(threads)};
}

} // namespace bn::driver
