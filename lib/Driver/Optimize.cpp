// Optimize.cpp - the verb `optimize`.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Optimize.h"

#include "CompareModels.h"
#include "ReportWriters.h"
#include "Stages.h"
#include "bn/Driver/ModelFile.h"
#include "bn/Driver/OutputFile.h"
#include "bn/Driver/Table.h"
#include "bn/Onnx/Restore.h"
#include "bn/Pipelines.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Regex.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

static Error usage(const Twine &message) { return makeError(std::errc::invalid_argument, message); }

/// The pass that a word of the command line names: its flag, with or without `bn-`.
static Expected<std::string> findPass(StringRef name, ArrayRef<PassSummary> passes) {
  for (const PassSummary &pass : passes)
    if (name == pass.argument || ("bn-" + name).str() == pass.argument)
      return pass.argument;
  return usage("unknown pass '" + name + "'; --list-passes shows the names");
}

static Error checkRegex(StringRef option, StringRef text) {
  std::string why;
  if (text.empty() || llvm::Regex(text).isValid(why))
    return Error::success();
  return usage("expected " + option + " to be a regular expression, got '" + text + "': " + why);
}

/// Reads the options that choose passes and nodes.
static Expected<bn::OptimizeOptions> makePipelineOptions(const OptimizeOptions &options) {
  std::vector<PassSummary> passes = listOptimizePasses();
  bn::OptimizeOptions pipeline;
  for (const std::string &name : options.disabled) {
    Expected<std::string> pass = findPass(name, passes);
    if (!pass)
      return pass.takeError();
    pipeline.disabled.insert(*pass);
  }
  for (const std::string &name : options.enabled) {
    Expected<std::string> pass = findPass(name, passes);
    if (!pass)
      return pass.takeError();
    pipeline.disabled.erase(*pass);
  }
  if (Error error = llvm::joinErrors(checkRegex("--only-nodes", options.onlyNodes), checkRegex("--skip-nodes", options.skipNodes)))
    return error;
  pipeline.onlyNodes = options.onlyNodes;
  pipeline.skipNodes = options.skipNodes;
  pipeline.freezeTraining = options.training == TrainingMode::Infer;
  return pipeline;
}

static ExitCode listPasses() {
  Table table({"pass", "does"});
  for (const PassSummary &pass : listOptimizePasses())
    table.addRow({pass.argument, pass.description});
  table.print(llvm::outs());
  return ExitCode::Done;
}

/// A restore file speaks of two ONNX files, and neither may be gone afterwards.
static Error checkRestoreFile(const OptimizeOptions &options) {
  if (options.restoreFile.empty())
    return Error::success();
  for (StringRef path : {StringRef(options.model), StringRef(options.save.path)})
    if (options.dryRun || !(path.ends_with(".onnx") || path.ends_with(".onnxtxt")))
      return usage("--restore-file needs a model and -o FILE that end in .onnx or .onnxtxt");
  for (StringRef path : {StringRef(options.model), StringRef(options.save.path)})
    if (llvm::sys::fs::equivalent(path, options.restoreFile) || path == options.restoreFile)
      return usage("expected --restore-file to be another file than '" + path + "'");
  if (llvm::sys::fs::equivalent(options.model, options.save.path))
    return usage("--restore-file needs the model as it was: expected -o to be another file than '" + options.model + "'");
  return Error::success();
}

/// What can be wrong with the options before the model is known.
static Error checkOptions(const OptimizeOptions &options) {
  if (options.model.empty())
    return usage("expected a MODEL");
  for (StringRef path : options.reports)
    if (path != "-" && !path.ends_with(".json") && !path.ends_with(".html"))
      return usage("expected --report to end in .json or .html, got '" + path + "'");
  if (Error error = checkRestoreFile(options))
    return error;
  if (options.dryRun)
    return Error::success();
  return getSaveFormat(options.save).takeError();
}

