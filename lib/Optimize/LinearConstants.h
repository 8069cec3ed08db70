// LinearConstants.h - gives linear nodes other constants, and notes on them what that changes.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_LINEARCONSTANTS_H
#define BN_OPTIMIZE_LINEARCONSTANTS_H

#include "LinearOps.h"

namespace bn {

/// New constants of a linear node; null where the old one stays. The ranges count where there is a weight.
struct LinearConstants {
  mlir::ElementsAttr weight, bias;
  WeightRange before, after;
  /// What rounding the new constants changes in the result, and by what the error of the old ones grows (see attr::maxError).
  double error = 0, growth = 1;
};

/// Adds to the error that the node notes; what is noted already has grown by the factor.
void noteError(mlir::Operation *op, double error, double growth = 1);

/// The error that the node notes, 0 where it notes none.
double getNotedError(mlir::Operation *op);

/// Gives the node other constants, the bias with factor 1, and notes the weights' range and the error. Old ones die with their last reader.
void replaceConstants(mlir::RewriterBase &rewriter, mlir::Operation *op, const LinearForm &form, const LinearConstants &constants,
                      FreshNames &names);

} // namespace bn

#endif // BN_OPTIMIZE_LINEARCONSTANTS_H
