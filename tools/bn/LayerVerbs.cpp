// LayerVerbs.cpp - options of the verbs about the layer itself and its statistics: layer, calibrate.
// SPDX-License-Identifier: Apache-2.0

#include "Verbs.h"
#include "bn/Driver/Calibrate.h"
#include "bn/Driver/Layer.h"

using namespace bn::driver;

namespace bn::tool {

void addLayer(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("layer", "Run the BatchNormalization layer of Keras by itself");
  auto options = std::make_shared<LayerOptions>();
  verb->add_option("--config", options->config, "the layer: ours {\"api\", \"dtype\", \"args\"} or Keras'; - is stdin")
      ->required()
      ->type_name("F.json");
  verb->add_option("--input", options->input, "the data: F.npy, F.npz:KEY or F.pb; only --emit does with the configuration's shape")
      ->type_name("FILE");
  verb->add_option("--weights", options->weights, "variables by their Keras names; otherwise the initializers run")->type_name("F.npz");
  verb->add_flag("--training", options->training, "normalizes with the statistics of the data and updates the moving ones");
  verb->add_option("--gradient", options->gradient, "the gradient of y; adds dx, dgamma, dbeta")->type_name("FILE");
  verb->add_option("--mask", options->mask, "which positions count in the statistics")->type_name("FILE");
  verb->add_option("--adjustment-scale", options->adjustmentScale, "factor of the normalized value")->type_name("FILE");
  verb->add_option("--adjustment-bias", options->adjustmentBias, "summand of the normalized value")->type_name("FILE");
  verb->add_option("--seed", options->seed, "of initializers that draw (default 0)")->type_name("N");
  verb->add_option("-o,--output", options->output, "y, the variables after the call, and more; or what is emitted")->type_name("F.npz");
  addChoice<LayerEmission>(*verb, "--emit", options->emission, {{"mlir", LayerEmission::Mlir}, {"onnx", LayerEmission::Onnx}},
                           "writes the call as a module instead of running it");
  addExecution(*verb, options->execution);
  verb->footer("Example:\n  bn layer --config layer.json --input x.npy --training --gradient dy.npy --output out.npz");
  verb->callback([options, &action] { action = [options] { return runLayer(*options); }; });
}

void addCalibrate(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("calibrate", "Re-estimate the statistics of BatchNormalizations on data");
  auto options = std::make_shared<CalibrateOptions>();
  addModel(*verb, options->model);
  verb->add_option("--data", options->data, "a folder of batches: .npz with an array for every input, or .npy or .pb for the only one")
      ->required()
      ->type_name("DIR");
  addSave(*verb, options->save);
  addChoice<CalibrationMode>(*verb, "--mode", options->mode,
                             {{"joint", CalibrationMode::Joint}, {"sequential", CalibrationMode::Sequential}},
                             "the layers before one normalize with their batch, in one pass, or with their\nnew statistics, in a pass for "
                             "each level (default joint)");
  verb->add_option_function<double>(
          "--momentum", [options](double value) { options->momentum = value; },
          "a moving average with this decay instead of all batches alike")
      ->check(within(0.0, 1.0))
      ->type_name("X");
  verb->add_option("--mix", options->mix, "how much the new statistics count beside the old (default 1)")
      ->check(within(0.0, 1.0))
      ->type_name("X");
  verb->add_option("--batch", options->batch, "cuts files into batches of N samples (default: a file is a batch)")
      ->check(within<int64_t>(1, 1 << 30))
      ->type_name("N");
  addExecution(*verb, options->execution);
  addInitializers(*verb, options->initializers);
  addJson(*verb, options->json);
  addQuiet(*verb, options->quiet);
  verb->footer("Example:\n  bn calibrate net.onnx --data images -o calibrated.onnx");
  verb->callback([options, &action] { action = [options] { return calibrate(*options); }; });
}

} // namespace bn::tool
