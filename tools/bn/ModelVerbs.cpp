// ModelVerbs.cpp - options of the verbs that read and write models: optimize, convert, inspect, restore.
// SPDX-License-Identifier: Apache-2.0

#include "Verbs.h"
#include "bn/Driver/Convert.h"
#include "bn/Driver/Inspect.h"
#include "bn/Driver/Optimize.h"
#include "bn/Driver/Restore.h"

using namespace bn::driver;

namespace bn::tool {

void addOptimize(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("optimize", "Fold BatchNormalizations; write the smaller model and what became of each");
  auto options = std::make_shared<OptimizeOptions>();
  verb->add_option("MODEL", options->model, "the model: .onnx, .onnxtxt, .mlir, .mlirbc, or - for stdin")->type_name("");
  addSave(*verb, options->save);
  addList(*verb, "--report", options->reports, "writes the report, .json or .html")->type_name("FILE");
  verb->add_flag("--dry-run", options->dryRun, "only reports");
  addList(*verb, "--disable", options->disabled, "leaves a pass out")->type_name("PASS");
  addList(*verb, "--enable", options->enabled, "puts a pass back in")->type_name("PASS");
  verb->add_flag("--list-passes", options->listPasses, "lists the passes in the order they run");
  verb->add_option("--only-nodes", options->onlyNodes, "touches only nodes whose name matches")->type_name("REGEX");
  verb->add_option("--skip-nodes", options->skipNodes, "leaves nodes alone whose name matches")->type_name("REGEX");
  addInitializers(*verb, options->initializers);
  addChoice<TrainingMode>(*verb, "--bn-training", options->training,
                          {{"keep", TrainingMode::Keep}, {"error", TrainingMode::Error}, {"infer", TrainingMode::Infer}},
                          "what becomes of BatchNormalizations in training mode (default keep)");
  verb->add_flag("--verify{1}", options->verifyDraws, "compares before and after on N random inputs (default 1)");
  verb->add_option("--restore-file", options->restoreFile, "writes what bn restore needs to bring the model back")->type_name("FILE");
  addTolerance(*verb, options->tolerance);
  addInputs(*verb, options->input);
  addQuiet(*verb, options->quiet);
  verb->footer("Example:\n  bn optimize resnet50.onnx -o small.onnx --report report.html");
  verb->callback([options, &action] { action = [options] { return optimize(*options); }; });
}

void addRestore(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("restore", "Bring back the model that was optimized, exactly");
  auto options = std::make_shared<RestoreOptions>();
  verb->add_option("MODEL", options->model, "the optimized model")->required()->type_name("");
  verb->add_option("--restore-file", options->restoreFile, "what bn optimize --restore-file wrote with it")->required()->type_name("FILE");
  verb->add_option("-o,--out", options->path, "the original model, a .onnx file")->required()->type_name("FILE");
  verb->footer("Example:\n  bn optimize net.onnx -o small.onnx --restore-file net.restore\n"
               "  bn restore small.onnx --restore-file net.restore -o net-again.onnx");
  verb->callback([options, &action] { action = [options] { return restore(*options); }; });
}

void addConvert(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("convert", "Change the format of a model and nothing else");
  auto options = std::make_shared<ConvertOptions>();
  addModel(*verb, options->model);
  addSave(*verb, options->save);
  verb->footer("Example:\n  bn convert net.onnx -o net.onnxtxt");
  verb->callback([options, &action] { action = [options] { return convert(*options); }; });
}

void addInspect(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("inspect", "Show what is in a model and what optimize would do with it");
  auto options = std::make_shared<InspectOptions>();
  addModel(*verb, options->model);
  addInitializers(*verb, options->initializers);
  addJson(*verb, options->json);
  verb->footer("Example:\n  bn inspect net.onnx");
  verb->callback([options, &action] { action = [options] { return inspect(*options); }; });
}

} // namespace bn::tool
