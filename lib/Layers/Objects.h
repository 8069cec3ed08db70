// Objects.h - classes of Keras objects as tables: their names, their parameters and what those are by default.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_OBJECTS_H
#define BN_LIB_LAYERS_OBJECTS_H

#include "bn/Layers/Arguments.h"

namespace bn::layers {

enum class ParameterKind { Number, Text, Seed, Axes };

/// A parameter of a class. A seed is absent by default, an axis 0.
struct Parameter {
  llvm::StringLiteral name = "";
  ParameterKind kind = ParameterKind::Number;
  double number = 0;
  llvm::StringLiteral text = "";
};

/// A class: its name, a second one that Keras knows it by, and its parameters.
struct ClassInfo {
  static constexpr size_t maxParameters = 4;

  llvm::StringLiteral name;
  Parameter parameters[maxParameters] = {};
  llvm::StringLiteral alias = "";
};

/// Whether `className` means this class. Keras also writes names in snake case: "glorot_uniform".
bool isNamed(const ClassInfo &info, llvm::StringRef className);

/// Gives the object its class's name and every parameter a value; fails for parameters the class does not have.
llvm::Error completeObject(KerasObject &object, const ClassInfo &info);

/// Parameters of a completed object.
double getNumber(const KerasObject &object, llvm::StringRef name);
llvm::StringRef getText(const KerasObject &object, llvm::StringRef name);
std::optional<uint64_t> getSeed(const KerasObject &object);
std::vector<int64_t> getAxes(const KerasObject &object);

/// The row of a table whose class the object names, or null.
template <typename Row, size_t N> const Row *findClass(const Row (&table)[N], const KerasObject &object) {
  for (const Row &row : table)
    if (isNamed(row, object.className))
      return &row;
  return nullptr;
}

/// The error about a class that a table does not have.
template <typename Row, size_t N> llvm::Error makeUnknownClassError(const Row (&table)[N], const llvm::Twine &kind, llvm::StringRef name) {
  std::string known;
  for (const Row &row : table)
    known += (known.empty() ? "" : ", ") + row.name.str();
  return llvm::createStringError(std::make_error_code(std::errc::invalid_argument),
                                 "unknown " + kind + " '" + name + "', expected one of " + known);
}

} // namespace bn::layers

#endif // BN_LIB_LAYERS_OBJECTS_H
