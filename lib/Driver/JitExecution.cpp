// JitExecution.cpp - runs machine code, compiled now or before.
// SPDX-License-Identifier: Apache-2.0

#include "JitExecution.h"

#include "CompiledGraph.h"
#include "StagedGraph.h"
#include "Stages.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
class JitExecution : public Execution {
public:
  JitExecution(ModuleOp module, const ExecutionOptions &options, Session &session) : graph(module.clone(), options, session) {}

  Error prepare(ArrayRef<BoundInput> inputs) {
    return graph.prepare(llvm::map_to_vector(inputs, [](const BoundInput &input) -> Type { return input.type; }));
  }
  Expected<std::vector<HostTensor>> run(ArrayRef<HostTensor> inputs) override { return graph.run(inputs); }

private:
  StagedGraph graph;
};

class LibraryExecution : public Execution {
public:
  explicit LibraryExecution(CompiledGraph graph) : graph(std::move(graph)) {}

  Expected<std::vector<HostTensor>> run(ArrayRef<HostTensor> inputs) override {
    return graph.run(llvm::map_to_vector(inputs, [](const HostTensor &input) { return &input; }));
  }

private:
  CompiledGraph graph;
};
} // namespace

Expected<std::unique_ptr<Execution>> prepareJit(ModuleOp module, ArrayRef<BoundInput> inputs, const ExecutionOptions &options,
                                                Session &session) {
  if (Error error = optimizeGraph(module, {}, session))
    return error;
  auto execution = std::make_unique<JitExecution>(module, options, session);
  if (Error error = execution->prepare(inputs))
    return error;
  return execution;
}

std::unique_ptr<Execution> executeLibrary(std::unique_ptr<Library> library, func::FuncOp main) {
  auto types = llvm::map_to_vector(main.getResultTypes(), [](Type type) { return cast<RankedTensorType>(type); });
  auto run = [library = std::shared_ptr<Library>(std::move(library))](ArrayRef<const void *> in, ArrayRef<void *> out) {
    return library->run(in, out);
  };
  return std::make_unique<LibraryExecution>(CompiledGraph(run, SmallVector<RankedTensorType>(types)));
}

} // namespace bn::driver
