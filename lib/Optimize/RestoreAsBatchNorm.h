// RestoreAsBatchNorm.h - the pattern that makes a BatchNormalization of an affine that stands for one and its neighbours.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_RESTOREASBATCHNORM_H
#define BN_OPTIMIZE_RESTOREASBATCHNORM_H

#include "Initializers.h"

namespace bn {

/// Adds the pattern; `names` gives names to new constants.
void populateRestoreAsBatchNorm(mlir::RewritePatternSet &patterns, FreshNames &names);

} // namespace bn

#endif // BN_OPTIMIZE_RESTOREASBATCHNORM_H
