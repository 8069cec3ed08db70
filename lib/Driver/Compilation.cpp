// Compilation.cpp - a model made machine code for inputs of fixed types.
// SPDX-License-Identifier: Apache-2.0

#include "Compilation.h"

#include "Stages.h"
#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

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

Expected<Compilation> compileGraph(ModuleOp module, unsigned threads, Session &session) {
  Expected<SmallVector<RankedTensorType>> outputTypes = getOutputTypes(module);
  if (!outputTypes)
    return outputTypes.takeError();
  if (Error error = lowerToKernel(module, session))
    return error;
  if (Error error = generateCode(module, session))
    return error;
  Expected<CompiledModel> model = compileModel(module, threads);
  if (!model)
    return model.takeError();
  return Compilation{std::move(*model), std::move(*outputTypes)};
}

Expected<Compilation> compileGraph(ModuleOp module, ArrayRef<BoundInput> inputs, unsigned threads, Session &session) {
  if (Error error = optimizeGraph(module, {}, session))
    return error;
  if (Error error = bindShapes(module, inputs, session))
    return error;
  return compileGraph(module, threads, session);
}

} // namespace bn::driver
