// Layer.cpp - the verb `layer`: the Keras layer by itself.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Layer.h"

#include "bn/Driver/Elements.h"
#include "bn/Driver/LayerEngine.h"
#include "bn/Driver/ModelFile.h"
#include "bn/Driver/Npy.h"
#include "bn/Driver/TensorSpec.h"
#include "bn/Layers/BatchNormalization.h"
#include "llvm/Support/MemoryBuffer.h"

#include <numeric>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

static Expected<llvm::json::Value> readJson(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return makeFileError("read", path, buffer.getError());
  Expected<llvm::json::Value> config = llvm::json::parse((*buffer)->getBuffer());
  if (!config)
    return makeError(std::errc::invalid_argument, "'" + path + "': " + llvm::toString(config.takeError()));
  return config;
}

/// Zeros in the shape that a configuration says; an unknown batch is one sample.
static Expected<HostTensor> makeZeros(const llvm::json::Value &config, MLIRContext *context) {
  const llvm::json::Object *object = config.getAsObject();
  const llvm::json::Array *dims = object ? object->getArray("shape") : nullptr;
  if (!dims)
    return makeError(std::errc::invalid_argument, "expected --input, or 'shape' in the configuration");
  SmallVector<int64_t> shape;
  for (const llvm::json::Value &dim : *dims) {
    std::optional<int64_t> size = dim.getAsNull() ? std::optional<int64_t>(1) : dim.getAsInteger();
    if (!size || *size < 0)
      return makeError(std::errc::invalid_argument, "expected the dimensions of 'shape' to be sizes");
    shape.push_back(*size);
  }
  return makeTensor(RankedTensorType::get(shape, Float32Type::get(context)));
}

static Expected<HostTensor> readInput(const LayerOptions &options, const llvm::json::Value &config, MLIRContext *context) {
  if (options.input.empty() && options.emission == LayerEmission::Nothing)
    return makeError(std::errc::invalid_argument, "expected --input");
  if (options.input.empty())
    return makeZeros(config, context);
  Expected<HostTensor> input = readTensorSpec("@" + options.input, context);
  if (!input)
    return addContext(input.takeError(), "--input");
  return input;
}

/// A tensor that an option names; nothing where it is not given.
static Expected<std::optional<HostTensor>> readOptional(StringRef option, StringRef path, MLIRContext *context) {
  if (path.empty())
    return std::nullopt;
  Expected<HostTensor> tensor = readTensorSpec(("@" + path).str(), context);
  if (!tensor)
    return addContext(tensor.takeError(), option);
  return std::move(*tensor);
}

/// The adjustment is the same at every call.
static Error readAdjustment(const LayerOptions &options, layers::Arguments &arguments, MLIRContext *context) {
  if (options.adjustmentScale.empty() != options.adjustmentBias.empty())
    return makeError(std::errc::invalid_argument, "expected --adjustment-scale and --adjustment-bias together");
  Expected<std::optional<HostTensor>> scale = readOptional("--adjustment-scale", options.adjustmentScale, context);
  if (!scale)
    return scale.takeError();
  Expected<std::optional<HostTensor>> bias = readOptional("--adjustment-bias", options.adjustmentBias, context);
  if (!bias)
    return bias.takeError();
  if (*scale)
    arguments.adjustment = [scale = **scale, bias = **bias](ArrayRef<int64_t>) { return std::pair(scale, bias); };
  return Error::success();
}

/// Variables under their Keras names; a file may hold some of them only.
static Error assignWeights(layers::BatchNormalization &layer, StringRef path, MLIRContext *context) {
  if (path.empty())
    return Error::success();
  Expected<std::vector<NamedTensor>> weights = readNpz(path, context);
  if (!weights)
    return weights.takeError();
  for (NamedTensor &weight : *weights)
    if (Error error = layer.assign(weight.name, std::move(weight.tensor)))
      return addContext(std::move(error), "'" + path + "'");
  return Error::success();
}

/// Where a module goes: a file whose ending tells its format, or stdout.
static SaveOptions getEmissionTarget(const LayerOptions &options) {
  return {options.output, options.output.empty() || options.output == "-" ? options.emission == LayerEmission::Onnx ? "onnx" : "mlir" : "",
          false};
}

/// The penalties' sum and the variables as their constraints would have them, where there are any.
static Error addObjects(const layers::BatchNormalization &layer, std::vector<NamedTensor> &results, MLIRContext *context) {
  const layers::Arguments &arguments = layer.getArguments();
  if (arguments.gammaRegularizer || arguments.betaRegularizer) {
    Expected<std::vector<double>> losses = layer.getLosses();
    if (!losses)
      return losses.takeError();
    double loss = std::accumulate(losses->begin(), losses->end(), 0.0);
    HostTensor scalar{RankedTensorType::get({}, Float64Type::get(context)), HostBytes(sizeof loss), {}};
    std::memcpy(scalar.bytes.data(), &loss, sizeof loss);
    results.push_back({"loss", std::move(scalar)});
  }
  for (auto [name, constraint] : {std::pair("gamma", &arguments.gammaConstraint), std::pair("beta", &arguments.betaConstraint)}) {
    if (!*constraint || !layer.findVariable(name))
      continue;
    Expected<HostTensor> constrained = layer.getConstrained(name);
    if (!constrained)
      return constrained.takeError();
    results.push_back({std::string("constrained/") + name, std::move(*constrained)});
  }
  return Error::success();
}

