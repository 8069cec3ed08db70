// FreshNames.cpp - names for new values.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/FreshNames.h"
#include "bn/IR/Onnx/Names.h"

using namespace mlir;

namespace bn::onnx {

void FreshNames::add(Operation *root) {
  root->walk([&](Operation *op) {
    for (Value result : op->getResults())
      taken.insert(getValueName(result));
    for (Region &region : op->getRegions())
      for (Value argument : region.getArguments())
        taken.insert(getValueName(argument));
  });
}

std::string FreshNames::take(StringRef wanted) {
  std::string name = wanted.str();
  for (unsigned i = 1; !taken.insert(name).second; ++i)
    name = (wanted + "_" + Twine(i)).str();
  return name;
}

} // namespace bn::onnx
