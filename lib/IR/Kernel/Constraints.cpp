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

LogicalResult bn::kernel::verifyEpilogue(Operation *op, Region &epilogue, ValueRange extras, Named init) {
  for (Value extra : extras) {
    ArrayRef<int64_t> shape = cast<ShapedType>(extra.getType()).getShape();
    bool fits = shape.size() == init.shape().size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = shape[i] == 1 || shape[i] == init.shape()[i];
    if (!fits) // C5
      return op->emitOpError("expected an operand in 'with' to repeat to ") << init.value.getType() << ", got " << extra.getType();
  }
  if (epilogue.empty())
    return extras.empty() ? success() : op->emitOpError("expected an epilogue that reads the operands in 'with'");
  Type element = getElementTypeOrSelf(init.value);
  if (epilogue.getNumArguments() != extras.size() + 1)
    return op->emitOpError("expected an epilogue of ") << extras.size() + 1 << " arguments, got " << epilogue.getNumArguments();
  for (Type type : epilogue.getArgumentTypes())
    if (type != element)
      return op->emitOpError("expected the epilogue's arguments to be ") << element << ", got " << type;
  Block &body = epilogue.front();
  auto yield = body.empty() ? YieldOp() : dyn_cast<YieldOp>(body.back());
  if (!yield || yield.getValues().size() != 1 || yield.getValues()[0].getType() != element)
    return op->emitOpError("expected the epilogue to yield a value of type ") << element;
  return success();
}
