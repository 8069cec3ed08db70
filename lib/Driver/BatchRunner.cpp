// BatchRunner.cpp - runs a graph on one batch after the other.
// SPDX-License-Identifier: Apache-2.0

#include "BatchRunner.h"

#include "bn/Driver/Elements.h"

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

Expected<std::vector<HostTensor>> BatchRunner::run(ArrayRef<HostTensor> inputs) {
  std::string wanted;
  for (const HostTensor &input : inputs)
    wanted += formatType(input.type) + " ";
  if (wanted != shapes) {
    execution.reset();
    compiled = module.clone();
    Expected<func::FuncOp> main = getMainGraph(*compiled);
    if (!main)
      return main.takeError();
    Expected<std::vector<BoundInput>> bound = bindInputs(*main, std::vector<HostTensor>(inputs));
    if (!bound)
      return bound.takeError();
    Expected<std::unique_ptr<Execution>> prepared = prepare(*compiled, *bound, options.execution, session);
    if (!prepared)
      return prepared.takeError();
    execution = std::move(*prepared);
    shapes = std::move(wanted);
  }
  return execution->run(inputs);
}

} // namespace bn::driver
