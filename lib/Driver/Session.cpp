// Session.cpp - sets up MLIR for one run of a verb.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Session.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Onnx/Import.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bn::driver {

static mlir::DialectRegistry getGraphDialects() {
  mlir::DialectRegistry registry;
  registry.insert<BNDialect, onnx::OnnxDialect, mlir::func::FuncDialect>();
  onnx::registerSchemaInterface(registry);
  return registry;
}

// One model is one function: a thread pool in the context would only cost its start.
Session::Session() : context(getGraphDialects(), mlir::MLIRContext::Threading::DISABLED), diagnostics(&context) {
  context.loadDialect<BNDialect, onnx::OnnxDialect, mlir::func::FuncDialect>();
}

} // namespace bn::driver
