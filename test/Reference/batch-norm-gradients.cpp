// batch-norm-gradients.cpp - bn.training_grad and bn.inference_grad against central differences, for random configurations.
// SPDX-License-Identifier: Apache-2.0
//
// The loss is Σ dy·y. Renormalization's r and d are operands on both sides: they are constants for the gradient.

#include "InterpreterTest.h"

#include <random>

using namespace mlir;
using namespace bn::reference;

namespace {

/// What varies from one configuration to the next.
struct Configuration {
  SmallVector<int64_t> shape, axes;
  int64_t ghosts = 1;
  bool contiguous = false, scale = false, correction = false, adjustment = false, mask = false;
  double maskEpsilon = 0;
};

class GradientTest : public InterpreterTest {
protected:
  Tensor random(ArrayRef<int64_t> shape, double low = -2, double high = 2) {
    Tensor tensor = makeTensor(Float64Type::get(&context), shape);
    for (double &value : tensor.mutableReals())
      value = std::uniform_real_distribution<double>(low, high)(generator);
    return tensor;
  }
  int64_t below(int64_t n) { return generator() % n; }

  Configuration draw() {
    Configuration c;
    int64_t rank = 2 + below(3);
    for (int64_t i = 0; i < rank; ++i)
      c.shape.push_back(2 + below(3));
    for (int64_t i = 1; i < rank; ++i)
      if (below(2))
        c.axes.push_back(i);
    if (c.axes.empty() || static_cast<int64_t>(c.axes.size()) == rank)
      c.axes = {rank - 1};
    c.scale = below(2), c.correction = below(2);
    if (below(3) == 0) {
      c.ghosts = 2, c.contiguous = below(2), c.shape[0] = 4;
      return c;
    }
    c.adjustment = below(2), c.mask = below(2);
    c.maskEpsilon = below(2) ? 1e-7 : 0;
    return c;
  }

  /// The loss, from the operands in the order of the op's definition.
  double loss(const std::string &forward, ArrayRef<Tensor> operands) {
    auto results = run(forward, operands);
    EXPECT_EQ(results.size(), 1u) << message;
    double sum = 0;
    for (auto [dy, y] : llvm::zip_equal(operands[0].reals(), results[0].reals()))
      sum += dy * y;
    return sum;
  }

  /// Compares the gradient of operand `i` with differences of the loss.
  void expectGradient(const std::string &forward, std::vector<Tensor> operands, size_t i, const Tensor &gradient) {
    constexpr double step = 1e-5;
    for (size_t at = 0; at < gradient.reals().size(); ++at) {
      double &value = operands[i].mutableReals()[at], before = value;
      value = before + step;
      double above = loss(forward, operands);
      value = before - step;
      double below = loss(forward, operands);
      value = before;
      EXPECT_NEAR(gradient.reals()[at], (above - below) / (2 * step), 2e-7 * (1 + std::abs(gradient.reals()[at]))) << "element " << at;
    }
  }

  std::mt19937 generator{7};
};

/// The text of both functions of a configuration, operand by operand.
struct Text {
  std::string arguments, types, uses;
  unsigned count = 0;
  void add(const std::string &name, const std::string &use) {
    arguments += (count ? ", %" : "%") + name + ": tensor<*xf64>";
    types += count++ ? ", tensor<*xf64>" : "tensor<*xf64>";
    uses += use;
  }
};

std::string listed(ArrayRef<int64_t> axes) {
  std::string text;
  for (int64_t axis : axes)
    text += (text.empty() ? "" : ", ") + std::to_string(axis);
  return text;
}

} // namespace

