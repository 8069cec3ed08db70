// JitExecution.cpp - runs machine code, compiled now or before.
// SPDX-License-Identifier: Apache-2.0

#include "JitExecution.h"

#include "Compilation.h"
#include "bn/Driver/Elements.h"
#include "bn/Runtime/Engine.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
class CompiledExecution : public Execution {
public:
  /// Runs on the buffers of the inputs and of the outputs.
  using Code = std::function<Error(ArrayRef<const void *> inputs, ArrayRef<void *> outputs)>;

  CompiledExecution(Code code, SmallVector<RankedTensorType> outputTypes) : code(std::move(code)), outputTypes(std::move(outputTypes)) {}

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
    if (Error error = code(inputBuffers, outputBuffers))
      return error;
    return outputs;
  }

private:
  Code code;
  SmallVector<RankedTensorType> outputTypes;
};
} // namespace

Expected<std::unique_ptr<Execution>> prepareJit(ModuleOp module, ArrayRef<BoundInput> inputs, unsigned threads, Session &session) {
  Expected<Compilation> compilation = compileGraph(module, inputs, threads, session);
  if (!compilation)
    return compilation.takeError();
  Expected<std::unique_ptr<Engine>> engine = Engine::create(std::move(compilation->model), {threads});
  if (!engine)
    return engine.takeError();
  auto run = [engine = std::shared_ptr<Engine>(std::move(*engine))](ArrayRef<const void *> in, ArrayRef<void *> out) {
    return engine->run(in, out);
  };
  return std::make_unique<CompiledExecution>(run, std::move(compilation->outputTypes));
}

std::unique_ptr<Execution> executeLibrary(std::unique_ptr<Library> library, func::FuncOp main) {
  auto types = llvm::map_to_vector(main.getResultTypes(), [](Type type) { return cast<RankedTensorType>(type); });
  auto run = [library = std::shared_ptr<Library>(std::move(library))](ArrayRef<const void *> in, ArrayRef<void *> out) {
    library->run(in, out);
    return Error::success();
  };
  return std::make_unique<CompiledExecution>(run, std::move(types));
}

} // namespace bn::driver
