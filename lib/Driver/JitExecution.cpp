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

  Error prepare(TypeRange types, const CodeCache *place) { return graph.prepare(types, place); }
  Expected<std::vector<HostTensor>> run(ArrayRef<HostTensor> inputs) override { return graph.run(inputs); }

private:
  StagedGraph graph;
};

/// Runs code alone.
class CodeExecution : public Execution {
public:
  explicit CodeExecution(CompiledGraph graph) : graph(std::move(graph)) {}

  Expected<std::vector<HostTensor>> run(ArrayRef<HostTensor> inputs) override {
    return graph.run(llvm::map_to_vector(inputs, [](const HostTensor &input) { return &input; }));
  }

private:
  CompiledGraph graph;
};
} // namespace

Expected<std::unique_ptr<Execution>> prepareJit(ModuleOp module, ArrayRef<BoundInput> inputs, const ExecutionOptions &options,
                                                Session &session) {
  // Where the whole model is one piece of code, that is found before anything else is done.
  auto types = llvm::map_to_vector(inputs, [](const BoundInput &input) -> Type { return input.type; });
  std::optional<CodeCache> place = CodeCache::find(module, types, options);
  if (std::optional<CompiledModel> kept = place ? place->load(session) : std::nullopt) {
    Expected<CompiledGraph> graph = CompiledGraph::create(std::move(*kept), options, session);
    if (!graph)
      return graph.takeError();
    return std::make_unique<CodeExecution>(std::move(*graph));
  }
  if (Error error = optimizeGraph(module, {}, session))
    return error;
  auto execution = std::make_unique<JitExecution>(module, options, session);
  if (Error error = execution->prepare(types, place ? &*place : nullptr))
    return error;
  return execution;
}

std::unique_ptr<Execution> executeLibrary(std::unique_ptr<Library> library, func::FuncOp main) {
  auto types = llvm::map_to_vector(main.getResultTypes(), [](Type type) { return cast<RankedTensorType>(type); });
  auto run = [library = std::shared_ptr<Library>(std::move(library))](ArrayRef<const void *> in, ArrayRef<void *> out) {
    return library->run(in, out);
  };
  return std::make_unique<CodeExecution>(CompiledGraph(run, SmallVector<RankedTensorType>(types)));
}

} // namespace bn::driver
