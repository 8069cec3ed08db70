// Objects.cpp - reads Keras objects by the tables of their classes.
// SPDX-License-Identifier: Apache-2.0

#include "Objects.h"

#include "Errors.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace llvm;

namespace bn::layers {

/// "glorot_uniform" and "GlorotUniform" are one name.
static std::string normalize(StringRef name) {
  std::string result;
  for (char c : name.lower())
    if (c != '_')
      result += c;
  return result;
}

bool isNamed(const ClassInfo &info, StringRef className) {
  std::string name = normalize(className);
  return name == normalize(info.name) || (!info.alias.empty() && name == normalize(info.alias));
}

static json::Value getDefault(const Parameter &parameter) {
  switch (parameter.kind) {
  case ParameterKind::Number:
    return parameter.number;
  case ParameterKind::Text:
    return parameter.text.str();
  case ParameterKind::Seed:
    return nullptr;
  case ParameterKind::Axes:
    return 0;
  }
  llvm_unreachable("every kind has a default");
}

static bool hasKind(const json::Value &value, ParameterKind kind) {
  switch (kind) {
  case ParameterKind::Number:
    return value.getAsNumber() && std::isfinite(*value.getAsNumber());
  case ParameterKind::Text:
    return value.getAsString().has_value();
  case ParameterKind::Seed:
    return value.getAsNull() || value.getAsInteger();
  case ParameterKind::Axes:
    return value.getAsInteger() ||
           (value.getAsArray() && all_of(*value.getAsArray(), [](const json::Value &axis) { return axis.getAsInteger().has_value(); }));
  }
  llvm_unreachable("every kind has a check");
}

static StringRef describe(ParameterKind kind) {
  static constexpr StringLiteral texts[] = {"a finite number", "a string", "an integer or null", "an integer or a list of integers"};
  return texts[static_cast<size_t>(kind)];
}

Error completeObject(KerasObject &object, const ClassInfo &info) {
  json::Object complete;
  for (const Parameter &parameter : info.parameters) {
    if (parameter.name.empty())
      continue;
    const json::Value *given = object.config.get(parameter.name);
    if (given && !hasKind(*given, parameter.kind))
      return invalid("'" + info.name + "' expects '" + parameter.name + "' to be " + describe(parameter.kind));
    complete[parameter.name] = given ? *given : getDefault(parameter);
  }
  for (const auto &[key, value] : object.config)
    if (!complete.get(key))
      return invalid("'" + info.name + "' has no parameter '" + StringRef(key) + "'");
  object = {info.name.str(), std::move(complete)};
  return Error::success();
}

double getNumber(const KerasObject &object, StringRef name) { return *object.config.getNumber(name); }

StringRef getText(const KerasObject &object, StringRef name) { return *object.config.getString(name); }

std::optional<uint64_t> getSeed(const KerasObject &object) {
  const json::Value *seed = object.config.get("seed");
  return seed && seed->getAsInteger() ? std::optional<uint64_t>(*seed->getAsInteger()) : std::nullopt;
}

std::vector<int64_t> getAxes(const KerasObject &object) {
  const json::Value &axis = *object.config.get("axis");
  if (axis.getAsInteger())
    return {*axis.getAsInteger()};
  std::vector<int64_t> axes;
  for (const json::Value &entry : *axis.getAsArray())
    axes.push_back(*entry.getAsInteger());
  return axes;
}

} // namespace bn::layers