/// Words of the command line that speak of nodes must speak of some.
static Error checkNodes(const ModelSummary &model, const OptimizeOptions &options) {
  for (auto [option, text] : {std::pair("--only-nodes", &options.onlyNodes), std::pair("--skip-nodes", &options.skipNodes)}) {
    llvm::Regex regex(*text);
    auto matches = [&](const BatchNormRecord &record) { return regex.match(record.node); };
    if (!text->empty() && llvm::none_of(model.batchNorms, matches))
      return usage(Twine(option) + " '" + *text + "' matches no BatchNormalization");
  }
  if (options.training != TrainingMode::Error)
    return Error::success();
  Error errors = Error::success();
  for (const BatchNormRecord &record : model.batchNorms)
    if (record.mode == "training")
      errors = llvm::joinErrors(std::move(errors),
                                makeError(std::errc::not_supported,
                                          "node '" + record.node + "' (BatchNormalization): expected inference mode, got training mode"));
  return errors;
}

/// Runs the model as it was and as it is through the interpreter. Returns whether they agree.
static Expected<bool> verifyFold(ModuleOp before, ModuleOp after, const OptimizeOptions &options, Session &session) {
  Expected<func::FuncOp> main = getMainGraph(before);
  if (!main)
    return main.takeError();
  Expected<std::vector<BoundInput>> inputs = bindInputs(*main, options.input);
  if (!inputs)
    return inputs.takeError();
  Expected<std::unique_ptr<Execution>> expected = prepare(before, *inputs, {EngineKind::Reference}, session);
  if (!expected)
    return expected.takeError();
  Expected<std::unique_ptr<Execution>> actual = prepare(after, *inputs, {EngineKind::Reference}, session);
  if (!actual)
    return actual.takeError();
  ModelPair models{**expected, **actual, llvm::to_vector(llvm::seq(inputs->size())),
                   llvm::to_vector(llvm::seq<size_t>(main->getNumResults())), getOutputNames(*main)};
  Expected<std::vector<Verdict>> verdicts =
      compareModels(models, *inputs, options.input, options.verifyDraws, options.tolerance, options.quiet);
  if (!verdicts)
    return verdicts.takeError();
  return printVerdicts(*verdicts, options.quiet, llvm::errs());
}

static Error writeReports(const Report &report, std::vector<PassRecord> passes, const OptimizeOptions &options) {
  ReportContext context{options.model, std::move(passes)};
  for (StringRef path : options.reports) {
    auto write = path.ends_with(".html") ? writeReportHtml : writeReportJson;
    if (Error error = writeFile(path, [&](raw_ostream &os) { write(report, context, os); }))
      return error;
  }
  return Error::success();
}

Expected<ExitCode> optimize(const OptimizeOptions &options) {
  if (options.listPasses)
    return listPasses();
  if (Error error = checkOptions(options))
    return error;
  Expected<bn::OptimizeOptions> pipeline = makePipelineOptions(options);
  if (!pipeline)
    return pipeline.takeError();

  Session session;
  Expected<OwningOpRef<ModuleOp>> module = loadModel(options.model, session, options.initializers);
  if (!module)
    return module.takeError();
  // The page draws every channel of the weights, which takes a look at each of them.
  bool channels = llvm::any_of(options.reports, [](StringRef path) { return path.ends_with(".html"); });
  ModelSummary before = summarize(**module, channels);
  if (Error error = checkNodes(before, options))
    return error;
  OwningOpRef<ModuleOp> original;
  if (options.verifyDraws)
    original = (*module)->clone();
  std::vector<PassRecord> passes;
  if (Error error = optimizeGraph(**module, *pipeline, session, &passes))
    return error;
  Report report = collectReport(std::move(before), **module, channels);

  if (options.verifyDraws) {
    Expected<bool> equal = verifyFold(*original, **module, options, session);
    if (!equal)
      return equal.takeError();
    if (!*equal)
      return ExitCode::Differs;
  }
  if (!options.dryRun)
    if (Error error = saveModel(**module, options.save))
      return error;
  if (!options.restoreFile.empty())
    if (Error error = onnx::saveRestoreFile(options.model, options.save.path, options.restoreFile))
      return error;
  if (!options.quiet)
    printReportTable(report, llvm::errs());
  if (Error error = writeReports(report, std::move(passes), options))
    return error;
  return ExitCode::Done;
}

} // namespace bn::driver
