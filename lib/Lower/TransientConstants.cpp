// TransientConstants.cpp - constants that are freed as soon as what they are for has been lowered.
// SPDX-License-Identifier: Apache-2.0

#include "TransientConstants.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/ElementMemory.h"
#include "bn/IR/Kernel/Kernel.h"
#include "bn/IR/Onnx/StorageInterface.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace bn::lower {

TransientConstants::TransientConstants(ModuleOp module) {
  module.walk([&](onnx::ConstantOp constant) {
    if (constant->hasAttr(onnx::kTransientAttr))
      readers[constant.getValue()] += llvm::range_size(constant->getUses());
  });
}

/// Whether the ops that a node became, which stand before it, have the elements of a constant as their own.
static bool useElements(Operation *node, ElementsAttr value) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  auto isUse = [&](kernel::ConstantOp constant) {
    auto other = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
    return WalkResult(failure(other && resource && other.getRawHandle() == resource.getRawHandle()));
  };
  for (Operation *op = node->getPrevNode(); op && !isa<onnx::OnnxDialect, BNDialect>(op->getDialect()); op = op->getPrevNode())
    if (op->walk(isUse).wasInterrupted())
      return true;
  return false;
}

void TransientConstants::noteLowered(Operation *node, ArrayRef<ValueRange> lowered) {
  for (auto [operand, values] : llvm::zip_equal(node->getOperands(), lowered)) {
    auto constant = operand.getDefiningOp<onnx::ConstantOp>();
    auto found = constant ? readers.find(constant.getValue()) : readers.end();
    if (found == readers.end())
      continue;
    bool isOperand = llvm::any_of(values, [](Value value) { return !value.use_empty(); });
    if (isOperand || useElements(node, constant.getValue())) {
      readers.erase(found); // it stays
      continue;
    }
    if (--found->second > 0)
      continue;
    freeElements(constant.getValue());
    readers.erase(found);
  }
}

} // namespace bn::lower
