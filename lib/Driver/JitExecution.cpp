// JitExecution.cpp - runs machine code, compiled now or before.
// SPDX-License-Identifier: Apache-2.0

#include "JitExecution.h"

#include "CompiledGraph.h"
#include "FoldedResources.h"
#include "GraphParts.h"
#include "IdleMemory.h"
#include "StagedGraph.h"
#include "Stages.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/StorageInterface.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
class JitExecution : public Execution {
public:
  JitExecution(ModuleOp module, const ExecutionOptions &options, Session &session) : graph(module.clone(), options, session) {}

  Error prepare(TypeRange types) { return graph.prepare(types); }
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

/// Marks the constants that are none of these resources.
static void markTransient(ModuleOp module, const llvm::StringSet<> &kept) {
  module.walk([&](onnx::ConstantOp constant) {
    auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
    if (resource && !kept.contains(resource.getRawHandle().getKey()))
      constant->setAttr(onnx::kTransientAttr, UnitAttr::get(module.getContext()));
  });
}

/// The graph as one segment, or null where it is not one. What lowering packs is freed, but for the resources that are kept.
static Expected<OwningOpRef<ModuleOp>> takeWhole(ModuleOp module, TypeRange types, const llvm::StringSet<> &kept, Session &session) {
  Expected<func::FuncOp> main = getMainGraph(module);
  if (!main)
    return main.takeError();
  if (!getParameters(*main).empty())
    return nullptr;
  OwningOpRef<ModuleOp> bound = module.clone();
  if (Error error = bindShapes(*bound, types, session))
    return error;
  Expected<GraphParts> parts = cutGraph(*bound);
  if (!parts)
    return parts.takeError();
  if (!isWhole(*parts, llvm::cantFail(getMainGraph(*bound))))
    return nullptr;
  markTransient(*parts->segment.module, kept);
  return std::move(parts->segment.module);
}

static Expected<std::unique_ptr<Execution>> execute(Expected<CompiledGraph> graph) {
  if (!graph)
    return graph.takeError();
  return std::make_unique<CodeExecution>(std::move(*graph));
}

Expected<std::unique_ptr<Execution>> prepareJit(ModuleOp module, ArrayRef<BoundInput> inputs, const ExecutionOptions &options,
                                                Session &session) {
  // Where the whole model is one piece of code, that is found before anything else is done; else nothing but the code needs the graph.
  auto types = llvm::map_to_vector(inputs, [](const BoundInput &input) -> Type { return input.type; });
  std::optional<CodeCache> place = CodeCache::find(module, types, options);
  if (std::optional<CompiledModel> code = place ? place->load(session) : std::nullopt)
    return execute(CompiledGraph::create(std::move(*code), options, session));
  returnIdleMemory();
  llvm::StringSet<> kept = getResources(session.getContext());
  if (Error error = optimizeGraph(module, {}, session))
    return error;
  Expected<OwningOpRef<ModuleOp>> whole = takeWhole(module, types, kept, session);
  if (!whole)
    return whole.takeError();
  if (*whole)
    return execute(CompiledGraph::create(std::move(*whole), options, session, place ? &*place : nullptr));
  auto execution = std::make_unique<JitExecution>(module, options, session);
  if (Error error = execution->prepare(types))
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
