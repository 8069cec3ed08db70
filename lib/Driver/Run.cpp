// Run.cpp - the verb `run`.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Run.h"

#include "ExposeValues.h"
#include "Stages.h"
#include "bn/Driver/OutputFile.h"
#include "bn/Driver/Outputs.h"
#include "bn/Driver/RunnableModel.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

/// Runs the stages up to and including the last that is wanted. `inputs` matter to lowering.
static Error runStages(ModuleOp module, ArrayRef<BoundInput> inputs, const RunOptions &options, Session &session) {
  Stage last = options.stopAfter;
  if (last >= Stage::Optimize)
    if (Error error = optimizeGraph(module, {}, session))
      return error;
  if (last >= Stage::Lower) {
    if (Error error = bindShapes(module, inputs, session))
      return error;
    if (Error error = lowerToKernel(module, options.execution, session))
      return error;
  }
  return last >= Stage::Codegen ? generateCode(module, options.execution, session) : Error::success();
}

/// Prints the IR as a stage leaves it, weights in short.
static Expected<ExitCode> printStage(ModuleOp module, ArrayRef<BoundInput> inputs, const RunOptions &options, Session &session) {
  if (Error error = runStages(module, inputs, options, session))
    return error;
  constexpr int64_t shownElements = 16, shownCharacters = 64;
  OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(shownElements).elideLargeResourceString(shownCharacters);
  if (Error error = writeFile("-", [&](raw_ostream &os) { module->print(os, flags); }))
    return error;
  return ExitCode::Done;
}

/// Writes every value into a folder, and keeps the model's own outputs.
static Error dumpValues(StringRef directory, size_t outputs, std::vector<HostTensor> &tensors, ArrayRef<std::string> names) {
  if (directory.empty())
    return Error::success();
  if (Error error = writeTensors(directory, names, tensors))
    return error;
  tensors.erase(tensors.begin() + outputs, tensors.end());
  return Error::success();
}

Expected<ExitCode> run(const RunOptions &options) {
  Session session;
  Expected<RunnableModel> model = loadRunnable(options.model, options.initializers, options.execution, session);
  if (!model)
    return model.takeError();
  if (model->library && (options.stopAfter != Stage::Execute || !options.dumpValues.empty()))
    return makeError(std::errc::invalid_argument, "a library has no IR and no values to show: --stop-after and --dump-values want a model");
  std::vector<std::string> outputs = getOutputNames(model->main);
  if (Error error = checkOutputOptions(outputs, options.output))
    return error;
  if (options.stopAfter <= Stage::Optimize)
    return printStage(*model->module, {}, options, session);
  Expected<std::vector<BoundInput>> inputs = bindInputs(model->main, options.input);
  if (!inputs)
    return inputs.takeError();
  if (options.stopAfter != Stage::Execute)
    return printStage(*model->module, *inputs, options, session);

  if (!options.dumpValues.empty())
    exposeValues(model->main);
  std::vector<std::string> values = getOutputNames(model->main);
  Expected<std::unique_ptr<Execution>> execution = prepare(*model, *inputs, options.execution, session);
  if (!execution)
    return execution.takeError();
  Expected<std::vector<HostTensor>> tensors = makeInputs(*inputs, options.input);
  if (!tensors)
    return tensors.takeError();
  Expected<std::vector<HostTensor>> results = (*execution)->run(*tensors);
  if (!results)
    return results.takeError();
  if (!options.output.quiet)
    session.printNotes(llvm::errs());
  if (Error error = dumpValues(options.dumpValues, outputs.size(), *results, values))
    return error;
  return handleOutputs(outputs, *results, options.output, session.getContext());
}

} // namespace bn::driver
