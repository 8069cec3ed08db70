// RunVerbs.cpp - options of the verbs that execute models: run, compile, check, verify, bench.
// SPDX-License-Identifier: Apache-2.0

#include "Verbs.h"
#include "bn/Driver/Bench.h"
#include "bn/Driver/Check.h"
#include "bn/Driver/Compile.h"
#include "bn/Driver/Run.h"
#include "bn/Driver/Verify.h"

using namespace bn::driver;

namespace bn::tool {

void addRun(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("run", "Compile a model and execute it");
  auto options = std::make_shared<RunOptions>();
  addModel(*verb, options->model);
  addExecution(*verb, options->execution);
  addCache(*verb, options->execution);
  addInitializers(*verb, options->initializers);
  verb->add_option("--dump-values", options->dumpValues, "writes NAME.npy for every value of the graph")->type_name("DIR");
  addChoice<Stage>(*verb, "--stop-after", options->stopAfter,
                   {{"import", Stage::Import}, {"optimize", Stage::Optimize}, {"lower", Stage::Lower}, {"codegen", Stage::Codegen}},
                   "prints the IR behind a stage instead");
  addInputs(*verb, options->input);
  addOutputs(*verb, options->output);
  verb->footer("Example:\n  bn run net.onnx --input image=@cat.npy --output-dir out");
  verb->callback([options, &action] { action = [options] { return run(*options); }; });
}

void addCompile(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("compile", "Compile a model into a shared library with a C header");
  auto options = std::make_shared<CompileOptions>();
  addModel(*verb, options->model);
  verb->add_option("-o,--out", options->library, "the library, NAME.so; NAME.h is written beside it")->required()->type_name("FILE");
  verb->add_flag("--external-data", options->externalData, "writes weights to NAME.weights beside the library");
  addCompilation(*verb, options->execution);
  addInitializers(*verb, options->initializers);
  addShapes(*verb, options->input);
  addQuiet(*verb, options->quiet);
  verb->footer("Example:\n  bn compile net.onnx -o net.so && bn run net.so --input image=@cat.npy");
  verb->callback([options, &action] { action = [options] { return compile(*options); }; });
}

void addCheck(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("check", "Run ONNX test folders: model.onnx and test_data_set_N");
  auto options = std::make_shared<CheckOptions>();
  verb->add_option("DIR", options->directories, "folders, searched recursively")->required()->type_name("");
  addExecution(*verb, options->execution);
  verb->add_option("-j,--jobs", options->jobs, "models at once (default: one per core)")->check(within(1, 1024))->type_name("N");
  verb->add_option("--timeout", options->timeout, "seconds a model may take (default 60)")->check(within(1, 86400))->type_name("N");
  addTolerance(*verb, options->tolerance);
  addJson(*verb, options->json);
  addQuiet(*verb, options->quiet);
  verb->footer("Example:\n  bn check tests/node --jobs 4");
  verb->callback([options, &action] { action = [options] { return check(*options); }; });
}

void addVerify(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("verify", "Compare two models on the same inputs");
  auto options = std::make_shared<VerifyOptions>();
  verb->add_option("A", options->first, "the model that is right")->required()->type_name("");
  verb->add_option("B", options->second, "the model in question")->required()->type_name("");
  addExecution(*verb, options->execution);
  verb->add_option("--draws", options->draws, "sets of random inputs (default 1)")->check(within(1, 1000000))->type_name("N");
  addTolerance(*verb, options->tolerance);
  addInputs(*verb, options->input);
  addJson(*verb, options->json);
  addQuiet(*verb, options->quiet);
  verb->footer("Example:\n  bn verify net.onnx small.onnx --shape image=1x3x224x224");
  verb->callback([options, &action] { action = [options] { return verify(*options); }; });
}

void addBench(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("bench", "Measure the latency of a model");
  auto options = std::make_shared<BenchOptions>();
  addModel(*verb, options->model);
  addExecution(*verb, options->execution);
  addCache(*verb, options->execution);
  addInitializers(*verb, options->initializers);
  verb->add_option("--warmup", options->warmup, "runs before the clock starts (default 3)")->type_name("N");
  verb->add_option("--iterations", options->iterations, "runs to measure (default: what fits --duration)")->type_name("N");
  verb->add_option("--duration", options->duration, "seconds to measure (default 2)")->check(within(0.001, 1e6))->type_name("S");
  verb->add_option("--batch", options->input.batch, "first dimension of the inputs (default 1)")->check(within(1, 1 << 20))->type_name("N");
  verb->add_flag("--profile", options->profile, "time per node, with its share of what the machine can do");
  verb->add_option("--trace", options->trace, "writes the timeline of a run for Chrome's tracing view or Perfetto")->type_name("FILE");
  addInputs(*verb, options->input);
  addJson(*verb, options->json);
  addQuiet(*verb, options->quiet);
  verb->footer("Example:\n  bn bench net.onnx --threads 1 --json -");
  verb->callback([options, &action] { action = [options] { return bench(*options); }; });
}

} // namespace bn::tool
