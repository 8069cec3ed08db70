// AffineCost.cpp - how many nodes and bytes an affine takes in standard ONNX.
// SPDX-License-Identifier: Apache-2.0

#include "AffineCost.h"

#include "Affines.h"
#include "FileSize.h"
#include "Initializers.h"
#include "bn/IR/Onnx/Names.h"

using namespace mlir;

namespace bn {

BroadcastMap getBroadcastMap(AffineOp affine) {
  auto type = dyn_cast<RankedTensorType>(affine.getType());
  int64_t axis = affine.getAxis();
  return BroadcastMap::along(axis, type ? type.getRank() : axis + 1, getMap(affine));
}

int64_t countNodes(const BroadcastMap &map) { return !map.hasUnitScale() + !map.hasZeroOffset(); }

int64_t countNodes(AffineOp affine) {
  SmallVector<Operation *> originals = getOriginals(affine);
  int64_t count = countNodes(getBroadcastMap(affine));
  if (originals.empty())
    return count;
  bool hasBatchNorm = llvm::any_of(originals, [&](Operation *op) {
    auto norm = dyn_cast<InferenceOp>(op);
    return norm && norm.getAxes() == ArrayRef<int64_t>(affine.getAxis());
  });
  return hasBatchNorm || originals.size() == 1 ? 1 : std::min<int64_t>(count, originals.size());
}

int64_t countBytes(const BroadcastMap &map, AffineOp affine, std::optional<StringRef> constantName) {
  constexpr int64_t nodeBytes = 6 + 3 + 3 * 2; // what estimateNodeBytes counts for an Add apart from names
  StringAttr given = getReplacementName(affine);
  std::string nodeName = given ? given.str() : "";
  std::string name = constantName ? constantName->str() : (nodeName.empty() ? onnx::getDisplayName(affine) : nodeName) + "_offset";
  int64_t nameBytes = nodeName.size() + onnx::getValueName(affine.getOutput()).size() + onnx::getValueName(affine.getInput()).size() +
                      name.size(); // at both ends
  SmallVector<int64_t> shape(map.getShape());
  auto numbers = RankedTensorType::get(shape, cast<ShapedType>(affine.getType()).getElementType());
  return countNodes(map) * (nodeBytes + nameBytes + estimateInitializerBytes(name, numbers));
}

int64_t countBytes(Operation *node) {
  int64_t bytes = estimateNodeBytes(node);
  for (Value operand : node->getOperands())
    if (onnx::ConstantOp constant = getConstant(operand); constant && !hasOtherReaders(constant, node))
      bytes += estimateInitializerBytes(onnx::getValueName(constant), cast<RankedTensorType>(constant.getType()));
  return bytes;
}

int64_t countBytes(AffineOp affine) {
  SmallVector<Operation *> originals = getOriginals(affine);
  if (originals.empty())
    return countBytes(getBroadcastMap(affine), affine);
  int64_t bytes = 0;
  for (Operation *original : originals)
    bytes += countBytes(original);
  return bytes;
}

bool hasRoom(AffineOp affine, int64_t bytes) {
  if (bytes <= countBytes(affine))
    return true;
  SmallVector<Operation *> originals = getOriginals(affine);
  DenseSet<Operation *> unused(originals.begin(), originals.end());
  unused.insert(affine);
  constexpr int64_t slack = 8; // names may get numbers
  return bytes + slack <= getRoom(affine, unused).value_or(0);
}

} // namespace bn
