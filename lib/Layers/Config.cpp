// Config.cpp - layers as JSON: our configuration and Keras', a table by argument.
// SPDX-License-Identifier: Apache-2.0

#include "Errors.h"
#include "bn/Layers/Arguments.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace bn::layers {

//===----------------------------------------------------------------------===//
// Values of every type of argument
//===----------------------------------------------------------------------===//

template <typename T> static bool take(std::optional<T> value, T &target) {
  if (value)
    target = *value;
  return value.has_value();
}

static bool read(const json::Value &value, bool &target) { return take(value.getAsBoolean(), target); }
static bool read(const json::Value &value, double &target) { return take(value.getAsNumber(), target); }
static bool read(const json::Value &value, int64_t &target) { return take(value.getAsInteger(), target); }

static bool read(const json::Value &value, std::string &target) {
  if (std::optional<StringRef> text = value.getAsString()) {
    target = text->str();
    return true;
  }
  // Keras 3 serializes a dtype as a policy.
  const json::Object *policy = value.getAsObject(), *config = policy ? policy->getObject("config") : nullptr;
  return config && config->get("name") && read(*config->get("name"), target);
}

template <typename T> static bool read(const json::Value &value, std::optional<T> &target) {
  T inner;
  if (value.getAsNull())
    target.reset();
  else if (read(value, inner))
    target = inner;
  else
    return false;
  return true;
}

static bool read(const json::Value &value, std::vector<int64_t> &target) {
  target.clear();
  int64_t axis;
  if (read(value, axis)) {
    target = {axis};
    return true;
  }
  const json::Array *list = value.getAsArray();
  return list && all_of(*list, [&](const json::Value &entry) { return read(entry, axis) && (target.push_back(axis), true); });
}

static bool read(const json::Value &value, std::map<std::string, double> &target) {
  target.clear();
  const json::Object *entries = value.getAsObject();
  return value.getAsNull() ||
         (entries && all_of(*entries, [&](const auto &entry) { return read(entry.second, target[entry.first.str()]); }));
}

/// null, "zeros", or {"class_name": …, "config": {…}} with more that Keras 3 adds.
static bool read(const json::Value &value, KerasObject &target) {
  target = {};
  if (value.getAsNull())
    return true;
  if (std::optional<StringRef> name = value.getAsString()) {
    target.className = name->str();
    if (name->lower() == "l1_l2") // Keras' function of this name, unlike its class
      target.config = json::Object{{"l1", 0.01}, {"l2", 0.01}};
    return true;
  }
  const json::Object *object = value.getAsObject();
  if (!object || !object->getString("class_name"))
    return false;
  target.className = object->getString("class_name")->str();
  if (const json::Object *config = object->getObject("config"))
    target.config = *config;
  return true;
}

