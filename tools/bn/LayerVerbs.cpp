// LayerVerbs.cpp - options of the verbs about the layer itself and its statistics: layer.
// SPDX-License-Identifier: Apache-2.0

#include "Verbs.h"
#include "bn/Driver/Layer.h"

using namespace bn::driver;

namespace bn::tool {

void addLayer(CLI::App &app, Action &action) {
  CLI::App *verb = app.add_subcommand("layer", "Run the BatchNormalization layer of Keras by itself");
  auto options = std::make_shared<LayerOptions>();
  verb->add_option("--config", options->config, "the layer: ours {\"api\", \"dtype\", \"args\"} or Keras'; - is stdin")
      ->required()
      ->type_name("F.json");
  verb->add_option("--input", options->input, "the data: F.npy, F.npz:KEY or F.pb")->required()->type_name("FILE");
  verb->add_option("--weights", options->weights, "variables by their Keras names; otherwise the initializers run")->type_name("F.npz");
  verb->add_flag("--training", options->training, "normalizes with the statistics of the data and updates the moving ones");
  verb->add_option("--gradient", options->gradient, "the gradient of y; adds dx, dgamma, dbeta")->type_name("FILE");
  verb->add_option("--mask", options->mask, "which positions count in the statistics")->type_name("FILE");
  verb->add_option("--adjustment-scale", options->adjustmentScale, "factor of the normalized value")->type_name("FILE");
  verb->add_option("--adjustment-bias", options->adjustmentBias, "summand of the normalized value")->type_name("FILE");
  verb->add_option("--seed", options->seed, "of initializers that draw (default 0)")->type_name("N");
  verb->add_option("-o,--output", options->output, "y, the variables after the call, and more")->type_name("F.npz");
  addChoice<LayerEmission>(*verb, "--emit", options->emission, {{"mlir", LayerEmission::Mlir}},
                           "writes the call as a module instead of running it");
  options->execution.engine = EngineKind::Reference;
  addChoice<EngineKind>(*verb, "--engine", options->execution.engine, {{"jit", EngineKind::Jit}, {"reference", EngineKind::Reference}},
                        "compiled code, or the plain interpreter in double (default reference)");
  verb->footer("Example:\n  bn layer --config layer.json --input x.npy --training --gradient dy.npy --output out.npz");
  verb->callback([options, &action] { action = [options] { return runLayer(*options); }; });
}

} // namespace bn::tool
