// Plan.cpp - what a module in llvm form says about its code.
// SPDX-License-Identifier: Apache-2.0

#include "Plan.h"
#include "bn/IR/Kernel/ModuleAttributes.h"

#include "mlir/IR/Builders.h"

#include <system_error>

using namespace mlir;
using namespace bn;
using namespace bn::kernel;

namespace {
/// A number of the plan: the attribute that holds it, and where it goes.
struct Number {
  llvm::StringLiteral attribute;
  size_t CompiledModel::*member;
};
} // namespace

static const Number numbers[] = {{kInputsAttr, &CompiledModel::inputs},
                                 {kOutputsAttr, &CompiledModel::outputs},
                                 {kArenaSizeAttr, &CompiledModel::arenaSize},
                                 {kWeightsSizeAttr, &CompiledModel::weightsSize}};

llvm::Error bn::readPlan(ModuleOp module, CompiledModel &model) {
  for (const Number &number : numbers) {
    auto value = module->getAttrOfType<IntegerAttr>(number.attribute);
    if (!value)
      return llvm::createStringError(std::errc::invalid_argument, "expected a module in llvm form with the attribute '%s'",
                                     number.attribute.data());
    model.*number.member = value.getInt();
  }
  if (auto checks = module->getAttrOfType<ArrayAttr>(kChecksAttr))
    for (StringRef message : checks.getAsValueRange<StringAttr>())
      model.checks.push_back(message.str());
  model.weights = module->getAttrOfType<ArrayAttr>(kWeightsAttr);
  model.launches = getLaunches(module);
  return llvm::Error::success();
}

void bn::writePlan(const CompiledModel &model, ModuleOp module) {
  Builder builder(module.getContext());
  for (const Number &number : numbers)
    module->setAttr(number.attribute, builder.getI64IntegerAttr(model.*number.member));
  if (!model.checks.empty())
    module->setAttr(kChecksAttr, builder.getStrArrayAttr(SmallVector<StringRef>(model.checks.begin(), model.checks.end())));
  if (model.weights)
    module->setAttr(kWeightsAttr, model.weights);
  setLaunches(module, model.launches);
}