static json::Value write(bool value) { return value; }
static json::Value write(double value) { return value; }
static json::Value write(int64_t value) { return value; }
static json::Value write(const std::string &value) { return value; }
template <typename T> static json::Value write(const std::optional<T> &value) { return value ? write(*value) : json::Value(nullptr); }
static json::Value write(const std::vector<int64_t> &value) { return value.size() == 1 ? json::Value(value[0]) : json::Array(value); }
static json::Value write(const std::map<std::string, double> &value) {
  json::Object object;
  for (const auto &[key, bound] : value)
    object[key] = bound;
  return object;
}
static json::Value write(const KerasObject &value) {
  return value ? json::Object{{"class_name", value.className}, {"config", json::Object(value.config)}} : json::Value(nullptr);
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {
struct ArgumentRow {
  StringLiteral name;
  bool (*read)(Arguments &, const json::Value &);
  json::Value (*write)(const Arguments &);
  bool (*isWritten)(const Arguments &);
};
} // namespace

static bool always(const Arguments &) { return true; }
static bool never(const Arguments &) { return false; }
static bool withRenorm(const Arguments &arguments) { return arguments.renorm; }
static bool withVirtualBatches(const Arguments &arguments) { return arguments.virtualBatchSize.has_value(); }
static bool whereSynchronizable(const Arguments &arguments) { return arguments.api == Api::Keras3 || arguments.synchronized; }

template <auto member> static constexpr ArgumentRow row(StringLiteral name, bool (*isWritten)(const Arguments &) = always) {
  return {name, [](Arguments &arguments, const json::Value &value) { return read(value, arguments.*member); },
          [](const Arguments &arguments) { return write(arguments.*member); }, isWritten};
}

static constexpr ArgumentRow rows[] = {
    row<&Arguments::name>("name"),
    row<&Arguments::trainable>("trainable"),
    row<&Arguments::dtype>("dtype"),
    row<&Arguments::axis>("axis"),
    row<&Arguments::momentum>("momentum"),
    row<&Arguments::epsilon>("epsilon"),
    row<&Arguments::center>("center"),
    row<&Arguments::scale>("scale"),
    row<&Arguments::betaInitializer>("beta_initializer"),
    row<&Arguments::gammaInitializer>("gamma_initializer"),
    row<&Arguments::movingMeanInitializer>("moving_mean_initializer"),
    row<&Arguments::movingVarianceInitializer>("moving_variance_initializer"),
    row<&Arguments::betaRegularizer>("beta_regularizer"),
    row<&Arguments::gammaRegularizer>("gamma_regularizer"),
    row<&Arguments::betaConstraint>("beta_constraint"),
    row<&Arguments::gammaConstraint>("gamma_constraint"),
    row<&Arguments::renorm>("renorm", withRenorm),
    row<&Arguments::renormClipping>("renorm_clipping", withRenorm),
    row<&Arguments::renormMomentum>("renorm_momentum", withRenorm),
    row<&Arguments::virtualBatchSize>("virtual_batch_size", withVirtualBatches),
    row<&Arguments::synchronized>("synchronized", whereSynchronizable),
    row<&Arguments::fused>("fused", never), // Keras does not save it either
};

/// What Keras' base layer adds to a configuration and this layer has no use for.
static constexpr StringLiteral baseLayerKeys[] = {"batch_input_shape", "batch_shape", "input_shape", "autocast", "dynamic"};

//===----------------------------------------------------------------------===//
// Whole configurations
//===----------------------------------------------------------------------===//

static Error readArguments(const json::Object &config, Arguments &arguments) {
  for (const auto &[key, value] : config) {
    StringRef name = key;
    if (is_contained(baseLayerKeys, name) || (name == "adjustment" && value.getAsNull()) || (name == "name" && value.getAsNull()))
      continue;
    const ArgumentRow *row = find_if(rows, [&](const ArgumentRow &row) { return row.name == name; });
    if (row == std::end(rows))
      return invalid("BatchNormalization has no argument '" + name + "'");
    if (!row->read(arguments, value))
      return invalid("'" + name + "' cannot be " + formatv("{0}", value).str());
  }
  StringRef policy = arguments.dtype;
  if (policy.consume_front("mixed_")) // computes in the narrow type; variables are float32 there anyway
    arguments.dtype = policy.str();
  return Error::success();
}

static Error readApi(StringRef name, Api &api) {
  static constexpr std::pair<StringLiteral, Api> apis[] = {{"compat.v1", Api::CompatV1}, {"keras2", Api::Keras2}, {"keras3", Api::Keras3}};
  for (const auto &[known, value] : apis)
    if (known == name) {
      api = value;
      return Error::success();
    }
  return invalid("'api' must be compat.v1, keras2 or keras3, got '" + name + "'");
}

/// {"api": …, "shape": […], "dtype": …, "args": {…}}
static Error readOwn(const json::Object &config, Arguments &arguments) {
  if (std::optional<StringRef> api = config.getString("api"))
    if (Error error = readApi(*api, arguments.api))
      return error;
  if (std::optional<StringRef> dtype = config.getString("dtype"))
    arguments.dtype = dtype->str();
  const json::Object *args = config.getObject("args");
  return args ? readArguments(*args, arguments) : invalid("expected 'args' to be an object");
}

/// {"class_name": "BatchNormalization", "config": {…}}; what has a "module" or a dtype policy comes from Keras 3.
static Error readKeras(const json::Object &layer, Arguments &arguments) {
  const json::Object *config = layer.getObject("config");
  StringRef className = layer.getString("class_name").value_or("");
  if (!config || !className.starts_with("BatchNormalization"))
    return invalid("expected a layer of class BatchNormalization, got '" + className + "'");
  bool isVersion3 = layer.get("module") || config->getObject("dtype");
  arguments.api = className.ends_with("V1") ? Api::CompatV1 : isVersion3 ? Api::Keras3 : Api::Keras2;
  return readArguments(*config, arguments);
}

Expected<Arguments> readConfig(const json::Value &config) {
  const json::Object *object = config.getAsObject();
  if (!object)
    return invalid("expected a configuration to be a JSON object");
  Arguments arguments;
  Error error = Error::success();
  if (object->get("args"))
    error = readOwn(*object, arguments);
  else if (object->get("class_name"))
    error = readKeras(*object, arguments);
  else
    error = readKeras(json::Object{{"class_name", "BatchNormalization"}, {"config", json::Object(*object)}}, arguments);
  if (!error)
    error = checkArguments(arguments);
  if (error)
    return std::move(error);
  return arguments;
}

json::Object writeConfig(const Arguments &arguments) {
  json::Object config;
  for (const ArgumentRow &row : rows)
    if (row.isWritten(arguments))
      config[row.name] = row.write(arguments);
  return config;
}

} // namespace bn::layers
