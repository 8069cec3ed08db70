// VectorTest.h - a fixture for small cases computed from the formulas: arguments, inputs and results by their names.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_TEST_LAYERS_VECTORTEST_H
#define BN_TEST_LAYERS_VECTORTEST_H

#include "LayerTest.h"
#include "mlir/IR/Builders.h"

namespace bn::layers {

using Object = llvm::json::Object;
using Reals = std::vector<double>;

/// Elements of nested arrays, and their shape.
inline void flatten(const llvm::json::Value &value, Reals &elements, llvm::SmallVector<int64_t> &shape, size_t depth = 0) {
  if (std::optional<double> number = value.getAsNumber()) {
    elements.push_back(*number);
    return;
  }
  const llvm::json::Array &array = *value.getAsArray();
  if (shape.size() == depth)
    shape.push_back(array.size());
  for (const llvm::json::Value &entry : array)
    flatten(entry, elements, shape, depth + 1);
}

/// Tests run once for each type of data.
class VectorTest : public LayerTest, public ::testing::WithParamInterface<const char *> {
protected:
  double tolerance = std::string(GetParam()) == "float64" ? 1e-12 : 1e-6;

  const Object &find(llvm::StringRef vector) { return *vectors.getAsObject()->getObject(vector); }

  HostTensor tensor(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> elements) {
    mlir::Builder b(context);
    return makeReals(std::string(GetParam()) == "float64" ? mlir::Type(b.getF64Type()) : b.getF32Type(), shape, elements);
  }
  HostTensor tensor(const Object &vector, llvm::StringRef key) {
    Reals elements;
    llvm::SmallVector<int64_t> shape;
    flatten(*vector.get(key), elements, shape);
    return tensor(shape, elements);
  }
  void expect(const HostTensor &actual, const Object &vector, llvm::StringRef key) {
    expectNear(getReals(actual), getReals(tensor(vector, key)), tolerance, key.str());
  }

  /// A built layer; every variable that the vector gives under one of these names has its value.
  Layer prepare(Arguments arguments, const HostTensor &x, const Object &vector, std::map<std::string, std::string> variables) {
    arguments.dtype = GetParam();
    Layer layer = make(std::move(arguments));
    llvm::cantFail(layer.build(x.type.getShape()));
    for (const auto &[variable, key] : variables) {
      HostTensor value = tensor(vector, key);
      value.type = mlir::RankedTensorType::get(layer.findVariable(variable)->value.type.getShape(), value.type.getElementType());
      llvm::cantFail(layer.assign(variable, value));
    }
    return layer;
  }

  /// One training step with the vector's x, and dy where it has one: y, gradients, and state by the vector's keys.
  Layer step(Arguments arguments, const Object &vector, std::map<std::string, std::string> variables,
             std::map<std::string, std::string> state) {
    HostTensor x = tensor(vector, "x");
    Layer layer = prepare(std::move(arguments), x, vector, std::move(variables));
    Call call = llvm::cantFail(layer.call(x, {.training = true}));
    expect(call.output, vector, "y");
    if (vector.get("dx")) {
      Gradients gradients = llvm::cantFail(layer.getGradients(call, tensor(vector, "dy")));
      expect(gradients.input, vector, "dx");
      expect(*gradients.gamma, vector, "dgamma");
      expect(*gradients.beta, vector, "dbeta");
    }
    llvm::cantFail(layer.apply(layer.getUpdates()));
    for (const auto &[variable, key] : state)
      expect(layer.findVariable(variable)->value, vector, key);
    return layer;
  }

  static Arguments plain(Arguments arguments = {}) {
    arguments.momentum = 0.9;
    arguments.fused = false;
    return arguments;
  }

  llvm::json::Value vectors = readJson(LAYER_INPUTS "/bn_vectors.json");
  const std::map<std::string, std::string> scaleAndOffset = {{"gamma", "gamma"}, {"beta", "beta"}};
};

} // namespace bn::layers

#endif // BN_TEST_LAYERS_VECTORTEST_H