static Error addGradients(layers::BatchNormalization &layer, const layers::Call &call, const HostTensor &outputGradient,
                          std::vector<NamedTensor> &results) {
  Expected<layers::Gradients> gradients = layer.getGradients(call, outputGradient);
  if (!gradients)
    return gradients.takeError();
  results.push_back({"dx", std::move(gradients->input)});
  for (auto [name, gradient] :
       {std::pair("dgamma", &gradients->gamma), std::pair("dbeta", &gradients->beta),
        std::pair("dadjustment_scale", &gradients->adjustmentScale), std::pair("dadjustment_bias", &gradients->adjustmentOffset)})
    if (*gradient)
      results.push_back({name, std::move(**gradient)});
  return Error::success();
}

/// One call, its gradient, and the state behind it.
static Expected<std::vector<NamedTensor>> computeResults(layers::BatchNormalization &layer, const LayerOptions &options,
                                                         const HostTensor &input, const layers::CallOptions &callOptions,
                                                         MLIRContext *context) {
  Expected<std::optional<HostTensor>> gradient = readOptional("--gradient", options.gradient, context);
  if (!gradient)
    return gradient.takeError();
  Expected<layers::Call> call = layer.call(input, callOptions);
  if (!call)
    return call.takeError();
  if (call->usesBatchStatistics && callOptions.mask && !call->saved.contains("mask"))
    llvm::errs() << "warning: the fused implementation ignores the mask, as Keras does\n";
  std::vector<NamedTensor> results = {{"y", call->output}};
  if (*gradient)
    if (Error error = addGradients(layer, *call, **gradient, results))
      return std::move(error);
  if (Error error = layer.apply(layer.getUpdates()))
    return std::move(error);
  for (const layers::Variable &variable : layer.getVariables())
    results.push_back({variable.name, variable.value});
  if (Error error = addObjects(layer, results, context))
    return std::move(error);
  return results;
}

static Error emit(layers::BatchNormalization &layer, const LayerOptions &options, const HostTensor &input,
                  const layers::CallOptions &callOptions) {
  bool isOnnx = options.emission == LayerEmission::Onnx;
  Expected<OwningOpRef<ModuleOp>> module = isOnnx ? layer.getOnnxModule(input, callOptions) : layer.getModule(input, callOptions);
  if (!module)
    return module.takeError();
  return saveModel(**module, getEmissionTarget(options));
}

/// Fails where the output cannot be what is asked for; before any work.
static Error checkOutput(const LayerOptions &options) {
  if (options.emission != LayerEmission::Nothing) {
    Expected<ModelFormat> format = getSaveFormat(getEmissionTarget(options));
    return format ? Error::success() : format.takeError();
  }
  if (!StringRef(options.output).ends_with(".npz"))
    return makeError(std::errc::invalid_argument, "expected --output FILE.npz, got '" + options.output + "'");
  return Error::success();
}

static Expected<layers::BatchNormalization> makeLayer(const LayerOptions &options, const llvm::json::Value &config, Session &session) {
  Expected<layers::Arguments> arguments = layers::readConfig(config);
  if (!arguments)
    return addContext(arguments.takeError(), "'" + options.config + "'");
  arguments->seed = options.seed;
  if (Error error = readAdjustment(options, *arguments, session.getContext()))
    return std::move(error);
  return layers::BatchNormalization::create(std::move(*arguments), session.getContext(), makeLayerCompiler(session, options.execution));
}

/// Runs the call or writes it.
static Error callLayer(layers::BatchNormalization &layer, const LayerOptions &options, const HostTensor &input, MLIRContext *context) {
  Expected<std::optional<HostTensor>> mask = readOptional("--mask", options.mask, context);
  if (!mask)
    return mask.takeError();
  if (Error error = layer.build(input.type.getShape()))
    return error;
  if (Error error = assignWeights(layer, options.weights, context))
    return error;
  layers::CallOptions callOptions = {options.training, *mask ? &**mask : nullptr};
  if (options.emission != LayerEmission::Nothing)
    return emit(layer, options, input, callOptions);
  Expected<std::vector<NamedTensor>> results = computeResults(layer, options, input, callOptions, context);
  return results ? writeNpz(options.output, *results) : results.takeError();
}

Expected<ExitCode> runLayer(const LayerOptions &options) {
  if (Error error = checkOutput(options))
    return std::move(error);
  Session session;
  Expected<llvm::json::Value> config = readJson(options.config);
  if (!config)
    return config.takeError();
  Expected<layers::BatchNormalization> layer = makeLayer(options, *config, session);
  if (!layer)
    return layer.takeError();
  Expected<HostTensor> input = readInput(options, *config, session.getContext());
  if (!input)
    return input.takeError();
  if (Error error = callLayer(*layer, options, *input, session.getContext()))
    return std::move(error);
  return ExitCode::Done;
}

} // namespace bn::driver
