// Broadcast.h - elementwise functions of two or three tensors that broadcast against each other.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_BROADCAST_H
#define BN_LIB_REFERENCE_BROADCAST_H

#include "Operator.h"

namespace bn::reference {

/// The shape of the second operand, aligned with the first by the attributes `axis` and `broadcast` that binary operators had before
/// version 7; unchanged from then on.
mlir::FailureOr<Dims> getAlignedShape(const Call &call);

/// The common shape of all operands; fails with an error where there is none.
mlir::FailureOr<Dims> broadcastOperands(const Call &call);

/// out[i] = f(a[i], b[i]) over `shape`, to which both broadcast.
template <typename Out, typename In, typename Function>
void zipBroadcast(llvm::ArrayRef<int64_t> shape, Out *out, llvm::ArrayRef<In> a, llvm::ArrayRef<int64_t> shapeA, llvm::ArrayRef<In> b,
                  llvm::ArrayRef<int64_t> shapeB, Function f) {
  if (shapeA == shape && shapeB == shape) {
    for (size_t i = 0; i < a.size(); ++i)
      out[i] = f(a[i], b[i]);
    return;
  }
  Dims stridesA = getBroadcastStrides(shapeA, shape), stridesB = getBroadcastStrides(shapeB, shape);
  forEachIndex(shape, [&](llvm::ArrayRef<int64_t> index) { *out++ = f(a[dot(index, stridesA)], b[dot(index, stridesB)]); });
}

/// Adds a result of `type`: f(a, b) for operands that are both real or both integers.
template <typename RealFunction, typename IntegerFunction>
mlir::LogicalResult evaluateBinary(Call &call, mlir::Type type, RealFunction real, IntegerFunction integer) {
  const Tensor &a = call[0], &b = call[1];
  if (a.elementType != b.elementType)
    return call.error() << "expected inputs of one element type, got " << a.elementType << " and " << b.elementType;
  mlir::FailureOr<Dims> shapeB = getAlignedShape(call);
  if (failed(shapeB))
    return mlir::failure();
  std::optional<Dims> shape = broadcast(a.shape, *shapeB);
  if (!shape)
    return call.error() << "expected shapes that broadcast, got " << a.getType() << " and " << b.getType();
  Tensor *y = call.addResult(type, *shape);
  if (!y)
    return mlir::failure();
  if (!isa<mlir::FloatType>(a.elementType))
    zipBroadcast(*shape, y->mutableIntegers().data(), a.integers(), a.shape, b.integers(), *shapeB, integer);
  else if (isa<mlir::FloatType>(type))
    zipBroadcast(*shape, y->mutableReals().data(), a.reals(), a.shape, b.reals(), *shapeB, real);
  else
    zipBroadcast(*shape, y->mutableIntegers().data(), a.reals(), a.shape, b.reals(), *shapeB, real);
  return mlir::success();
}

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_BROADCAST_H
