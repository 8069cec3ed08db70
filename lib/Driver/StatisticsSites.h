// StatisticsSites.h - the BatchNormalizations of a model whose statistics can be set.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_STATISTICSSITES_H
#define BN_LIB_DRIVER_STATISTICSSITES_H

#include "Moments.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace bn::driver {

/// A BatchNormalization with constant statistics, perhaps in a body or in a function, all of whose calls share them.
struct StatisticsSite {
  mlir::Operation *op;
  mlir::OpOperand *mean, *variance;
  unsigned level; ///< how many such layers are on the longest path to it, once around a loop
};

/// One whose statistics stay as they are.
struct SkippedSite {
  std::string node, reason;
};

/// Whether a site is in a body or a function, which may never run.
bool isInBody(const StatisticsSite &site);

/// The sites that a module's main graph runs in the order of its nodes; appends the other BatchNormalizations to `skipped`.
std::vector<StatisticsSite> findStatisticsSites(mlir::ModuleOp module, mlir::func::FuncOp main, std::vector<SkippedSite> &skipped);

/// The statistics that a site has, with count 0.
Moments getStatistics(const StatisticsSite &site);

/// Gives a site new statistics; constants that it shares with other nodes stay for those.
void setStatistics(const StatisticsSite &site, const Moments &moments);

/// The statistics among the operands of a BatchNormalization; null where it has none.
std::pair<mlir::OpOperand *, mlir::OpOperand *> getStatisticsOperands(mlir::Operation *op);

/// The layers of sites.
llvm::SmallVector<mlir::Operation *> getLayers(llvm::ArrayRef<StatisticsSite> sites);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_STATISTICSSITES_H
