// BatchNormalization.cpp - the layer: its variables, their updates, penalties and constraints.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Layers/BatchNormalization.h"

#include "Constraints.h"
#include "Errors.h"
#include "Geometry.h"
#include "Initializers.h"
#include "Regularizers.h"
#include "Variables.h"

#include <cmath>

using namespace llvm;

namespace bn::layers {

BatchNormalization::BatchNormalization(Arguments arguments, mlir::MLIRContext *context, Compiler compiler)
    : arguments(std::move(arguments)), context(context), compiler(std::move(compiler)) {}

Expected<BatchNormalization> BatchNormalization::create(Arguments arguments, mlir::MLIRContext *context, Compiler compiler) {
  if (Error error = checkArguments(arguments))
    return std::move(error);
  return BatchNormalization(std::move(arguments), context, std::move(compiler));
}

Expected<BatchNormalization> BatchNormalization::fromConfig(const json::Value &config, mlir::MLIRContext *context, Compiler compiler) {
  Expected<Arguments> arguments = readConfig(config);
  if (!arguments)
    return arguments.takeError();
  return BatchNormalization(std::move(*arguments), context, std::move(compiler));
}

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

/// `stream` tells the initializers' random numbers apart; a standard deviation is the root of its variance's initial value.
Error BatchNormalization::addVariable(StringRef name, const KerasObject &initializer, uint64_t stream, bool isTrained, bool takesRoot) {
  Expected<std::vector<double>> values = initialize(initializer, geometry->variableShape, arguments.seed + stream);
  if (!values)
    return invalid("'" + name + "': " + toString(values.takeError()));
  for (double &value : *values)
    value = takesRoot ? std::sqrt(value) : value;
  mlir::Type type = getVariableType(arguments.dtype, context);
  variables.push_back({name.str(), makeTensor(type, geometry->variableShape, std::move(*values)), isTrained});
  return Error::success();
}

Error BatchNormalization::addVariables() {
  enum Stream { Gamma, Beta, Mean, Variance };
  struct Row {
    StringRef name;
    bool exists;
    const KerasObject &initializer;
    Stream stream;
    bool isTrained, takesRoot;
  } rows[] = {{"gamma", arguments.scale, arguments.gammaInitializer, Gamma, true, false},
              {"beta", arguments.center, arguments.betaInitializer, Beta, true, false},
              {"moving_mean", true, arguments.movingMeanInitializer, Mean, false, false},
              {"moving_variance", true, arguments.movingVarianceInitializer, Variance, false, false},
              {"moving_stddev", arguments.renorm, arguments.movingVarianceInitializer, Variance, false, true},
              {"renorm_mean", arguments.renorm, arguments.movingMeanInitializer, Mean, false, false},
              {"renorm_stddev", arguments.renorm, arguments.movingVarianceInitializer, Variance, false, true}};
  for (const Row &row : rows)
    if (row.exists)
      if (Error error = addVariable(row.name, row.initializer, row.stream, row.isTrained, row.takesRoot))
        return error;
  return Error::success();
}

/// Regularizers and constraints that do not fit the variables fail now rather than in the middle of training.
Error BatchNormalization::checkVariables() const {
  if (Expected<std::vector<double>> losses = getLosses(); !losses)
    return losses.takeError();
  for (const Variable &variable : variables)
    if (Expected<HostTensor> constrained = getConstrained(variable.name); !constrained)
      return constrained.takeError();
  return Error::success();
}

Error BatchNormalization::build(ArrayRef<int64_t> inputShape) {
  if (geometry)
    return Error::success();
  Expected<Geometry> made = makeGeometry(arguments, inputShape);
  if (!made)
    return made.takeError();
  geometry = std::move(*made);
  Error error = addVariables();
  if (!error)
    error = checkVariables();
  if (error) { // as if it had not been tried
    geometry.reset();
    variables.clear();
  }
  return error;
}

std::vector<Variable> BatchNormalization::getTrainableVariables() const {
  std::vector<Variable> trained;
  if (arguments.trainable)
    llvm::copy_if(variables, std::back_inserter(trained), [](const Variable &variable) { return variable.trainable; });
  return trained;
}

const Variable *BatchNormalization::findVariable(StringRef name) const {
  auto found = find_if(variables, [&](const Variable &variable) { return variable.name == name; });
  return found == variables.end() ? nullptr : &*found;
}

Error BatchNormalization::assign(StringRef name, HostTensor value) {
  auto variable = find_if(variables, [&](const Variable &variable) { return variable.name == name; });
  if (variable == variables.end())
    return invalid("the layer has no variable '" + name + "'");
  if (value.type.getShape() != variable->value.type.getShape() || !value.type.getElementType().isIntOrFloat())
    return invalid("variable '" + name + "' has shape " + formatShape(variable->value.type.getShape()) + ", got " +
                   formatShape(value.type.getShape()));
  variable->value = castTo(value, variable->value.type.getElementType());
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Updates
//===----------------------------------------------------------------------===//

void BatchNormalization::remember(const HostTensor &inputs, const StringMap<HostTensor> &results) {
  llvm::erase_if(pending, [&](const Update &update) { return update.inputs == &inputs; });
  for (const VariableRole &role : variableRoles)
    if (auto result = results.find(role.inTraining); result != results.end())
      pending.push_back({role.name.str(), reshape(result->second, geometry->variableShape), &inputs});
}

std::vector<Update> BatchNormalization::getUpdates() const { return arguments.trainable ? pending : std::vector<Update>(); }

std::vector<Update> BatchNormalization::getUpdatesFor(const HostTensor *inputs) const {
  std::vector<Update> updates = getUpdates();
  llvm::erase_if(updates, [&](const Update &update) { return update.inputs != inputs; });
  return updates;
}

Error BatchNormalization::apply(ArrayRef<Update> updates) {
  for (const Update &update : updates)
    if (Error error = assign(update.variable, update.value))
      return error;
  pending.clear();
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Penalties and constraints
//===----------------------------------------------------------------------===//

/// The object of two that is for this variable; none for those of the state.
static KerasObject select(StringRef variable, const KerasObject &gamma, const KerasObject &beta) {
  return variable == "gamma" ? gamma : variable == "beta" ? beta : KerasObject();
}

/// The penalty on a variable; nothing where there is none. Keras 3 does not penalize what is not trained.
static Expected<std::optional<Penalty>> penalize(const Arguments &arguments, const Variable &variable) {
  KerasObject regularizer = select(variable.name, arguments.gammaRegularizer, arguments.betaRegularizer);
  if (!regularizer || (arguments.api == Api::Keras3 && !arguments.trainable))
    return std::nullopt;
  Expected<Penalty> penalty = getPenalty(regularizer, getReals(variable.value), variable.value.type.getShape());
  if (!penalty)
    return penalty.takeError();
  return std::move(*penalty);
}

Expected<std::vector<double>> BatchNormalization::getLosses() const {
  std::vector<double> losses;
  for (const Variable &variable : variables) {
    Expected<std::optional<Penalty>> penalty = penalize(arguments, variable);
    if (!penalty)
      return penalty.takeError();
    if (*penalty)
      losses.push_back((*penalty)->value);
  }
  return losses;
}

Expected<std::vector<double>> BatchNormalization::getLossesFor(const HostTensor *inputs) const {
  return inputs ? std::vector<double>() : getLosses();
}

Expected<HostTensor> BatchNormalization::getLossGradient(StringRef name) const {
  const Variable *variable = findVariable(name);
  if (!variable)
    return invalid("the layer has no variable '" + name + "'");
  Expected<std::optional<Penalty>> penalty = penalize(arguments, *variable);
  if (!penalty)
    return penalty.takeError();
  mlir::RankedTensorType type = variable->value.type;
  return makeTensor(type.getElementType(), type.getShape(), *penalty ? (*penalty)->gradient : std::vector<double>(type.getNumElements()));
}

Expected<HostTensor> BatchNormalization::getConstrained(StringRef name) const {
  const Variable *variable = findVariable(name);
  if (!variable)
    return invalid("the layer has no variable '" + name + "'");
  KerasObject constraint = select(name, arguments.gammaConstraint, arguments.betaConstraint);
  if (!constraint)
    return variable->value;
  mlir::RankedTensorType type = variable->value.type;
  Expected<std::vector<double>> projected = project(constraint, getReals(variable->value), type.getShape());
  if (!projected)
    return projected.takeError();
  return makeTensor(type.getElementType(), type.getShape(), std::move(*projected));
}

Error BatchNormalization::applyConstraints() {
  for (const Variable &variable : getTrainableVariables()) {
    Expected<HostTensor> constrained = getConstrained(variable.name);
    if (!constrained)
      return constrained.takeError();
    if (Error error = assign(variable.name, std::move(*constrained)))
      return error;
  }
  return Error::success();
}

void BatchNormalization::setTrainable(bool trainable) { arguments.trainable = trainable; }

Error BatchNormalization::setRenormClipping(std::map<std::string, double> clipping) {
  Arguments changed = arguments;
  changed.renormClipping = std::move(clipping);
  if (Error error = checkRenormClipping(changed))
    return error;
  arguments.renormClipping = std::move(changed.renormClipping);
  return Error::success();
}

} // namespace bn::layers
