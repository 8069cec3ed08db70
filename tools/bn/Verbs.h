// Verbs.h - the verbs of the command line: each adds its options and says what to run.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_TOOLS_BN_VERBS_H
#define BN_TOOLS_BN_VERBS_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

#include <CLI/CLI.hpp>

namespace bn::tool {

/// What the chosen verb does, set when the command line has been read.
using Action = std::function<llvm::Expected<driver::ExitCode>()>;

void addOptimize(CLI::App &app, Action &action);
void addRestore(CLI::App &app, Action &action);
void addConvert(CLI::App &app, Action &action);
void addInspect(CLI::App &app, Action &action);
void addRun(CLI::App &app, Action &action);
void addCompile(CLI::App &app, Action &action);
void addCheck(CLI::App &app, Action &action);
void addVerify(CLI::App &app, Action &action);
void addBench(CLI::App &app, Action &action);
void addCalibrate(CLI::App &app, Action &action);
void addLayer(CLI::App &app, Action &action);

// Options that several verbs have.
void addModel(CLI::App &verb, std::string &model);
void addShapes(CLI::App &verb, driver::InputOptions &options);
void addInputs(CLI::App &verb, driver::InputOptions &options);
void addOutputs(CLI::App &verb, driver::OutputOptions &options);
void addSave(CLI::App &verb, driver::SaveOptions &options);
void addTolerance(CLI::App &verb, driver::ToleranceOptions &options);
void addCompilation(CLI::App &verb, driver::ExecutionOptions &options);
void addExecution(CLI::App &verb, driver::ExecutionOptions &options);
void addCache(CLI::App &verb, driver::ExecutionOptions &options);
void addInitializers(CLI::App &verb, driver::Initializers &initializers);
void addJson(CLI::App &verb, std::string &json);
void addQuiet(CLI::App &verb, bool &quiet);

/// An option that may be given again and again, one value each time.
CLI::Option *addList(CLI::App &verb, const std::string &name, std::vector<std::string> &values, const std::string &help);

/// A check that a number is between two, without CLI11's note of it in the help.
template <typename T> CLI::Validator within(T low, T high) { return CLI::Range(low, high).description(""); }

/// An option whose value is one word of a few.
template <typename Enum>
CLI::Option *addChoice(CLI::App &verb, const std::string &name, Enum &value, std::vector<std::pair<std::string, Enum>> words,
                       const std::string &help) {
  std::string list;
  for (auto &[word, unused] : words)
    list += (list.empty() ? "" : "|") + word;
  auto parse = [&value, words, list, name](const std::string &text) {
    for (auto &[word, meaning] : words)
      if (word == text) {
        value = meaning;
        return;
      }
    throw CLI::ValidationError(name, "expected " + list + ", got '" + text + "'");
  };
  return verb.add_option_function<std::string>(name, parse, help)->type_name(list);
}

} // namespace bn::tool

#endif // BN_TOOLS_BN_VERBS_H
