// MeasurableCopy.cpp - a copy of a model in whose main graph all that some BatchNormalizations see can be measured.
// SPDX-License-Identifier: Apache-2.0
//
// Calls around a layer are replaced by the nodes of the function. The layer is known by its node's name meanwhile.

#include "MeasurableCopy.h"

#include "MomentsInBodies.h"
#include "bn/Driver/Inputs.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/SchemaInterface.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace bn::driver {

/// What the name of a layer begins with; its number follows.
static constexpr StringLiteral kPrefix = "bn.measured.";

/// The number of a layer, or none.
static std::optional<size_t> getNumber(Operation *op) {
  StringRef name = onnx::getNodeName(op);
  size_t number;
  if (!name.consume_front(kPrefix) || name.getAsInteger(10, number))
    return std::nullopt;
  return number;
}

namespace {
/// Replaces the calls of a main graph that hide layers.
class Inlining {
public:
  explicit Inlining(func::FuncOp main)
      : main(main), rewriter(main.getContext()),
        schemas(*main.getContext()->getLoadedDialect<onnx::OnnxDialect>()->getRegisteredInterface<onnx::SchemaInterface>()) {}

  /// Adds the numbers of layers that stay hidden.
  void run(DenseSet<size_t> &hidden) {
    while (onnx::GenericNodeOp node = findNode()) {
      if (succeeded(schemas.inlineCall(node, rewriter)))
        continue;
      for (size_t number : getHidden(node))
        hidden.insert(number);
      given.insert(node);
    }
  }

private:
  /// The numbers of the layers in the function that a node calls, and in those that this calls.
  SmallVector<size_t> getHidden(onnx::GenericNodeOp node) {
    SmallVector<size_t> numbers;
    if (func::FuncOp callee = schemas.getCallee(node))
      callee.walk([&](Operation *op) {
        if (std::optional<size_t> number = getNumber(op))
          numbers.push_back(*number);
        if (auto inner = dyn_cast<onnx::GenericNodeOp>(op))
          llvm::append_range(numbers, getHidden(inner)); // functions do not call themselves
      });
    return numbers;
  }

  /// A node that hides layers and was not tried.
  onnx::GenericNodeOp findNode() {
    onnx::GenericNodeOp found;
    main.walk([&](onnx::GenericNodeOp node) {
      if (given.contains(node) || getHidden(node).empty())
        return WalkResult::advance();
      found = node;
      return WalkResult::interrupt();
    });
    return found;
  }

  func::FuncOp main;
  IRRewriter rewriter;
  const onnx::SchemaInterface &schemas;
  DenseSet<Operation *> given; ///< those that cannot be replaced
};
} // namespace

MeasurableCopy makeMeasurableCopy(ModuleOp module, ArrayRef<Operation *> layers) {
  IRMapping mapping;
  MeasurableCopy copy{cast<ModuleOp>(module->clone(mapping)), {}};
  copy.copies.resize(layers.size());
  for (auto [number, layer] : llvm::enumerate(layers))
    mapping.lookup(layer)->setAttr(onnx::attr::name, StringAttr::get(module.getContext(), kPrefix + Twine(number)));
  func::FuncOp main = llvm::cantFail(getMainGraph(*copy.module));
  DenseSet<size_t> hidden;
  Inlining(main).run(hidden);
  main.walk([&](Operation *op) {
    std::optional<size_t> number = getNumber(op);
    if (!number)
      return;
    copy.copies[*number].push_back(op);
    if (!isa<InferenceOp, TrainingOp>(op) || !canBringOut(op))
      hidden.insert(*number);
  });
  for (size_t number : hidden)
    copy.copies[number].clear();
  return copy;
}

} // namespace bn::driver
