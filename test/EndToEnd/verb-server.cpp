// verb-server.cpp - runs verbs of bn that arrive on stdin, one a line, so that thousands of models need one process.
// SPDX-License-Identifier: Apache-2.0
//
// A line has words between tabs:    optimize MODEL RESULT REPORT    run ENGINE MODEL OUTPUT_DIRECTORY INPUT...
// Every line is answered by a line with the exit code. What the verbs say goes to stderr.

#include "bn/Driver/Optimize.h"
#include "bn/Driver/Run.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <iostream>

using namespace bn::driver;
using llvm::StringRef;
using Words = llvm::ArrayRef<StringRef>;

static llvm::Expected<ExitCode> optimizeModel(Words words) {
  OptimizeOptions options;
  options.model = words[1];
  options.save.path = words[2];
  options.reports = {words[3].str()};
  options.quiet = true;
  return optimize(options);
}

static llvm::Expected<ExitCode> runModel(Words words) {
  RunOptions options;
  options.execution = {words[1] == "jit" ? EngineKind::Jit : EngineKind::Reference, /*threads=*/1};
  options.model = words[2];
  options.output.directory = words[3];
  options.output.quiet = true;
  for (StringRef input : words.drop_front(4))
    options.input.inputs.push_back(input.str());
  return run(options);
}

static llvm::Expected<ExitCode> serve(Words words) {
  if (words[0] == "optimize" && words.size() == 4)
    return optimizeModel(words);
  if (words[0] == "run" && words.size() >= 4)
    return runModel(words);
  return makeError(std::errc::invalid_argument, "expected 'optimize' or 'run' and its words, got '" + words[0] + "'");
}

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    llvm::SmallVector<StringRef> words;
    StringRef(line).split(words, '\t');
    llvm::Expected<ExitCode> exitCode = serve(words);
    ExitCode result = exitCode ? *exitCode : report(exitCode.takeError(), llvm::errs());
    std::cout << static_cast<int>(result) << std::endl;
  }
}
