// Flops.cpp - how much a parallel loop computes and touches, for the profile.
// SPDX-License-Identifier: Apache-2.0

#include "Flops.h"
#include "ParallelLoop.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

static int64_t elementsOf(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped && shaped.hasStaticShape() ? shaped.getNumElements() : 1;
}

/// Of an operation without regions.
static int64_t flopsOf(Operation &op) {
  if (op.getNumResults() != 1 || !isa<FloatType>(getElementTypeOrSelf(op.getResult(0).getType())))
    return 0;
  if (auto reduction = dyn_cast<vector::ReductionOp>(op))
    return elementsOf(reduction.getVector().getType());
  int64_t elements = elementsOf(op.getResult(0).getType());
  if (isa<math::FmaOp, vector::FMAOp>(op))
    return 2 * elements;
  if (auto dot = dyn_cast<LLVM::CallIntrinsicOp>(op)) // each factor is multiplied and added
    return 2 * elementsOf(dot.getArgs().back().getType());
  bool computes = isa<arith::ArithDialect, math::MathDialect>(op.getDialect());
  return computes && !op.hasTrait<OpTrait::ConstantLike>() && !isa<CastOpInterface, arith::SelectOp>(op) ? elements : 0;
}

/// How often a loop runs; once where nobody knows.
static double countTrips(Operation &op) {
  if (auto average = op.getAttrOfType<FloatAttr>(bn::kTripsAttr))
    return average.getValueAsDouble();
  auto loop = dyn_cast<LoopLikeOpInterface>(op);
  std::optional<APInt> trips = loop ? loop.getStaticTripCount() : std::nullopt;
  return trips ? trips->getSExtValue() : 1;
}

static int64_t flopsOf(Region &region) {
  int64_t flops = 0;
  for (Operation &op : region.getOps()) {
    if (op.getNumRegions() == 0)
      flops += flopsOf(op);
    for (Region &inner : op.getRegions())
      flops += static_cast<int64_t>(countTrips(op) * flopsOf(inner));
  }
  return flops;
}

int64_t bn::countFlops(scf::ForallOp loop) {
  int64_t iterations = 1;
  for (int64_t bound : loop.getStaticUpperBound())
    iterations *= bound;
  return iterations * flopsOf(loop.getRegion());
}

int64_t bn::countBytes(ValueRange values) {
  int64_t bytes = 0;
  for (Type type : values.getTypes())
    if (auto memref = dyn_cast<MemRefType>(type); memref && memref.hasStaticShape() && memref.getElementType().isIntOrFloat())
      bytes += memref.getNumElements() * llvm::divideCeil(memref.getElementTypeBitWidth(), 8);
  return bytes;
}
