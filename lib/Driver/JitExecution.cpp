// JitExecution.cpp - compiles a model and runs the machine code.
// SPDX-License-Identifier: Apache-2.0

#include "JitExecution.h"

#include "Stages.h"
#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Runtime/Engine.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
class JitExecution : public Execution {
public:
  JitExecution(std::unique_ptr<Engine> engine, SmallVector<RankedTensorType> outputTypes)
      : engine(std::move(engine)), outputTypes(std::move(outputTypes)) {}

  Expected<std::vector<HostTensor>> run(ArrayRef<HostTensor> inputs) override {
    SmallVector<const void *> inputBuffers;
    for (const HostTensor &input : inputs)
      inputBuffers.push_back(input.bytes.data());
    std::vector<HostTensor> outputs;
    for (RankedTensorType type : outputTypes) {
      Expected<HostTensor> output = makeTensor(type);
      if (!output)
        return output.takeError();
      outputs.push_back(std::move(*output));
    }
    SmallVector<void *> outputBuffers;
    for (HostTensor &output : outputs)
      outputBuffers.push_back(output.bytes.data());
    if (Error error = engine->run(inputBuffers, outputBuffers))
      return error;
    return outputs;
  }

private:
  std::unique_ptr<Engine> engine;
  SmallVector<RankedTensorType> outputTypes;
};
} // namespace

/// The types of the outputs while the module is in graph form. The code has a buffer for each, so all must be static.
static Expected<SmallVector<RankedTensorType>> getOutputTypes(ModuleOp module) {
  Expected<func::FuncOp> main = getMainGraph(module);
  if (!main)
    return main.takeError();
  SmallVector<RankedTensorType> types;
  for (auto [type, name] : llvm::zip(main->getResultTypes(), getOutputNames(*main))) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.hasStaticShape())
      return makeError(std::errc::not_supported,
                       "output '" + name + "' is " + formatType(type) + ": expected a tensor of a shape that does not depend on data");
    types.push_back(tensor);
  }
  return types;
}

Expected<std::unique_ptr<Execution>> prepareJit(ModuleOp module, ArrayRef<BoundInput> inputs, unsigned threads, Session &session) {
  if (Error error = optimizeGraph(module, {}, session))
    return error;
  if (Error error = bindShapes(module, inputs, session))
    return error;
  Expected<SmallVector<RankedTensorType>> outputTypes = getOutputTypes(module);
  if (!outputTypes)
    return outputTypes.takeError();
  if (Error error = lowerToKernel(module, session))
    return error;
  if (Error error = generateCode(module, session))
    return error;
  Expected<std::unique_ptr<Engine>> engine = Engine::create(module, {threads});
  if (!engine)
    return engine.takeError();
  return std::make_unique<JitExecution>(std::move(*engine), std::move(*outputTypes));
}

} // namespace bn::driver
