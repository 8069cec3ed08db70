// Verify.cpp - the verb `verify`.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Verify.h"

#include "CompareModels.h"
#include "bn/Driver/ModelFile.h"
#include "bn/Driver/OutputFile.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
/// One of the two models.
struct Model {
  OwningOpRef<ModuleOp> module;
  std::vector<std::string> inputs, outputs;
  std::unique_ptr<Execution> execution;
};
} // namespace

static Error load(Model &model, StringRef path, Session &session) {
  Expected<OwningOpRef<ModuleOp>> module = loadModel(path, session);
  if (!module)
    return module.takeError();
  model.module = std::move(*module);
  Expected<func::FuncOp> main = getMainGraph(*model.module);
  if (!main)
    return main.takeError();
  model.inputs = getInputNames(*main);
  model.outputs = getOutputNames(*main);
  return Error::success();
}

static Error prepareModel(Model &model, StringRef path, ArrayRef<BoundInput> inputs, const ExecutionOptions &options, Session &session) {
  Expected<std::unique_ptr<Execution>> execution = prepare(*model.module, inputs, options, session);
  if (!execution)
    return addContext(execution.takeError(), "'" + path + "'");
  model.execution = std::move(*execution);
  return Error::success();
}

/// For each name of `second` its position in `first`: by name, or in order where the names are others.
static Expected<SmallVector<size_t>> match(ArrayRef<std::string> second, ArrayRef<std::string> first, StringRef what) {
  if (second.size() != first.size())
    return makeError(std::errc::invalid_argument,
                     "the models have different numbers of " + what + ": " + Twine(first.size()) + " and " + Twine(second.size()));
  bool byName = llvm::all_of(second, [&](const std::string &name) { return llvm::is_contained(first, name); });
  SmallVector<size_t> positions;
  for (auto [i, name] : llvm::enumerate(second))
    positions.push_back(byName ? llvm::find(first, name) - first.begin() : i);
  return positions;
}

static Error writeJson(ArrayRef<Verdict> verdicts, bool equal, const VerifyOptions &options) {
  return writeFile(options.json, [&](raw_ostream &os) {
    llvm::json::OStream json(os, 2);
    json.object([&] {
      json.attribute("equal", equal);
      json.attribute("draws", options.draws);
      json.attributeArray("outputs", [&] {
        for (const Verdict &verdict : verdicts)
          json.object([&] {
            json.attribute("output", verdict.output);
            json.attribute("type", verdict.type);
            json.attribute("max_error", verdict.maxError);
            json.attribute("difference", verdict.difference);
          });
      });
    });
    os << '\n';
  });
}

static Expected<ExitCode> tell(ArrayRef<Verdict> verdicts, const VerifyOptions &options) {
  bool equal = printVerdicts(verdicts, options.quiet, llvm::errs());
  if (!options.json.empty())
    if (Error error = writeJson(verdicts, equal, options))
      return error;
  return equal ? ExitCode::Done : ExitCode::Differs;
}

Expected<ExitCode> verify(const VerifyOptions &options) {
  Session session; // of both: the context keeps equally named weights apart
  Model first, second;
  if (Error error = load(first, options.first, session))
    return error;
  if (Error error = load(second, options.second, session))
    return error;
  Expected<SmallVector<size_t>> inputPositions = match(second.inputs, first.inputs, "inputs");
  if (!inputPositions)
    return inputPositions.takeError();
  Expected<SmallVector<size_t>> outputPositions = match(second.outputs, first.outputs, "outputs");
  if (!outputPositions)
    return outputPositions.takeError();
  Expected<std::vector<BoundInput>> inputs = bindInputs(*getMainGraph(*first.module), options.input);
  if (!inputs)
    return inputs.takeError();
  std::vector<BoundInput> inputsOfSecond;
  for (size_t position : *inputPositions)
    inputsOfSecond.push_back((*inputs)[position]);
  if (Error error = prepareModel(first, options.first, *inputs, options.execution, session))
    return error;
  if (Error error = prepareModel(second, options.second, inputsOfSecond, options.execution, session))
    return error;
  ModelPair models{*first.execution, *second.execution, *inputPositions, *outputPositions, first.outputs};
  Expected<std::vector<Verdict>> verdicts = compareModels(models, *inputs, options.input, options.draws, options.tolerance, options.quiet);
  if (!verdicts)
    return verdicts.takeError();
  return tell(*verdicts, options);
}

} // namespace bn::driver
