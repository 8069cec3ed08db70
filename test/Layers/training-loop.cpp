// training-loop.cpp - a custom training loop: every step of it is the caller's, and its numbers are TensorFlow's.
// SPDX-License-Identifier: Apache-2.0
//
//   x·W1 → BatchNormalization → ReLU → ·W2 + b2, mean squared error plus the layer's penalties, gradient descent

#include "LayerTest.h"

using namespace bn;
using namespace bn::layers;

namespace {

/// A matrix of doubles with the little that the loop needs.
struct Matrix {
  int64_t rows, columns;
  std::vector<double> elements;

  Matrix(int64_t rows, int64_t columns) : rows(rows), columns(columns), elements(rows * columns) {}
  explicit Matrix(const HostTensor &tensor)
      : rows(tensor.type.getDimSize(0)), columns(tensor.type.getRank() > 1 ? tensor.type.getDimSize(1) : 1), elements(getReals(tensor)) {}
  double &at(int64_t row, int64_t column) { return elements[row * columns + column]; }
  double at(int64_t row, int64_t column) const { return elements[row * columns + column]; }

  Matrix transposed() const {
    Matrix result(columns, rows);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        result.at(j, i) = at(i, j);
    return result;
  }
  void descend(double rate, const Matrix &gradient) {
    for (auto [value, slope] : llvm::zip_equal(elements, gradient.elements))
      value -= rate * slope;
  }
};

Matrix operator*(const Matrix &a, const Matrix &b) {
  Matrix result(a.rows, b.columns);
  for (int64_t i = 0; i < a.rows; ++i)
    for (int64_t j = 0; j < b.columns; ++j)
      for (int64_t k = 0; k < a.columns; ++k)
        result.at(i, j) += a.at(i, k) * b.at(k, j);
  return result;
}

class TrainingLoop : public LayerTest {
protected:
  void SetUp() override {
    for (driver::NamedTensor &named : llvm::cantFail(driver::readNpz(LAYER_INPUTS "/training_loop/loop.npz", context)))
      data.try_emplace(named.name, std::move(named.tensor));
    llvm::json::Value recorded = readJson(LAYER_INPUTS "/training_loop/loop.json");
    llvm::json::Object config{{"api", "compat.v1"}, {"dtype", "float64"}, {"args", *recorded.getAsObject()->get("args")}};
    layer.emplace(llvm::cantFail(Layer::fromConfig(std::move(config), context, compiler)));
  }

  HostTensor toTensor(const Matrix &matrix, llvm::ArrayRef<int64_t> shape) {
    return makeReals(mlir::Float64Type::get(context), shape, matrix.elements);
  }
  HostTensor toTensor(const Matrix &matrix) { return toTensor(matrix, {matrix.rows, matrix.columns}); }

  /// The rows of a batch.
  Matrix take(const HostTensor &tensor, int64_t step) {
    Matrix all(tensor), indices(data.at("batches")), batch(indices.columns, all.columns);
    for (int64_t i = 0; i < batch.rows; ++i)
      for (int64_t j = 0; j < batch.columns; ++j)
        batch.at(i, j) = all.at(indices.at(step, i), j);
    return batch;
  }

  /// Moves a variable of the layer against its gradient and that of its penalty.
  void descend(llvm::StringRef name, const HostTensor &gradient) {
    Matrix value(layer->findVariable(name)->value);
    Matrix penalty(llvm::cantFail(layer->getLossGradient(name)));
    value.descend(rate, Matrix(gradient));
    value.descend(rate, penalty);
    llvm::cantFail(layer->assign(name, toTensor(value, {value.rows})));
  }

  double runStep(int64_t step);
  void expectFinal(const Matrix &actual, const std::string &name) {
    expectNear(actual.elements, getReals(data.at("final_" + name)), 1e-6, name);
  }

  const double rate = 0.05;
  std::map<std::string, HostTensor> data;
  std::optional<Layer> layer;
  std::optional<Matrix> w1, w2, b2;
};

double TrainingLoop::runStep(int64_t step) {
  // Forward.
  Matrix x = take(data.at("X"), step), y = take(data.at("Y"), step);
  HostTensor features = toTensor(x * *w1);
  Call call = llvm::cantFail(layer->call(features, {.training = true}));
  Matrix normalized(call.output), hidden = normalized;
  for (double &value : hidden.elements)
    value = std::max(value, 0.0);
  Matrix error = hidden * *w2;
  double loss = 0;
  for (auto [p, target] : llvm::zip_equal(error.elements, y.elements)) {
    p += b2->elements[0] - target;
    loss += p * p / error.rows;
  }
  for (double penalty : llvm::cantFail(layer->getLosses()))
    loss += penalty;

  // Backward.
  Matrix slope = error, b2Slope(1, 1);
  for (double &value : slope.elements)
    value *= 2.0 / error.rows, b2Slope.elements[0] += value;
  Matrix w2Slope = hidden.transposed() * slope, hiddenSlope = slope * w2->transposed();
  for (auto [value, before] : llvm::zip_equal(hiddenSlope.elements, normalized.elements))
    value = before > 0 ? value : 0;
  Gradients gradients = llvm::cantFail(layer->getGradients(call, toTensor(hiddenSlope)));
  Matrix w1Slope = x.transposed() * Matrix(gradients.input);

  // The step: weights, then the constraints, then the moving statistics, which nobody updates for us.
  w1->descend(rate, w1Slope), w2->descend(rate, w2Slope), b2->descend(rate, b2Slope);
  descend("gamma", *gradients.gamma);
  descend("beta", *gradients.beta);
  llvm::cantFail(layer->applyConstraints());
  std::vector<Update> updates = layer->getUpdatesFor(nullptr);
  llvm::append_range(updates, layer->getUpdatesFor(&features));
  llvm::cantFail(layer->apply(updates));
  return loss;
}

TEST_F(TrainingLoop, trainsAsInTensorFlow) {
  w1.emplace(data.at("W1")), w2.emplace(data.at("W2")), b2.emplace(data.at("b2"));
  std::vector<double> losses;
  for (int64_t step = 0; step < data.at("loss").type.getNumElements(); ++step)
    losses.push_back(runStep(step));
  ASSERT_EQ(losses.size(), 30u);
  expectNear(losses, getReals(data.at("loss")), 1e-6, "loss");
  EXPECT_LT(losses.back(), losses.front());
  expectFinal(*w1, "W1");
  expectFinal(*w2, "W2");
  expectFinal(*b2, "b2");
  for (const Variable &variable : layer->getVariables())
    expectFinal(Matrix(variable.value), variable.name);
}

} // namespace
