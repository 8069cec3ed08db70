// Constraints.cpp - the checks that several ops of the kernel dialect share.
// SPDX-License-Identifier: Apache-2.0

#include "Constraints.h"

#include "bn/IR/Kernel/Kernel.h"

using namespace mlir;
using namespace bn::kernel;

LogicalResult bn::kernel::verifyRank(Operation *op, Named operand, int64_t rank) {
  if (!operand.value || operand.rank() == rank)
    return success();
  return op->emitOpError("expected ") << operand.name << " of rank " << rank << ", got " << operand.value.getType();
}

LogicalResult bn::kernel::verifyElements(Operation *op) {
  Type first = getElementTypeOrSelf(op->getOperand(0));
  for (Value value : op->getOperands())
    if (getElementTypeOrSelf(value) != first)
      return op->emitOpError("expected elements of type ") << first << ", got " << value.getType();
  return success();
}

LogicalResult bn::kernel::verifyPrecision(Operation *op, ArrayRef<Named> operands) {
  Type first = getSumType(getElementTypeOrSelf(operands.front().value));
  for (const Named &operand : operands.drop_front())
    if (operand.value && getSumType(getElementTypeOrSelf(operand.value)) != first)
      return op->emitOpError("expected ") << operand.name << " of elements of type " << first << ", got " << operand.value.getType();
  return success();
}

LogicalResult bn::kernel::verifyFactors(Operation *op, Named lhs, Named rhs, Named bias) {
  Type factor = getElementTypeOrSelf(lhs.value), sum = getSumType(factor);
  if (getElementTypeOrSelf(rhs.value) != factor)
    return op->emitOpError("expected ") << rhs.name << " of elements of type " << factor << ", got " << rhs.value.getType();
  if (bias.value && getElementTypeOrSelf(bias.value) != sum)
    return op->emitOpError("expected a bias of elements of type ") << sum << ", got " << bias.value.getType();
  return success();
}

LogicalResult bn::kernel::verifySize(Operation *op, Named operand, int64_t dim, int64_t expected) {
  if (operand.shape()[dim] == expected)
    return success();
  return op->emitOpError("expected dimension ")
         << dim << " of " << operand.name << " to be " << expected << ", got " << operand.shape()[dim];
}

LogicalResult bn::kernel::verifyDestination(Operation *op, Value init) {
  bool tensor = isa<RankedTensorType>(init.getType());
  if (op->getNumResults() == (tensor ? 1 : 0) && (!tensor || op->getResult(0).getType() == init.getType()))
    return success();
  return op->emitOpError("expected a result of the type of 'outs' on tensors and none on memrefs");
}

LogicalResult bn::kernel::verifyEpilogue(Operation *op, Region &epilogue, Type sum, ValueRange extras, Named init) {
  for (Value extra : extras) {
    ArrayRef<int64_t> shape = cast<ShapedType>(extra.getType()).getShape();
    bool fits = shape.size() == init.shape().size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = shape[i] == 1 || shape[i] == init.shape()[i];
    if (!fits) // C5
      return op->emitOpError("expected an operand in 'with' to repeat to ") << init.value.getType() << ", got " << extra.getType();
  }
  Type element = getElementTypeOrSelf(init.value);
  if (epilogue.empty() && element != sum)
    return op->emitOpError("expected ") << init.name << " of elements of type " << sum << ", got " << init.value.getType();
  if (epilogue.empty())
    return extras.empty() ? success() : op->emitOpError("expected an epilogue that reads the operands in 'with'");
  if (epilogue.getNumArguments() != extras.size() + 1)
    return op->emitOpError("expected an epilogue of ") << extras.size() + 1 << " arguments, got " << epilogue.getNumArguments();
  SmallVector<Type> types = {sum};
  for (Value extra : extras)
    types.push_back(getElementTypeOrSelf(extra));
  for (auto [type, expected] : llvm::zip_equal(epilogue.getArgumentTypes(), types))
    if (type != expected)
      return op->emitOpError("expected the epilogue's argument to be ") << expected << ", got " << type;
  Block &body = epilogue.front();
  auto yield = body.empty() ? YieldOp() : dyn_cast<YieldOp>(body.back());
  if (!yield || yield.getValues().size() != 1 || yield.getValues()[0].getType() != element)
    return op->emitOpError("expected the epilogue to yield a value of type ") << element;
  return success();
}
