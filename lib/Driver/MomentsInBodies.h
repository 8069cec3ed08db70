// MomentsInBodies.h - brings moments that are measured in the bodies of nodes out of them.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_MOMENTSINBODIES_H
#define BN_LIB_DRIVER_MOMENTSINBODIES_H

#include "mlir/IR/Operation.h"

namespace bn::driver {

/// Whether moments can leave every body around `op`, up to the function: those of If, Loop, Scan and SequenceMap.
bool canBringOut(mlir::Operation *op);

/// Mean, variance and count as values of the function around them: pooled over the iterations of the others, and of no element where a
/// body does not run. Nodes around them are replaced by ones with more results.
llvm::SmallVector<mlir::Value> bringOut(llvm::SmallVector<mlir::Value> moments);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_MOMENTSINBODIES_H
