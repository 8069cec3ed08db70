// ExposeValues.h - makes every value of a graph an output.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_EXPOSEVALUES_H
#define BN_LIB_DRIVER_EXPOSEVALUES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bn::driver {

/// Returns every tensor that a node computes, behind the outputs that there are; each under its name.
void exposeValues(mlir::func::FuncOp main);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_EXPOSEVALUES_H
