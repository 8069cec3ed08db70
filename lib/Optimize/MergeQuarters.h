// MergeQuarters.h - the pattern that makes a SpaceToDepth of an image's four quarters.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_MERGEQUARTERS_H
#define BN_OPTIMIZE_MERGEQUARTERS_H

#include "Initializers.h"

namespace bn {

/// Adds the pattern; `names` gives names to new constants.
void populateMergeQuarters(mlir::RewritePatternSet &patterns, FreshNames &names);

} // namespace bn

#endif // BN_OPTIMIZE_MERGEQUARTERS_H
