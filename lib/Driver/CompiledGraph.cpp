// CompiledGraph.cpp - a graph of static shapes as machine code, and its buffers.
// SPDX-License-Identifier: Apache-2.0

#include "CompiledGraph.h"

#include "Compilation.h"
#include "IdleMemory.h"
#include "bn/Codegen/Target.h"
#include "bn/Driver/Elements.h"
#include "bn/Runtime/Engine.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

Expected<CompiledGraph> CompiledGraph::create(OwningOpRef<ModuleOp> module, const ExecutionOptions &options, Session &session,
                                              const CodeCache *place) {
  if (Error error = checkRunsHere(options.processor))
    return error;
  Expected<CompiledModel> model = compileGraph(*module, options, session, place);
  if (!model)
    return model.takeError();
  module = nullptr;
  return create(std::move(*model), options, session);
}

Expected<CompiledGraph> CompiledGraph::create(CompiledModel model, const ExecutionOptions &options, Session &session) {
  if (Error error = checkRunsHere(options.processor))
    return error;
  if (constexpr size_t many = size_t(16) << 20; model.weightsSize >= many) // reading them takes long enough
    returnIdleMemory();
  std::vector<kernel::LaunchInfo> launches = model.launches;
  SmallVector<RankedTensorType> outputTypes = model.outputTypes;
  Expected<std::unique_ptr<Engine>> engine = Engine::create(std::move(model), {options.threads});
  if (!engine)
    return engine.takeError();
  auto run = [engine = std::shared_ptr<Engine>(std::move(*engine)), launches = std::move(launches),
              &session](ArrayRef<const void *> in, ArrayRef<void *> out) -> Error {
    if (!session.getProfile())
      return engine->run(in, out);
    std::vector<LaunchTime> times;
    Error error = engine->run(in, out, &times);
    for (const auto &[launch, begin, end] : times)
      session.getProfile()->push_back(
          {launches[launch].nodes, /*onHost=*/false, launches[launch].flops, launches[launch].bytes, begin, end});
    return error;
  };
  return CompiledGraph(run, std::move(outputTypes));
}

Expected<std::vector<HostTensor>> CompiledGraph::run(ArrayRef<const HostTensor *> inputs) {
  auto inputBuffers = llvm::map_to_vector(inputs, [](const HostTensor *input) -> const void * { return input->bytes.data(); });
  std::vector<HostTensor> outputs;
  for (RankedTensorType type : outputTypes) {
    Expected<HostTensor> output = makeTensor(type);
    if (!output)
      return output.takeError();
    outputs.push_back(std::move(*output));
  }
  auto outputBuffers = llvm::map_to_vector(outputs, [](HostTensor &output) -> void * { return output.bytes.data(); });
  if (Error error = code(inputBuffers, outputBuffers))
    return error;
  return outputs;
}

} // namespace bn::driver
