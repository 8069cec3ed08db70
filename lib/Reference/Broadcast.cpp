// Broadcast.cpp - the shapes of broadcasting operators.
// SPDX-License-Identifier: Apache-2.0

#include "Broadcast.h"

using namespace mlir;

namespace bn::reference {

FailureOr<Dims> getAlignedShape(const Call &call) {
  const Tensor &a = call[0], &b = call[1];
  bool isLegacy = call.version() < 7 && call.node.getInt("broadcast", 0);
  if (!isLegacy || !call.node.getNodeAttr("axis"))
    return Dims(b.shape);
  int64_t rankA = a.shape.size(), rankB = b.shape.size();
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", 0), rankA);
  if (failed(axis))
    return failure();
  if (*axis + rankB > rankA)
    return call.error() << "expected an input of rank " << rankA - *axis << " or less at 'axis' " << *axis << ", got " << b.getType();
  Dims shape(b.shape);
  shape.append(rankA - *axis - rankB, 1);
  return shape;
}

FailureOr<Dims> broadcastOperands(const Call &call) {
  Dims common;
  for (const Tensor *operand : call.operands) {
    std::optional<Dims> wider = broadcast(common, operand->shape);
    if (!wider)
      return call.error() << "expected shapes that broadcast, got " << operand->getType() << " among them";
    common = *wider;
  }
  return common;
}

} // namespace bn::reference
