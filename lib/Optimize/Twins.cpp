// Twins.cpp - linear nodes that share their weights, with equal affines behind them.
// SPDX-License-Identifier: Apache-2.0
//
//   %1 = conv %x, %w    %2 = bn.affine %1 scale a offset b          a network that runs on two images; or the same
//   %3 = conv %y, %w    %4 = bn.affine %3 scale a offset b          layers in both branches of an If

#include "Twins.h"

#include "Initializers.h"
#include "LinearOps.h"

using namespace mlir;

namespace bn {

/// The affine that is all that reads the op's result, or null.
static AffineOp getSoleAffine(Operation *op) {
  return op->getNumResults() == 1 && op->hasOneUse() ? dyn_cast<AffineOp>(*op->user_begin()) : AffineOp();
}

/// Whether both are the same value, or constants that are.
static bool areSame(Value one, Value other) {
  onnx::ConstantOp constant = getConstant(one);
  return one == other || (isAbsent(one) && isAbsent(other)) || (constant && constant == getConstant(other));
}

/// Whether both ops use the weight alike, whatever their strides and padding, and equal affines follow them. Their operands are the
/// same but for `data`.
static bool areTwins(Operation *one, const LinearForm &form, Operation *other, unsigned data) {
  AffineOp a = getSoleAffine(one), b = getSoleAffine(other);
  LinearForm otherForm;
  if (!a || !b || one->getName() != other->getName() || one->getNumOperands() != other->getNumOperands() ||
      a.getAxis() != b.getAxis() || a.getScale() != b.getScale() || a.getOffset() != b.getOffset() ||
      describeLinear(other, otherForm) != Reason::None || form.layout != otherForm.layout ||
      form.weightFactor != otherForm.weightFactor || form.biasFactor != otherForm.biasFactor)
    return false;
  for (auto [i, x, y] : llvm::enumerate(one->getOperands(), other->getOperands()))
    if (i != data && !areSame(x, y))
      return false;
  return true;
}

SmallVector<AffineOp> findTwins(AffineOp affine) {
  Operation *op = affine.getInput().getDefiningOp();
  LinearForm form;
  if (!op || describeLinear(op, form) != Reason::None || getSoleAffine(op) != affine)
    return {};
  unsigned data = form.weight->getOperandNumber() == 0 ? 1 : 0;
  SmallVector<AffineOp> twins = {affine};
  SmallVector<Operation *> readers(getConstant(form.weight->get())->getUsers());
  while (!readers.empty()) {
    Operation *reader = readers.pop_back_val();
    if (isa<onnx::IdentityOp>(reader)) {
      llvm::append_range(readers, reader->getUsers());
      continue;
    }
    if (reader == op)
      continue;
    if (!areTwins(op, form, reader, data))
      return {};
    if (AffineOp twin = getSoleAffine(reader); !llvm::is_contained(twins, twin)) // it may read the constant as its bias as well
      twins.push_back(twin);
  }
  return twins.size() > 1 ? twins : SmallVector<AffineOp>();
}

} // namespace bn
