// Calls.cpp - calls of the layer and their gradients: operands in, a module run, results out.
// SPDX-License-Identifier: Apache-2.0

#include "Errors.h"
#include "Geometry.h"
#include "OnnxModule.h"
#include "StepModule.h"
#include "Variables.h"
#include "bn/Layers/BatchNormalization.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using mlir::ModuleOp;
using mlir::OwningOpRef;

namespace bn::layers {

/// With version 1 a layer that is not trainable still normalizes with the statistics of its batch; it only keeps its state.
bool BatchNormalization::trains(const CallOptions &options) const {
  return options.training && (arguments.trainable || arguments.api == Api::CompatV1);
}

Error BatchNormalization::checkInput(mlir::RankedTensorType type) const {
  bool fits = type.getRank() == geometry->rank && all_of(zip_equal(geometry->axes, geometry->channels), [&](auto kept) {
                auto [axis, size] = kept;
                return type.getDimSize(axis) == size;
              });
  if (!fits)
    return invalid("the layer was built for an input of rank " + Twine(geometry->rank) + " with sizes " + formatShape(geometry->channels) +
                   " along axes " + formatShape(geometry->axes) + ", got shape " + formatShape(type.getShape()));
  return Error::success();
}

/// Whether trailing dimensions of `from` are 1 or those of `to`.
static bool broadcasts(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  return from.size() <= to.size() && all_of(zip_equal(from, to.take_back(from.size())),
                                            [](auto dims) { return std::get<0>(dims) == 1 || std::get<0>(dims) == std::get<1>(dims); });
}

/// The weights of elements in the statistics, with an axis of size 1 behind the mask's own: the channels share it.
Error BatchNormalization::collectMask(const CallOptions &options, StringMap<HostTensor> &operands) const {
  if (!options.mask)
    return Error::success();
  ArrayRef<int64_t> inputShape = operands["input"].type.getShape(), maskShape = options.mask->type.getShape();
  if (arguments.api == Api::CompatV1)
    return invalid("the layer of compat.v1 has no argument 'mask'");
  if (arguments.virtualBatchSize)
    return invalid("'mask' cannot be combined with 'virtual_batch_size'");
  if (arguments.api == Api::Keras3 && maskShape.size() + 1 != inputShape.size())
    return invalid("'mask' must have rank " + Twine(inputShape.size() - 1) + " for an input of rank " + Twine(inputShape.size()) +
                   ", got rank " + Twine(maskShape.size()));
  SmallVector<int64_t> shape(maskShape);
  shape.push_back(1);
  if (!broadcasts(shape, inputShape) || !options.mask->type.getElementType().isIntOrFloat())
    return invalid("'mask' of shape " + formatShape(maskShape) + " does not fit an input of shape " + formatShape(inputShape));
  if (geometry->fused) // Keras warns that its fused implementation ignores the mask
    return Error::success();
  std::vector<double> weights = getReals(*options.mask);
  if (arguments.api == Api::Keras3)
    for (double &weight : weights)
      weight = weight != 0;
  operands["mask"] = makeTensor(getVariableType(arguments.dtype, context), shape, std::move(weights));
  return Error::success();
}

Error BatchNormalization::collectAdjustment(StringMap<HostTensor> &operands) const {
  if (!arguments.adjustment)
    return Error::success();
  ArrayRef<int64_t> inputShape = operands["input"].type.getShape();
  auto [scale, offset] = arguments.adjustment(inputShape);
  for (auto [name, tensor] : {std::pair(StringRef("adjustment_scale"), &scale), std::pair(StringRef("adjustment_offset"), &offset)}) {
    if (!broadcasts(tensor->type.getShape(), inputShape) || !tensor->type.getElementType().isIntOrFloat())
      return invalid("'adjustment' gave a tensor of shape " + formatShape(tensor->type.getShape()) +
                     ", which does not broadcast to an input of shape " + formatShape(inputShape));
    operands[name] = castTo(*tensor, getVariableType(arguments.dtype, context));
  }
  return Error::success();
}

Expected<StringMap<HostTensor>> BatchNormalization::collectOperands(const HostTensor &inputs, const CallOptions &options) {
  if (!inputs.type.getElementType().isIntOrFloat())
    return invalid("the layer takes numbers");
  if (Error error = build(inputs.type.getShape()))
    return std::move(error);
  if (Error error = checkInput(inputs.type))
    return std::move(error);
  bool training = trains(options);
  StringMap<HostTensor> operands;
  operands["input"] = castTo(inputs, getFloatType(arguments.dtype, context));
  for (const VariableRole &role : variableRoles) {
    StringRef operand = training ? role.inTraining : role.inInference;
    if (const Variable *variable = findVariable(role.name); variable && !operand.empty())
      operands[operand] = reshape(variable->value, geometry->channels);
  }
  if (!training)
    return operands;
  for (const auto &[name, bound] : arguments.renormClipping)
    if (arguments.renorm)
      operands[name] = makeTensor(getVariableType(arguments.dtype, context), {}, {bound});
  if (Error error = collectMask(options, operands))
    return std::move(error);
  if (Error error = collectAdjustment(operands))
    return std::move(error);
  return operands;
}

Expected<StepModule> BatchNormalization::makeModule(const StringMap<HostTensor> &operands, bool training) {
  bool isGradient = operands.contains("output_grad");
  Expected<int64_t> ghosts = training ? countGhosts(arguments, operands.lookup("input").type.getShape().front()) : Expected<int64_t>(1);
  if (!ghosts)
    return ghosts.takeError();
  auto make = training ? (isGradient ? makeTrainingGradient : makeTraining) : isGradient ? makeInferenceGradient : makeInference;
  return make(makeSettings(arguments, *geometry, *ghosts), operands, context);
}

Expected<StringMap<HostTensor>> BatchNormalization::run(Expected<StepModule> step, const StringMap<HostTensor> &operands) {
  if (!step)
    return step.takeError();
  std::string text;
  raw_string_ostream(text) << *step->module;
  std::shared_ptr<Program> &program = programs[text];
  if (!program) {
    Expected<std::unique_ptr<Program>> compiled = compiler(std::move(step->module));
    if (!compiled)
      return compiled.takeError();
    program = std::move(*compiled);
  }
  std::vector<HostTensor> inputs;
  for (const std::string &name : step->inputs)
    inputs.push_back(operands.find(name)->second);
  Expected<std::vector<HostTensor>> outputs = program->run(inputs);
  if (!outputs)
    return outputs.takeError();
  StringMap<HostTensor> results;
  for (auto [name, output] : zip_equal(step->results, *outputs))
    results[name] = std::move(output);
  return results;
}

Expected<OwningOpRef<ModuleOp>> BatchNormalization::getModule(const HostTensor &inputs, const CallOptions &options) {
  Expected<StringMap<HostTensor>> operands = collectOperands(inputs, options);
  if (!operands)
    return operands.takeError();
  Expected<StepModule> step = makeModule(*operands, trains(options));
  if (!step)
    return step.takeError();
  return std::move(step->module);
}

Expected<OwningOpRef<ModuleOp>> BatchNormalization::getOnnxModule(const HostTensor &inputs, const CallOptions &options) {
  Expected<StringMap<HostTensor>> operands = collectOperands(inputs, options);
  if (!operands)
    return operands.takeError();
  Expected<int64_t> ghosts = countGhosts(arguments, inputs.type.getDimSize(0));
  if (!ghosts)
    return ghosts.takeError();
  return makeOnnx(makeSettings(arguments, *geometry, *ghosts), *operands, trains(options), context);
}

Expected<Call> BatchNormalization::call(const HostTensor &inputs, const CallOptions &options) {
  Expected<StringMap<HostTensor>> operands = collectOperands(inputs, options);
  if (!operands)
    return operands.takeError();
  Expected<StringMap<HostTensor>> results = run(makeModule(*operands, trains(options)), *operands);
  if (!results)
    return results.takeError();
  Call call{std::move((*results)["output"]), trains(options), std::move(*operands)};
  for (StringRef kept : {"batch_mean", "batch_inv_stddev"})
    if (auto result = results->find(kept); result != results->end())
      call.saved[kept] = result->second;
  remember(inputs, *results);
  return call;
}

Expected<Gradients> BatchNormalization::getGradients(const Call &call, const HostTensor &outputGradient) {
  if (outputGradient.type.getShape() != call.output.type.getShape())
    return invalid("the gradient of the output must have its shape " + formatShape(call.output.type.getShape()) + ", got " +
                   formatShape(outputGradient.type.getShape()));
  StringMap<HostTensor> operands = call.saved;
  operands["output_grad"] = castTo(outputGradient, call.output.type.getElementType());
  Expected<StringMap<HostTensor>> results = run(makeModule(operands, call.usesBatchStatistics), operands);
  if (!results)
    return results.takeError();
  Gradients gradients;
  gradients.input = std::move((*results)["input_grad"]);
  if (arguments.scale)
    gradients.gamma = reshape((*results)["scale_grad"], geometry->variableShape);
  if (arguments.center)
    gradients.beta = reshape((*results)["offset_grad"], geometry->variableShape);
  if (auto scale = results->find("adjustment_scale_grad"); scale != results->end()) {
    gradients.adjustmentScale = scale->second;
    gradients.adjustmentOffset = (*results)["adjustment_offset_grad"];
  }
  return gradients;
}

} // namespace bn::layers
