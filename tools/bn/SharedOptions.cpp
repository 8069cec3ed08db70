// SharedOptions.cpp - options that several verbs have.
// SPDX-License-Identifier: Apache-2.0

#include "Verbs.h"

using namespace bn::driver;

namespace bn::tool {

CLI::Option *addList(CLI::App &verb, const std::string &name, std::vector<std::string> &values, const std::string &help) {
  return verb.add_option(name, values, help)->take_all()->expected(1)->allow_extra_args(false);
}

void addModel(CLI::App &verb, std::string &model) {
  verb.add_option("MODEL", model, "the model: .onnx, .onnxtxt, .mlir, .mlirbc, or - for stdin")->required()->type_name("");
}

static constexpr const char *kInputs = "Inputs";

void addShapes(CLI::App &verb, InputOptions &options) {
  addList(verb, "--shape", options.shapes, "fixes symbolic dimensions")->type_name("NAME=1x3x224x224")->group(kInputs);
}

void addInputs(CLI::App &verb, InputOptions &options) {
  addList(
      verb, "--input", options.inputs,
      "a tensor: @F.npy, @F.npz:KEY, @F.pb, 2x2xf32=1,2,3,4 or 2x2xf32=@F.raw;\na position may stand for NAME; inputs not given are drawn")
      ->type_name("NAME=TENSOR")
      ->group(kInputs);
  addShapes(verb, options);
  addList(verb, "--range", options.ranges, "draws from [lo, hi) (default 0,1); integers include hi")
      ->type_name("[NAME:]LO,HI")
      ->group(kInputs);
  verb.add_option("--seed", options.seed, "of the drawn inputs (default 0)")->type_name("N")->group(kInputs);
}

void addOutputs(CLI::App &verb, OutputOptions &options) {
  constexpr const char *group = "Outputs";
  addList(verb, "--output", options.outputs, "writes an output")->type_name("NAME=@F.npy")->group(group);
  verb.add_option("--output-dir", options.directory, "writes NAME.npy for every output")->type_name("DIR")->group(group);
  addList(verb, "--expected", options.expected, "what an output must be, within tolerance")->type_name("NAME=TENSOR")->group(group);
  addTolerance(verb, options.tolerance);
  addQuiet(verb, options.quiet);
}

void addSave(CLI::App &verb, SaveOptions &options) {
  verb.add_option("-o,--out", options.path, "the result; its ending tells the format; - is stdout")->type_name("FILE");
  verb.add_option("--to", options.format, "format of a result on stdout")->type_name("onnx|onnxtxt|mlir|mlirbc");
  verb.add_flag("--external-data", options.externalData, "writes weights to FILE.data beside the model");
}

/// An option for a number that must not be negative.
static void addLimit(CLI::App &verb, const std::string &name, std::optional<double> &limit, const std::string &help) {
  verb.add_option_function<double>(
          name, [&limit](double value) { limit = value; }, help)
      ->check(within(0.0, 1e300))
      ->type_name("X");
}

void addTolerance(CLI::App &verb, ToleranceOptions &options) {
  addLimit(verb, "--rtol", options.relative, "equal is |a - e| <= atol + rtol*|e|; the default follows the type (f32: 1e-3)");
  addLimit(verb, "--atol", options.absolute, "see --rtol (f32: 1e-5)");
}

void addCompilation(CLI::App &verb, ExecutionOptions &options) {
  verb.add_option("--threads", options.threads, "to compile and to run on (default: one per core)")->check(within(1, 1024))->type_name("N");
  verb.add_option("--cpu", options.processor, "processor to compile for, as x86-64-v3 or skylake-avx512\n(default: this machine's)")
      ->type_name("NAME");
  verb.add_flag_callback(
      "--no-winograd", [&] { options.winograd = false; }, "plain sums in 3x3 convolutions: slower, with smaller rounding errors");
  verb.add_flag_callback(
      "--no-strassen", [&] { options.strassen = false; }, "plain sums in large 1x1 convolutions: slower, with smaller rounding errors");
  addChoice<Precision>(verb, "--precision", options.precision, {{"f32", Precision::F32}, {"bf16", Precision::BF16}},
                       "what convolutions and matrix products multiply (default f32); bf16 is faster\n"
                       "on AVX512-BF16, with errors near 1e-2 of the largest output");
}

void addExecution(CLI::App &verb, ExecutionOptions &options) {
  addChoice<EngineKind>(verb, "--engine", options.engine, {{"jit", EngineKind::Jit}, {"reference", EngineKind::Reference}},
                        "compiled code, or the plain interpreter in double (default jit)");
  addCompilation(verb, options);
}

void addCache(CLI::App &verb, ExecutionOptions &options) {
  options.cache = true;
  verb.add_flag_callback(
      "--no-cache", [&] { options.cache = false; }, "compiles anew and keeps no code in $BN_CACHE (default ~/.cache/bn)");
}

void addInitializers(CLI::App &verb, Initializers &initializers) {
  addChoice<Initializers>(verb, "--initializers", initializers,
                          {{"auto", Initializers::Auto}, {"const", Initializers::Const}, {"overridable", Initializers::Overridable}},
                          "whether initializers that are also inputs are constants (default auto:\nbefore IR version 4)");
}

void addJson(CLI::App &verb, std::string &json) {
  verb.add_option("--json", json, "writes what the table shows; - is stdout")->type_name("FILE");
}

void addQuiet(CLI::App &verb, bool &quiet) { verb.add_flag("-q,--quiet", quiet, "no progress and no table"); }

} // namespace bn::tool
