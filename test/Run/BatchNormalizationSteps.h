// BatchNormalizationSteps.h - the text of training steps and their gradients, for tests.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_TEST_RUN_BATCHNORMALIZATIONSTEPS_H
#define BN_TEST_RUN_BATCHNORMALIZATIONSTEPS_H

#include <string>

namespace bn::test {

/// A training step or its gradients; an empty type leaves the operand out.
struct Step {
  std::string shape = {}, parameter = {}, axes = "1", element = "f32", statistics = {};
  std::string mask = {}, adjustment = {}; ///< shapes
  bool affine = true, running = false, renorm = false, clip = false;
  std::string attributes = {};

  std::string x() const { return "tensor<" + shape + element + ">"; }
  std::string wide() const { return element == "f64" ? "f64>" : "f32>"; }
  std::string p() const { return "tensor<" + parameter + wide(); }
  std::string s() const { return "tensor<" + (statistics.empty() ? parameter : statistics) + wide(); }
  std::string attributeList() const { return attributes.empty() ? "" : " {" + attributes + "}"; }

  /// A function that runs the step, or its gradient.
  std::string forward() const;
  std::string backward() const;
};

/// A step with a running mean and variance.
Step plain(const char *shape, const char *parameter, const char *axes = "1", const char *element = "f32");
/// The same step, changed.
Step with(Step step, void (*change)(Step &));

} // namespace bn::test

#endif // BN_TEST_RUN_BATCHNORMALIZATIONSTEPS_H
