// LayerEngine.cpp - runs the modules of layers through either engine.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/LayerEngine.h"

#include "bn/Driver/Execution.h"

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

namespace {
class LayerProgram : public layers::Program {
public:
  LayerProgram(OwningOpRef<ModuleOp> module, std::unique_ptr<Execution> execution)
      : module(std::move(module)), execution(std::move(execution)) {}

  Expected<std::vector<HostTensor>> run(ArrayRef<HostTensor> inputs) override { return execution->run(inputs); }

private:
  OwningOpRef<ModuleOp> module; ///< the execution reads it
  std::unique_ptr<Execution> execution;
};
} // namespace

static Expected<std::unique_ptr<layers::Program>> compile(OwningOpRef<ModuleOp> module, const ExecutionOptions &options, Session &session) {
  Expected<func::FuncOp> main = getMainGraph(*module);
  if (!main)
    return main.takeError();
  std::vector<BoundInput> inputs;
  for (auto [name, type] : llvm::zip_equal(getInputNames(*main), main->getArgumentTypes()))
    inputs.push_back({name, cast<RankedTensorType>(type), std::nullopt});
  Expected<std::unique_ptr<Execution>> execution = prepare(*module, inputs, options, session);
  if (!execution)
    return execution.takeError();
  return std::make_unique<LayerProgram>(std::move(module), std::move(*execution));
}

layers::Compiler makeLayerCompiler(Session &session, const ExecutionOptions &options) {
  return [&session, options](OwningOpRef<ModuleOp> module) { return compile(std::move(module), options, session); };
}

} // namespace bn::driver
