// ModuleWriter.h - a module under construction: a function whose arguments and results have names.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_MODULEWRITER_H
#define BN_LIB_LAYERS_MODULEWRITER_H

#include "StepModule.h"
#include "bn/IR/BN/BN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bn::layers {

class ModuleWriter {
public:
  /// Makes arguments of those operands that are given, in this order.
  ModuleWriter(const TensorMap &operands, llvm::ArrayRef<llvm::StringRef> order, mlir::MLIRContext *context);

  /// The argument of this name; null where it is not given.
  mlir::Value get(llvm::StringRef name) const { return arguments.lookup(name); }
  void addResult(llvm::StringRef name, mlir::Value value);
  StepModule finish();

  mlir::OpBuilder builder;
  mlir::Location loc;

private:
  StepModule step;
  mlir::func::FuncOp function;
  llvm::StringMap<mlir::Value> arguments;
  llvm::SmallVector<mlir::Value> results;
};

/// The type of statistics of the input: of rank |axes|, in front of it the ghosts where there are several; at least f32.
mlir::Type getStatisticsType(mlir::Value input, const StepSettings &settings, int64_t ghosts);

/// Mean, variance and count of an input, by ghost; the mask may be null.
MomentsOp addMoments(ModuleWriter &writer, const StepSettings &settings, mlir::Value input, mlir::Value mask);

/// r, d and the standard deviation of renormalization; null without.
RenormCorrectionOp addCorrection(ModuleWriter &writer, const StepSettings &settings, mlir::Value mean, mlir::Value variance);

} // namespace bn::layers

#endif // BN_LIB_LAYERS_MODULEWRITER_H
