// Arguments.cpp - the rules that Keras' constructor checks.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Layers/Arguments.h"

#include "Constraints.h"
#include "Errors.h"
#include "Geometry.h"
#include "Initializers.h"
#include "Regularizers.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace bn::layers {

/// Keras 3 dropped arguments of Keras 2.
static Error checkApi(const Arguments &arguments) {
  if (arguments.api != Api::Keras3)
    return Error::success();
  if (arguments.axis.size() != 1)
    return invalid("'axis' of Keras 3 is one integer, got " + Twine(arguments.axis.size()));
  for (auto [name, given] :
       {std::pair("fused", arguments.fused.has_value()), std::pair("virtual_batch_size", arguments.virtualBatchSize.has_value()),
        std::pair("adjustment", static_cast<bool>(arguments.adjustment))})
    if (given)
      return invalid(Twine("Keras 3 has no argument '") + name + "'");
  return Error::success();
}

/// What Keras leaves unchecked and no formula has a meaning for.
static Error checkRanges(const Arguments &arguments) {
  if (arguments.axis.empty())
    return invalid("'axis' must name an axis");
  for (auto [name, value] : {std::pair("momentum", arguments.momentum), std::pair("renorm_momentum", arguments.renormMomentum)})
    if (!(value >= 0 && value <= 1))
      return invalid(Twine("'") + name + "' must be in [0, 1], got " + formatNumber(value));
  if (!(arguments.epsilon >= 0))
    return invalid("'epsilon' must not be negative, got " + formatNumber(arguments.epsilon));
  if (!is_contained({"float16", "bfloat16", "float32", "float64"}, StringRef(arguments.dtype)))
    return invalid("'dtype' must be float16, bfloat16, float32 or float64, got '" + arguments.dtype + "'");
  return Error::success();
}

Error checkRenormClipping(const Arguments &arguments) {
  if (!arguments.renorm)
    return Error::success();
  const auto &clipping = arguments.renormClipping;
  for (const auto &[key, value] : clipping)
    if (!is_contained({"rmax", "rmin", "dmax"}, StringRef(key)))
      return invalid("'renorm_clipping' contains the unknown key '" + key + "', expected rmax, rmin or dmax");
  if (arguments.api != Api::Keras3)
    return Error::success();
  auto rmax = clipping.find("rmax"), rmin = clipping.find("rmin"), dmax = clipping.find("dmax");
  if (rmax != clipping.end() && rmin != clipping.end() && rmax->second < rmin->second)
    return invalid("'rmax' of 'renorm_clipping' must not be below 'rmin', got " + formatNumber(rmax->second) + " and " +
                   formatNumber(rmin->second));
  if (dmax != clipping.end() && dmax->second < 0)
    return invalid("'dmax' of 'renorm_clipping' must not be negative, got " + formatNumber(dmax->second));
  return Error::success();
}

/// Keras 2 refuses what its version 1 computes without the fused implementation.
static Error checkFused(const Arguments &arguments) {
  if (arguments.fused != true)
    return Error::success();
  if (arguments.synchronized)
    return invalid("'fused' cannot be True with 'synchronized'");
  std::string obstacle = getFusedObstacle(arguments);
  if (arguments.api == Api::Keras2 && !obstacle.empty())
    return invalid("'fused' cannot be True with " + obstacle);
  return Error::success();
}

/// Checks one object and says which argument it was.
template <typename Complete> static Error completeArgument(StringRef name, KerasObject &object, Complete complete) {
  if (!object)
    return Error::success();
  if (Error error = complete(object))
    return invalid("'" + name + "': " + toString(std::move(error)));
  return Error::success();
}

static Error completeObjects(Arguments &arguments) {
  std::pair<StringRef, KerasObject *> initializers[] = {{"beta_initializer", &arguments.betaInitializer},
                                                        {"gamma_initializer", &arguments.gammaInitializer},
                                                        {"moving_mean_initializer", &arguments.movingMeanInitializer},
                                                        {"moving_variance_initializer", &arguments.movingVarianceInitializer}};
  for (auto [name, object] : initializers)
    if (Error error = *object ? completeArgument(name, *object, completeInitializer) : invalid("'" + name + "' is missing"))
      return error;
  auto complete = [&](KerasObject &object) { return completeRegularizer(object, arguments.api); };
  if (Error error = completeArgument("beta_regularizer", arguments.betaRegularizer, complete))
    return error;
  if (Error error = completeArgument("gamma_regularizer", arguments.gammaRegularizer, complete))
    return error;
  if (Error error = completeArgument("beta_constraint", arguments.betaConstraint, completeConstraint))
    return error;
  return completeArgument("gamma_constraint", arguments.gammaConstraint, completeConstraint);
}

Error checkArguments(Arguments &arguments) {
  for (auto check : {checkApi, checkRanges, checkRenormClipping, checkFused})
    if (Error error = check(arguments))
      return error;
  return completeObjects(arguments);
}

} // namespace bn::layers
