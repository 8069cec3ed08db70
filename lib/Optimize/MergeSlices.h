// MergeSlices.h - the pattern that makes one Slice of two.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_MERGESLICES_H
#define BN_OPTIMIZE_MERGESLICES_H

#include "Initializers.h"

namespace bn {

/// Adds the pattern; `names` gives names to new constants.
void populateMergeSlices(mlir::RewritePatternSet &patterns, FreshNames &names);

} // namespace bn

#endif // BN_OPTIMIZE_MERGESLICES_H
