// MovePlanCommit.cpp - what a traced plan costs, its new constants, and carrying it out.
// SPDX-License-Identifier: Apache-2.0

#include "LinearConstants.h"
#include "MovePlan.h"

#include "AffineCost.h"
#include "ChannelMath.h"
#include "FileSize.h"
#include "FloatElements.h"
#include "bn/IR/Onnx/Names.h"

using namespace mlir;

namespace bn {

int64_t MovePlan::getAddedBytes() const {
  int64_t bytes = 0;
  for (const LinearChange &change : linears)
    bytes += change.getAddedBytes();
  for (const ConstantChange &change : constants) {
    onnx::ConstantOp old = getConstant(change.use->get());
    bytes += change.type.getNumElements() * change.type.getElementTypeBitWidth() / 8;
    bytes -= hasOtherReaders(old, change.use->getOwner()) ? 0 : getNumBytes(old);
  }
  for (const AffineChange &change : affines)
    bytes += countBytes(change.map, change.affine) - countBytes(change.affine);
  if (auto affine = dyn_cast<AffineOp>(mover))
    for (const ShiftLeft &left : shiftsBehind)
      bytes += countBytes(left.map, affine);
  return bytes;
}

Reason MovePlan::prepare() {
  for (LinearChange &change : linears)
    if (Reason why = change.prepare(); why != Reason::None)
      return why;
  for (ConstantChange &change : constants)
    if (Reason why = storeReals(change.values, change.type, "constant", change.newValue); why != Reason::None)
      return why;
  for (AffineChange &change : affines) {
    Type element = cast<ShapedType>(change.affine.getType()).getElementType();
    for (ArrayRef<double> values : {ArrayRef(change.map.getNumbers().scale), ArrayRef(change.map.getNumbers().offset)})
      if (Reason why = checkFit(values, element); why != Reason::None)
        return why;
  }
  return Reason::None;
}

/// An affine with these numbers that accounts for `sources`.
static AffineOp createAffine(PatternRewriter &rewriter, Location loc, Value input, int64_t axis, int64_t channels,
                             const BroadcastMap &map, ArrayRef<StringRef> sources) {
  ChannelMap numbers;
  [[maybe_unused]] Reason why = map.getAlong(axis, channels, numbers);
  assert(why == Reason::None && "checked by the plan");
  auto affine = AffineOp::create(rewriter, loc, input.getType(), input, numbers.scale, numbers.offset, axis);
  addSources(affine, sources);
  return affine;
}

void MovePlan::commit(PatternRewriter &rewriter, FreshNames &names) {
  OpBuilder::InsertionGuard guard(rewriter);
  auto affine = dyn_cast<AffineOp>(mover);
  SmallVector<StringRef> sources = affine ? getSources(affine) : SmallVector<StringRef>();
  for (LinearChange &change : linears)
    rewriter.modifyOpInPlace(change.getOperation(), [&] {
      change.commit(rewriter, names);
      addSources(change.getOperation(), sources);
    });
  for (ConstantChange &change : constants) {
    Value old = change.use->get();
    onnx::ConstantOp constant = getConstant(old);
    std::string name = takeVersionName(constant, change.use->getOwner(), names);
    rewriter.setInsertionPointAfter(constant);
    Value updated = createInitializer(rewriter, constant->getLoc(), change.newValue, name);
    rewriter.modifyOpInPlace(change.use->getOwner(), [&] {
      change.use->set(updated);
      addSources(change.use->getOwner(), sources);
      noteError(change.use->getOwner(), *llvm::max_element(getRounding(change.values, change.newValue)), change.growth);
    });
    eraseIfDead(rewriter, old);
  }
  for (ShiftLeft &left : shiftsBehind) {
    rewriter.setInsertionPointAfter(left.op);
    Value result = left.op->getResult(0);
    AffineOp shift = createAffine(rewriter, mover->getLoc(), result, left.axis, left.channels, left.map, sources);
    onnx::setOutputNames(shift, {names.take((onnx::getValueName(result) + "_shifted").str())});
    if (StringAttr name = affine ? getReplacementName(affine) : StringAttr())
      shift->setAttr(onnx::attr::name, name);
    rewriter.replaceAllUsesExcept(result, shift.getOutput(), shift);
  }
  for (AffineChange &change : affines) {
    AffineOp old = change.affine;
    rewriter.setInsertionPoint(old);
    SmallVector<StringRef> all = getSources(old);
    all.append(sources);
    AffineOp updated =
        createAffine(rewriter, old->getLoc(), old.getInput(), old.getAxis(), old.getScale().size(), change.map, all);
    onnx::takeOutputNames(old, updated);
    if (StringAttr name = getReplacementName(old))
      updated->setAttr(onnx::attr::name, name);
    rewriter.replaceOp(old, updated);
  }
}

} // namespace bn
