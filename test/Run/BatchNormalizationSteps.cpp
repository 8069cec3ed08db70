// BatchNormalizationSteps.cpp - the text of training steps and their gradients, for tests.
// SPDX-License-Identifier: Apache-2.0

#include "BatchNormalizationSteps.h"

namespace bn::test {

namespace {
/// Arguments of a function and of the op in it, side by side.
struct Operands {
  std::string arguments, types;
  std::string add(const std::string &name, const std::string &type) {
    arguments += (arguments.empty() ? "%" : ", %") + name + ": " + type;
    types += (types.empty() ? "" : ", ") + type;
    return "%" + name;
  }
};
} // namespace

std::string Step::forward() const {
  Operands o;
  std::string op = "bn.training " + o.add("x", x());
  if (affine) {
    op += " scale " + o.add("g", p());
    op += " offset " + o.add("b", p());
  }
  unsigned state = 0;
  if (running) {
    std::string mean = o.add("m", p()), variance = o.add("v", p());
    op += " running(" + mean + ", " + variance + ")", state = 2;
  }
  if (renorm) {
    std::string mean = o.add("rm", p()), stddev = o.add("rs", p()), moving = o.add("ms", p());
    op += " renorm(" + mean + ", " + stddev + ", " + moving + ")", state = 5;
  }
  if (clip) {
    op += " rmin " + o.add("rmin", "tensor<" + wide());
    op += " rmax " + o.add("rmax", "tensor<" + wide());
    op += " dmax " + o.add("dmax", "tensor<" + wide());
  }
  if (!adjustment.empty()) {
    std::string a = o.add("a", "tensor<" + adjustment + wide()), c = o.add("c", "tensor<" + adjustment + wide());
    op += " adjustment(" + a + ", " + c + ")";
  }
  if (!mask.empty())
    op += " mask " + o.add("w", "tensor<" + mask + element + ">");
  std::string results = x() + ", " + s() + ", " + s(), names = "%y#0, %y#1, %y#2";
  for (unsigned i = 0; i < state; ++i)
    results += ", " + p(), names += ", %y#" + std::to_string(3 + i);
  return "func.func @main(" + o.arguments + ") -> (" + results + ") {\n  %y:" + std::to_string(3 + state) + " = " + op + " axes [" + axes +
         "] epsilon 1.0e-3 momentum 0.9" + attributeList() + " : (" + o.types + ") -> (" + results + ")\n  return " + names + " : " +
         results + "\n}\n";
}

std::string Step::backward() const {
  Operands o;
  std::string dy = o.add("dy", x()), op = "bn.training_grad " + dy + ", " + o.add("x", x());
  if (affine)
    op += " scale " + o.add("g", p());
  op += " mean " + o.add("m", s());
  op += " inv_stddev " + o.add("s", s());
  if (renorm) {
    std::string r = o.add("r", p()), d = o.add("d", p());
    op += " correction(" + r + ", " + d + ")";
  }
  std::string results = x() + ", " + p() + ", " + p(), names = "%y#0, %y#1, %y#2";
  if (!adjustment.empty()) {
    std::string type = "tensor<" + adjustment + wide(), a = o.add("a", type), c = o.add("c", type);
    op += " adjustment(" + a + ", " + c + ")";
    results += ", " + type + ", " + type, names += ", %y#3, %y#4";
  }
  if (!mask.empty())
    op += " mask " + o.add("w", "tensor<" + mask + element + ">");
  return "func.func @main(" + o.arguments + ") -> (" + results + ") {\n  %y:" + (adjustment.empty() ? "3" : "5") + " = " + op + " axes [" +
         axes + "]" + attributeList() + " : (" + o.types + ") -> (" + results + ")\n  return " + names + " : " + results + "\n}\n";
}

Step plain(const char *shape, const char *parameter, const char *axes, const char *element) {
  Step step{shape, parameter, axes, element};
  step.running = true;
  return step;
}

Step with(Step step, void (*change)(Step &)) {
  change(step);
  return step;
}

} // namespace bn::test
