// ReferenceExecution.cpp - runs a model through the plain interpreter.
// SPDX-License-Identifier: Apache-2.0

#include "ReferenceExecution.h"

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Inputs.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/SchemaInterface.h"
#include "bn/Reference/ControlFlow.h"
#include "bn/Reference/Interpreter.h"

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

/// The nodes that the interpreter does not know.
static SmallVector<Operation *> findUnsupported(ModuleOp module) {
  SmallVector<Operation *> nodes;
  module.walk([&](onnx::NodeOpInterface node) {
    if (!reference::isSupported(node) && !reference::isControlFlow(node))
      nodes.push_back(node);
  });
  return nodes;
}

/// Replaces such nodes by what they are made of, as far as ONNX says.
static void expandFunctions(ModuleOp module) {
  auto *schemas = module.getContext()->getLoadedDialect<onnx::OnnxDialect>()->getRegisteredInterface<onnx::SchemaInterface>();
  IRRewriter rewriter(module.getContext());
  for (bool expanded = true; expanded;) { // a body may hold further ones
    expanded = false;
    for (Operation *node : findUnsupported(module)) {
      rewriter.setInsertionPoint(node);
      expanded |= succeeded(schemas->expandFunctionBody(node, rewriter));
    }
  }
}

namespace {
class ReferenceExecution : public Execution {
public:
  /// Works on a copy, which leaves the module as the other verbs want it.
  ReferenceExecution(ModuleOp module, Session &session) : module(module.clone()), session(session) {
    expandFunctions(*this->module);
    main = llvm::cantFail(getMainGraph(*this->module));
  }

  Expected<std::vector<HostTensor>> run(ArrayRef<HostTensor> inputs) override {
    std::vector<reference::Tensor> values;
    for (auto [input, name] : llvm::zip_equal(inputs, getInputNames(main))) {
      if (input.type && isa<ComplexType>(input.type.getElementType()))
        return makeError(std::errc::not_supported, "input '" + name + "': the interpreter has no complex numbers");
      values.push_back(reference::fromHost(input));
    }
    FailureOr<std::vector<reference::Tensor>> results = reference::interpret(main, values);
    if (failed(results))
      return session.getDiagnostics().takeErrors(std::errc::invalid_argument, "the reference interpreter failed without a reason");
    std::vector<HostTensor> outputs;
    for (const reference::Tensor &result : *results)
      outputs.push_back(reference::toHost(result));
    return outputs;
  }

private:
  OwningOpRef<ModuleOp> module;
  func::FuncOp main;
  Session &session;
};
} // namespace

Expected<std::unique_ptr<Execution>> prepareReference(ModuleOp module, Session &session) {
  return std::make_unique<ReferenceExecution>(module, session);
}

} // namespace bn::driver
