// StatisticsGraph.h - graphs that measure the statistics of BatchNormalizations.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_STATISTICSGRAPH_H
#define BN_LIB_DRIVER_STATISTICSGRAPH_H

#include "StatisticsSites.h"
#include "mlir/IR/OwningOpRef.h"

namespace bn::driver {

/// A copy of the module that returns mean, variance and count of the inputs of some of its sites, and computes nothing else. What a body or
/// a function measures is pooled over its runs. `asTraining` makes every measured site normalize with what is measured in this run.
mlir::OwningOpRef<mlir::ModuleOp> makeStatisticsGraph(mlir::ModuleOp module, llvm::ArrayRef<StatisticsSite> measured, bool asTraining);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_STATISTICSGRAPH_H
