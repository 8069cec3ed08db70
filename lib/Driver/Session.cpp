// Session.cpp - sets up MLIR for one run of a verb.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Session.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Onnx/Import.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

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

void Session::noteInterpreted(llvm::StringRef node, llvm::StringRef reason) {
  std::vector<std::string> &nodes = interpreted[reason.str()];
  if (!llvm::is_contained(nodes, node))
    nodes.push_back(node.str());
}

void Session::printNotes(llvm::raw_ostream &os) const {
  constexpr size_t shown = 8;
  for (const auto &[reason, nodes] : interpreted) {
    os << "note: the interpreter, which is slow, runs ";
    llvm::interleaveComma(llvm::ArrayRef(nodes).take_front(shown), os);
    if (nodes.size() > shown)
      os << " and " << nodes.size() - shown << " more";
    os << ": " << reason << '\n';
  }
}

} // namespace bn::driver
