// Comparison.h - a graph-form function, compiled and run, against the interpreter on the same random inputs.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_TEST_RUN_COMPARISON_H
#define BN_TEST_RUN_COMPARISON_H

#include <string>

namespace bn::test {

/// What random inputs look like and how far results may be apart.
struct Tolerance {
  double absolute = 2e-5, relative = 2e-5;
  double low = -2, high = 2; ///< range of random reals; integers are drawn from it, too
};

/// Compiles the module's function and compares its results with the interpreter's.
void compareWithReference(const std::string &module, const Tolerance &tolerance = {});

/// Compiles the module's function and expects the same bits of every result from 1, 2, 3 and 5 threads.
void compareThreads(const std::string &module, const Tolerance &inputs = {});

/// Expands training steps and gradients into their parts, and compares those with the whole, in the interpreter, and with machine code.
void compareExpanded(const std::string &module, const Tolerance &inputs);

/// Compares one node, all of whose operands are arguments: `node` is what stands between the operands and the types,
/// for instance `"Exp"($) version 13`, with `$` where the operands go. Types are separated by semicolons.
void compareNode(const std::string &node, const std::string &inputTypes, const std::string &resultType, const Tolerance &tolerance = {});

} // namespace bn::test

#endif // BN_TEST_RUN_COMPARISON_H
