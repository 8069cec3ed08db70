// GraphRewrite.h - how the passes of this folder run MLIR's pattern driver.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_GRAPHREWRITE_H
#define BN_OPTIMIZE_GRAPHREWRITE_H

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bn {

/// Initializers have names and an order that a file keeps, so the driver neither merges equal ones nor moves them.
inline mlir::GreedyRewriteConfig getGraphRewriteConfig() {
  mlir::GreedyRewriteConfig config;
  config.enableFolding(false).enableConstantCSE(false);
  config.setRegionSimplificationLevel(mlir::GreedySimplifyRegionLevel::Disabled).setUseTopDownTraversal();
  return config;
}

} // namespace bn

#endif // BN_OPTIMIZE_GRAPHREWRITE_H
