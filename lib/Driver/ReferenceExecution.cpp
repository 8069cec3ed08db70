// ReferenceExecution.cpp - runs a model through the plain interpreter.
// SPDX-License-Identifier: Apache-2.0

#include "ReferenceExecution.h"

#include "bn/Driver/ExitCode.h"
#include "bn/Reference/Interpreter.h"

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

namespace {
class ReferenceExecution : public Execution {
public:
  ReferenceExecution(func::FuncOp main, Session &session) : main(main), session(session) {}

  Expected<std::vector<HostTensor>> run(ArrayRef<HostTensor> inputs) override {
    std::vector<reference::Tensor> values;
    for (const HostTensor &input : inputs)
      values.push_back(reference::fromHost(input));
    FailureOr<std::vector<reference::Tensor>> results = reference::interpret(main, values);
    if (failed(results))
      return session.getDiagnostics().takeErrors(std::errc::not_supported, "the reference interpreter failed without a reason");
    std::vector<HostTensor> outputs;
    for (const reference::Tensor &result : *results)
      outputs.push_back(reference::toHost(result));
    return outputs;
  }

private:
  func::FuncOp main;
  Session &session;
};
} // namespace

Expected<std::unique_ptr<Execution>> prepareReference(func::FuncOp main, Session &session) {
  return std::make_unique<ReferenceExecution>(main, session);
}

} // namespace bn::driver
