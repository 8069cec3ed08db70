// Initializers.cpp - constants as passes see them.
// SPDX-License-Identifier: Apache-2.0

#include "Initializers.h"

#include "FloatElements.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/StorageInterface.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace bn {

onnx::ConstantOp getConstant(Value value) {
  while (auto identity = value.getDefiningOp<onnx::IdentityOp>())
    value = identity.getInput();
  return value.getDefiningOp<onnx::ConstantOp>();
}

ElementsAttr getConstantValue(Value value) {
  onnx::ConstantOp constant = getConstant(value);
  return constant ? constant.getValue() : ElementsAttr();
}

std::optional<SmallVector<double>> getConstantReals(Value value) {
  ElementsAttr constant = getConstantValue(value);
  return constant ? readReals(constant) : std::nullopt;
}

std::optional<SmallVector<int64_t>> getIntegers(onnx::NodeOpInterface node, unsigned operand, StringRef attribute) {
  if (operand >= node->getNumOperands() || isAbsent(node->getOperand(operand))) {
    std::optional<ArrayRef<int64_t>> values = node.getInts(attribute);
    return values ? std::optional(llvm::to_vector(*values)) : std::nullopt;
  }
  onnx::ConstantOp constant = getConstant(node->getOperand(operand));
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (!dense || !dense.getElementType().isInteger())
    return std::nullopt;
  SmallVector<int64_t> values;
  for (const APInt &value : dense.getValues<APInt>())
    values.push_back(value.getSExtValue());
  return values;
}

bool isGraphOutput(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) { return user->hasTrait<OpTrait::IsTerminator>(); });
}

bool isAbsent(Value value) { return isa<NoneType>(value.getType()); }

bool hasOtherReaders(onnx::ConstantOp constant, Operation *reader) {
  SmallVector<Operation *> pending(constant->getUsers());
  while (!pending.empty()) {
    Operation *user = pending.pop_back_val();
    if (isa<onnx::IdentityOp>(user))
      llvm::append_range(pending, user->getUsers());
    else if (user != reader)
      return true;
  }
  return false;
}

int64_t getNumBytes(onnx::ConstantOp constant) {
  ShapedType type = constant.getValue().getShapedType();
  Type element = type.getElementType();
  return element.isIntOrFloat() ? llvm::divideCeil(type.getNumElements() * element.getIntOrFloatBitWidth(), 8) : 0;
}

std::string takeVersionName(onnx::ConstantOp constant, Operation *reader, FreshNames &names) {
  StringRef name = onnx::getValueName(constant);
  bool onlyReader = llvm::all_of(constant->getUsers(), [&](Operation *user) { return user == reader; });
  return onlyReader && !name.empty() ? name.str() : names.take((name + "_folded").str());
}

bool holdsInitializers(Operation *op) {
  auto function = op->getParentOfType<FunctionOpInterface>();
  return !function || !function->hasAttr(onnx::attr::function);
}

onnx::ConstantOp createInitializer(OpBuilder &builder, Location loc, ElementsAttr value, StringRef name) {
  auto constant = onnx::ConstantOp::create(builder, loc, value);
  if (!holdsInitializers(constant))
    constant.setNodeAttr("value");
  onnx::setOutputNames(constant, {name});
  return constant;
}

void eraseIfDead(RewriterBase &rewriter, ValueRange values) {
  SetVector<Operation *> pending; // none is erased while it is in here, whatever else reads it
  auto add = [&](ValueRange operands) {
    for (Value operand : operands)
      if (Operation *op = operand.getDefiningOp())
        pending.insert(op);
  };
  add(values);
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val();
    if (!isOpTriviallyDead(op))
      continue;
    add(op->getOperands());
    if (auto constant = dyn_cast<onnx::ConstantOp>(op))
      onnx::releaseStorage(constant.getValue()); // it can be had again
    rewriter.eraseOp(op);
  }
}

} // namespace bn
