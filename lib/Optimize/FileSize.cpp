// FileSize.cpp - how many bytes a graph takes in its file.
// SPDX-License-Identifier: Apache-2.0

#include "FileSize.h"

#include "AffineCost.h"
#include "Initializers.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace bn {

/// On a function: its size before anything was folded.
static constexpr StringLiteral bytesBefore = "bn.bytes_before";

std::optional<int64_t> getNumBytes(RankedTensorType type) {
  Type element = type.getElementType();
  int64_t bytes = 1;
  if (auto complex = dyn_cast<ComplexType>(element))
    element = complex.getElementType(), bytes = 2;
  bytes *= element.isIntOrFloat() ? llvm::divideCeil(element.getIntOrFloatBitWidth(), 8) : sizeof(std::string);
  for (int64_t size : type.getShape())
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(bytes, size, bytes))
      return std::nullopt;
  return bytes;
}

bool isUsed(Operation *op, const DenseSet<Operation *> &unused) {
  return llvm::any_of(op->getUsers(), [&](Operation *user) { return !unused.contains(user); });
}

int64_t estimateNodeBytes(Operation *op) {
  constexpr int64_t frame = 6, attributeBytes = 12; // tags and lengths of a message; an attribute of one number
  int64_t bytes = frame + onnx::getOperatorName(op).size() + onnx::getNodeName(op).size();
  for (Value value : llvm::concat<Value>(SmallVector<Value>(op->getOperands()), SmallVector<Value>(op->getResults())))
    bytes += isAbsent(value) ? 0 : 2 + onnx::getValueName(value).size();
  if (auto node = dyn_cast<onnx::NodeOpInterface>(op))
    bytes += attributeBytes * node.getNodeAttrs().size();
  return bytes;
}

int64_t estimateInitializerBytes(StringRef name, RankedTensorType type) {
  constexpr int64_t frame = 8, dimBytes = 2; // tags and lengths of message, name and data; the element type
  return frame + dimBytes * type.getRank() + name.size() + getNumBytes(type).value_or(0);
}

int64_t estimateFileBytes(Operation *root, const DenseSet<Operation *> &unused) {
  int64_t bytes = 0;
  root->walk([&](Operation *op) {
    auto constant = dyn_cast<onnx::ConstantOp>(op);
    if (constant && isUsed(op, unused))
      bytes += estimateInitializerBytes(onnx::getValueName(constant), cast<RankedTensorType>(constant.getType()));
    if (isa<onnx::NodeOpInterface, InferenceOp, TrainingOp>(op) && !unused.contains(op))
      bytes += estimateNodeBytes(op);
    if (auto affine = dyn_cast<AffineOp>(op); affine && affine.getOriginals().empty() && !unused.contains(op))
      bytes += countBytes(affine); // it becomes nodes again; originals count by themselves
  });
  return bytes;
}

static func::FuncOp getFunction(Operation *op) {
  auto function = dyn_cast<func::FuncOp>(op);
  return function ? function : op->getParentOfType<func::FuncOp>();
}

void noteFileBytes(Operation *op) {
  func::FuncOp function = getFunction(op);
  if (!function->hasAttr(bytesBefore))
    function->setAttr(bytesBefore, Builder(function).getI64IntegerAttr(estimateFileBytes(function)));
}

void forgetFileBytes(Operation *op) { getFunction(op)->removeAttr(bytesBefore); }

std::optional<int64_t> getRoom(Operation *op, const DenseSet<Operation *> &unused) {
  func::FuncOp function = getFunction(op);
  auto noted = function->getAttrOfType<IntegerAttr>(bytesBefore);
  return noted ? std::optional(noted.getInt() - estimateFileBytes(function, unused)) : std::nullopt;
}

} // namespace bn
