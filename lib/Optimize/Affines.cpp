// Affines.cpp - reading bn.affine.
// SPDX-License-Identifier: Apache-2.0

#include "Affines.h"

#include "bn/IR/Onnx/Names.h"

using namespace mlir;

namespace bn {

ChannelMap getMap(AffineOp affine) { return {SmallVector<double>(affine.getScale()), SmallVector<double>(affine.getOffset())}; }

Reason getMapAlong(AffineOp affine, int64_t axis, int64_t channels, ChannelMap &map) {
  map = getMap(affine);
  if (static_cast<int64_t>(affine.getAxis()) == axis && static_cast<int64_t>(map.scale.size()) == channels)
    return Reason::None;
  if (map.scale.empty() || !map.isUniform())
    return Reason::AxisMismatch;
  map = map.spread(channels);
  return Reason::None;
}

SmallVector<AffineOp> findEqualAffines(AffineOp affine) {
  SmallVector<AffineOp> equal;
  for (Operation *user : affine.getInput().getUsers())
    if (auto other = dyn_cast<AffineOp>(user); other && other.getAxis() == affine.getAxis() && other.getType() == affine.getType() &&
                                               other.getScale() == affine.getScale() && other.getOffset() == affine.getOffset())
      equal.push_back(other);
  Block *block = affine.getInput().getParentBlock();
  auto first = std::min_element(equal.begin(), equal.end(), [&](AffineOp a, AffineOp b) {
    Operation *one = block->findAncestorOpInBlock(*a), *other = block->findAncestorOpInBlock(*b);
    return one != other && one->isBeforeInBlock(other);
  });
  std::iter_swap(equal.begin(), first);
  return equal;
}

SmallVector<Operation *> getOriginals(AffineOp affine) {
  SmallVector<Operation *> originals;
  if (!affine.getOriginals().empty())
    for (Operation &op : affine.getOriginals().front().without_terminator())
      originals.push_back(&op);
  return originals;
}

StringAttr getReplacementName(AffineOp affine) {
  SmallVector<Operation *> originals = getOriginals(affine);
  Operation *last = originals.empty() ? affine : originals.back();
  return last->getAttrOfType<StringAttr>(onnx::attr::name);
}

SmallVector<StringRef> getSources(AffineOp affine) {
  SmallVector<StringRef> sources;
  if (auto noted = affine->getAttrOfType<ArrayAttr>(attr::sources))
    llvm::append_range(sources, noted.getAsValueRange<StringAttr>());
  for (Operation *op : getOriginals(affine))
    if (isa<InferenceOp>(op))
      sources.push_back(StringAttr::get(op->getContext(), onnx::getDisplayName(op)).getValue());
  return sources;
}

void addSources(Operation *op, ArrayRef<StringRef> sources) {
  if (sources.empty())
    return;
  SmallVector<Attribute> all;
  if (auto noted = op->getAttrOfType<ArrayAttr>(attr::sources))
    llvm::append_range(all, noted);
  for (StringRef source : sources)
    if (auto name = StringAttr::get(op->getContext(), source); !llvm::is_contained(all, name))
      all.push_back(name);
  op->setAttr(attr::sources, ArrayAttr::get(op->getContext(), all));
}

void copyReasons(AffineOp affine, Operation *op) {
  for (StringRef name : {bn::attr::reason, bn::attr::reasonBehind})
    if (Attribute reason = affine->getAttr(name))
      op->setAttr(name, reason);
}

} // namespace bn