TEST_F(GradientTest, training) {
  for (int round = 0; round < 40; ++round) {
    Configuration c = draw();
    SmallVector<int64_t> parameter;
    for (int64_t axis : c.axes)
      parameter.push_back(c.shape[axis]);
    std::string T = "tensor<*xf64>", axes = " axes [" + listed(c.axes) + "]";
    std::string ghosts =
        "ghosts = " + std::to_string(c.ghosts) + " : i64, grouping = #bn.grouping<" + (c.contiguous ? "contiguous" : "interleaved") + ">";
    std::string masking = ", mask_epsilon = " + (c.maskEpsilon ? std::string("1.0e-7") : std::string("0.0")) + " : f64";

    Text text;
    std::vector<Tensor> operands = {random(c.shape), random(c.shape)};
    text.add("dy", ""), text.add("x", "");

    auto add = [&](StringRef name, StringRef use, Tensor value) {
      operands.push_back(value);
      text.add(name.str(), use.str());
    };
    if (c.scale)
      add("scale", " scale %scale", random(parameter));
    std::string beforeStatistics = text.uses;
    text.uses.clear();
    if (c.correction) {
      add("r", " correction(%r,", random(parameter, 0.5, 2));
      add("d", " %d)", random(parameter));
    }
    if (c.adjustment) {
      SmallVector<int64_t> ones(c.shape.size(), 1);
      ones[c.axes[0]] = c.shape[c.axes[0]];
      add("a", " adjustment(%a,", random(ones, 0.5, 2));
      add("b", " %b)", random(c.shape));
    }
    std::string afterStatistics = text.uses;
    Tensor mask = random(c.shape);
    for (double &value : mask.mutableReals())
      value = value > -1.2;
    if (c.mask)
      add("mask", "", mask);

    std::string factors =
        std::string(c.scale ? ", " + T : "") + (c.correction ? ", " + T + ", " + T : "") + (c.adjustment ? ", " + T + ", " + T : "");
    std::string moments = "%m, %v, %n = bn.moments %x" + std::string(c.mask ? " mask %mask" : "") + axes + " {" + ghosts + masking +
                          "} : (" + T + (c.mask ? ", " + T : "") + ") -> (" + T + ", " + T + ", " + T + ")\n" +
                          "%s = bn.inv_stddev %v epsilon 0.001 : " + T + "\n";
    std::string forward = "func.func @f(" + text.arguments + ") -> " + T + " {\n" + moments + "%y = bn.normalize %x mean %m inv_stddev %s" +
                          afterStatistics + beforeStatistics + axes + " {" + ghosts + "} : (" + T + ", " + T + ", " + T + factors +
                          ") -> " + T + "\nreturn %y : " + T + "\n}";
    unsigned gradients = c.adjustment ? 5 : 3;
    std::string results = T;
    for (unsigned i = 1; i < gradients; ++i)
      results += ", " + T;
    std::string names = "%g#0";
    for (unsigned i = 1; i < gradients; ++i)
      names += ", %g#" + std::to_string(i);
    std::string backward = "func.func @f(" + text.arguments + ") -> (" + results + ") {\n" + moments + "%g:" + std::to_string(gradients) +
                           " = bn.training_grad %dy, %x" + beforeStatistics + " mean %m inv_stddev %s" + afterStatistics +
                           (c.mask ? " mask %mask" : "") + axes + " {" + ghosts + masking + "} : (" + T + ", " + T + ", " + T + ", " + T +
                           factors + (c.mask ? ", " + T : "") + ") -> (" + results + ")\nreturn " + names + " : " + results + "\n}";
    SCOPED_TRACE(backward);
    auto got = run(backward, operands);
    ASSERT_EQ(got.size(), gradients) << message;
    expectGradient(forward, operands, 1, got[0]);
    if (c.scale)
      expectGradient(forward, operands, 2, got[1]);
    if (c.adjustment) {
      size_t a = 2 + c.scale + 2 * c.correction;
      expectGradient(forward, operands, a, got[3]);
      expectGradient(forward, operands, a + 1, got[4]);
    }
  }
}

// Of all five operands, the statistics included.
TEST_F(GradientTest, inference) {
  std::string T = "tensor<*xf64>", five = T + ", " + T + ", " + T + ", " + T + ", " + T;
  std::string arguments = "%dy: " + T + ", %x: " + T + ", %g: " + T + ", %m: " + T + ", %v: " + T;
  std::string forward = "func.func @f(" + arguments + ") -> " + T +
                        " {\n%y = bn.inference %x scale %g mean %m variance %v axes [0, 2] epsilon 0.001 : (" + T + ", " + T + ", " + T +
                        ", " + T + ") -> " + T + "\nreturn %y : " + T + "\n}";
  std::string backward = "func.func @f(" + arguments + ") -> (" + five +
                         ") {\n%r:5 = bn.inference_grad %dy, %x scale %g mean %m variance %v axes [0, 2] epsilon 0.001 : (" + five +
                         ") -> (" + five + ")\nreturn %r#0, %r#1, %r#2, %r#3, %r#4 : " + five + "\n}";
  std::vector<Tensor> operands = {random({2, 3, 5}), random({2, 3, 5}), random({2, 5}), random({2, 5}), random({2, 5}, 0.5, 2)};
  auto got = run(backward, operands);
  ASSERT_EQ(got.size(), 5u) << message;
  expectGradient(forward, operands, 1, got[0]);
  expectGradient(forward, operands, 2, got[1]);
  expectGradient(forward, operands, 3, got[3]);
  expectGradient(forward, operands, 4, got[4]);
}
