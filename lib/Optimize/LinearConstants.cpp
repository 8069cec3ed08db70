// LinearConstants.cpp - gives linear nodes other constants.
// SPDX-License-Identifier: Apache-2.0

#include "LinearConstants.h"

#include "FloatElements.h"
#include "bn/IR/Onnx/Names.h"

using namespace mlir;

namespace bn {

/// Makes `bias` the bias, with factor 1.
static void setBias(Operation *op, const LinearForm &form, Value bias) {
  form.bias->set(bias);
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  if (!gemm)
    return;
  gemm.removeBetaAttr();
  if (gemm.getVersion() < 7) // older versions broadcast on demand only
    gemm.setBroadcast(1);
}

/// New initializers stand where the old ones do, which dominates every reader.
static onnx::ConstantOp createAfter(RewriterBase &rewriter, onnx::ConstantOp anchor, ElementsAttr value, StringRef name) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfter(anchor);
  return createInitializer(rewriter, anchor->getLoc(), value, name);
}

/// `conv1.weight` has `conv1.bias`; any other name gets an ending.
static std::string getBiasName(StringRef weightName) {
  return (weightName.consume_back("weight") ? weightName + "bias" : weightName + "_bias").str();
}

/// Adds the range of the weights before and after to what the node notes already.
static void noteWeightRange(Operation *op, WeightRange before, WeightRange after) {
  if (auto noted = op->getAttrOfType<DenseF64ArrayAttr>(attr::weightRange))
    before = {noted[0], noted[1]};
  op->setAttr(attr::weightRange, DenseF64ArrayAttr::get(op->getContext(), {before.low, before.high, after.low, after.high}));
}

double getNotedError(Operation *op) {
  auto noted = op->getAttrOfType<FloatAttr>(attr::maxError);
  return noted ? noted.getValueAsDouble() : 0;
}

void noteError(Operation *op, double error, double growth) {
  error += growth * getNotedError(op);
  op->setAttr(attr::maxError, FloatAttr::get(Float64Type::get(op->getContext()), error));
}

/// The constant with these numbers in the place of `old`, of which others may still read the old version: one of them may have the
/// same new version already. `kind` tells apart what is made of one constant.
static onnx::ConstantOp makeVersion(RewriterBase &rewriter, onnx::ConstantOp old, StringRef kind, ElementsAttr value, bool isShared,
                                    function_ref<std::string()> takeName) {
  std::string origin = (onnx::getValueName(old) + kind).str();
  for (auto next = dyn_cast_or_null<onnx::ConstantOp>(old->getNextNode()); next;
       next = dyn_cast_or_null<onnx::ConstantOp>(next->getNextNode()))
    if (auto noted = next->getAttrOfType<StringAttr>(attr::versionOf);
        noted && noted.getValue() == origin && haveEqualNumbers(next.getValue(), value))
      return next;
  onnx::ConstantOp version = createAfter(rewriter, old, value, takeName());
  if (isShared && !onnx::getValueName(old).empty())
    version->setAttr(attr::versionOf, rewriter.getStringAttr(origin));
  return version;
}

void replaceConstants(RewriterBase &rewriter, Operation *op, const LinearForm &form, const LinearConstants &constants,
                      FreshNames &names) {
  onnx::ConstantOp oldWeight = getConstant(form.weight->get());
  bool sharesWeight = hasOtherReaders(oldWeight, op);
  std::string weightName = onnx::getValueName(oldWeight).str();
  if (constants.bias) {
    Value old = form.bias->get();
    onnx::ConstantOp oldBias = getConstant(old);
    auto takeName = [&] { return oldBias ? takeVersionName(oldBias, op, names) : names.take(getBiasName(weightName)); };
    bool isShared = oldBias ? hasOtherReaders(oldBias, op) : sharesWeight;
    setBias(op, form, makeVersion(rewriter, oldBias ? oldBias : oldWeight, oldBias ? "" : " bias", constants.bias, isShared, takeName));
    eraseIfDead(rewriter, old);
  }
  if (constants.weight) {
    Value old = form.weight->get();
    auto takeName = [&] { return takeVersionName(oldWeight, op, names); };
    form.weight->set(makeVersion(rewriter, oldWeight, "", constants.weight, sharesWeight, takeName));
    noteWeightRange(op, constants.before, constants.after);
    eraseIfDead(rewriter, old);
  }
  noteError(op, constants.error, constants.growth);
}

} // namespace bn
