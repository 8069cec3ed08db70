// MeasurableCopy.h - a copy of a model in whose main graph all that some BatchNormalizations see can be measured.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_MEASURABLECOPY_H
#define BN_LIB_DRIVER_MEASURABLECOPY_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace bn::driver {

/// A layer in a function is there once for each call.
struct MeasurableCopy {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// What each layer has become: bn.inference or bn.training. Nothing where not all that it sees can be measured.
  std::vector<llvm::SmallVector<mlir::Operation *>> copies;
};

/// Copies `module` for these layers of it.
MeasurableCopy makeMeasurableCopy(mlir::ModuleOp module, llvm::ArrayRef<mlir::Operation *> layers);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_MEASURABLECOPY_H
