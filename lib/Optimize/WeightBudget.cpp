// WeightBudget.cpp - how many bytes of constants a rewrite frees.
// SPDX-License-Identifier: Apache-2.0

#include "WeightBudget.h"

#include "Affines.h"
#include "Initializers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace bn {

static int64_t getNumBytes(int64_t elements, Type type) { return llvm::divideCeil(elements * type.getIntOrFloatBitWidth(), 8); }

/// Whether only `ops`, what is inside of them, and Identity nodes for them read the value.
static bool isReadOnlyBy(Value value, ArrayRef<Operation *> ops) {
  SmallVector<Value> pending = {value};
  while (!pending.empty())
    for (Operation *user : pending.pop_back_val().getUsers()) {
      if (llvm::any_of(ops, [&](Operation *op) { return op->isAncestor(user); }))
        continue;
      if (!isa<onnx::IdentityOp>(user))
        return false;
      pending.push_back(user->getResult(0));
    }
  return true;
}

/// The constants that an affine without originals will become.
static int64_t countRestoredBytes(AffineOp affine) {
  ChannelMap map = getMap(affine);
  int64_t channels = map.isUniform() ? 1 : map.scale.size();
  return getNumBytes(channels * (!map.hasUnitScale() + !map.hasZeroOffset()), cast<ShapedType>(affine.getType()).getElementType());
}

int64_t countFreedBytes(ArrayRef<Operation *> ops) {
  llvm::SmallSetVector<onnx::ConstantOp, 8> freed;
  int64_t bytes = 0;
  for (Operation *top : ops) {
    auto affine = dyn_cast<AffineOp>(top);
    if (affine && affine.getOriginals().empty())
      bytes += countRestoredBytes(affine);
    top->walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (onnx::ConstantOp constant = getConstant(operand); constant && isReadOnlyBy(constant, ops))
          freed.insert(constant);
    });
  }
  for (onnx::ConstantOp constant : freed) {
    auto type = cast<ShapedType>(constant.getType());
    if (type.getElementType().isIntOrFloat())
      bytes += getNumBytes(type.getNumElements(), type.getElementType());
  }
  return bytes;
}

} // namespace bn
