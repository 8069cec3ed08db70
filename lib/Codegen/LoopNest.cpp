// LoopNest.cpp - a linalg op on memrefs as loops over numbers: sizes, and how far each operand moves per step.
// SPDX-License-Identifier: Apache-2.0

#include "LoopNest.h"
#include "VectorBody.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"

using namespace mlir;
using namespace bn;

/// Adds scale·expr to the steps of each dimension and to the constant; fails on anything but sums of multiples.
static LogicalResult addLinear(AffineExpr expr, int64_t scale, MutableArrayRef<int64_t> steps, int64_t &constant) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    steps[dim.getPosition()] += scale;
    return success();
  }
  if (auto value = dyn_cast<AffineConstantExpr>(expr)) {
    constant += scale * value.getValue();
    return success();
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return failure();
  if (binary.getKind() == AffineExprKind::Add)
    return success(succeeded(addLinear(binary.getLHS(), scale, steps, constant)) &&
                   succeeded(addLinear(binary.getRHS(), scale, steps, constant)));
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (binary.getKind() == AffineExprKind::Mul && factor)
    return addLinear(binary.getLHS(), scale * factor.getValue(), steps, constant);
  return failure();
}

/// Reads where an operand's elements are; fills its column of steps.
static LogicalResult readOperand(OpBuilder &builder, OpOperand &value, NestOperand &operand, SmallVectorImpl<NestDim> &dims) {
  if (!isa<MemRefType>(value.get().getType())) {
    operand.scalar = value.get();
    for (NestDim &dim : dims)
      dim.steps.push_back(0);
    return success();
  }
  FailureOr<LinearView> view = LinearView::get(builder, value.getOwner()->getLoc(), value.get());
  if (failed(view))
    return failure();
  operand.view = *view;
  SmallVector<int64_t> steps(dims.size(), 0);
  int64_t constant = operand.view.offset;
  for (auto [expr, stride] : llvm::zip_equal(operand.map.getResults(), operand.view.strides))
    if (failed(addLinear(expr, stride, steps, constant)))
      operand.linear = false;
  if (operand.linear)
    operand.view.offset = constant;
  for (auto [dim, step] : llvm::zip_equal(dims, steps))
    dim.steps.push_back(step);
  return success();
}

FailureOr<LoopNest> LoopNest::get(OpBuilder &builder, linalg::GenericOp op) {
  LoopNest nest;
  nest.op = op;
  for (auto [size, kind] : llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray())) {
    if (ShapedType::isDynamic(size))
      return failure();
    nest.dims.push_back({size, kind == utils::IteratorType::reduction, {}});
  }
  for (OpOperand &value : op->getOpOperands()) {
    NestOperand operand;
    operand.map = op.getMatchingIndexingMap(&value);
    operand.output = op.isDpsInit(&value);
    if (failed(readOperand(builder, value, operand, nest.dims)))
      return failure();
    nest.operands.push_back(operand);
  }
  if (!op.hasIndexSemantics() && llvm::all_of(nest.operands, [](const NestOperand &o) { return o.linear; }))
    nest.dims = mergeDims(nest.dims);
  return nest;
}

SmallVector<NestDim> bn::mergeDims(ArrayRef<NestDim> dims) {
  SmallVector<NestDim> merged;
  for (const NestDim &dim : dims) {
    if (dim.size == 1)
      continue;
    bool fits = !merged.empty() && merged.back().reduction == dim.reduction;
    for (size_t i = 0; fits && i < dim.steps.size(); ++i)
      fits = merged.back().steps[i] == dim.steps[i] * dim.size;
    if (!fits) {
      merged.push_back(dim);
      continue;
    }
    merged.back().size *= dim.size;
    merged.back().steps = dim.steps;
  }
  return merged;
}

/// The widest element that the op touches or computes, in bits; 0 if one cannot be in a vector in memory.
static int64_t widestElement(LoopNest &nest) {
  int64_t widest = 8;
  auto visit = [&](Type type) {
    if (type.isIndex())
      widest = std::max<int64_t>(widest, 64);
    else if (type.isIntOrFloat())
      widest = std::max<int64_t>(widest, type.getIntOrFloatBitWidth());
  };
  for (Value argument : nest.op.getBody()->getArguments()) {
    if (!argument.getType().isIntOrIndexOrFloat() || (argument.getType().isInteger() && argument.getType().getIntOrFloatBitWidth() < 8))
      return 0;
    visit(argument.getType());
  }
  for (Operation &op : nest.op.getBody()->without_terminator())
    for (Type type : op.getResultTypes())
      visit(type);
  return widest;
}

/// True if the op's only output is reduced by one op that vectors can be reduced with.
static bool hasVectorCombiner(linalg::GenericOp op) {
  SmallVector<Operation *> combiners;
  return op.getNumDpsInits() == 1 && matchReduction(op.getRegionOutputArgs(), 0, combiners) && combiners.size() == 1 &&
         linalg::getCombinerOpKind(combiners[0]);
}

bool LoopNest::wantsPowersOfTwo() const {
  return llvm::any_of(operands, [](const NestOperand &o) { return o.view.element && o.view.element.isBF16(); });
}

void LoopNest::chooseVectors(int64_t vectorBits) {
  int64_t widest = widestElement(*this);
  bool scalar = widest == 0 || !isLanewise(*op.getBody()) || llvm::any_of(operands, [](const NestOperand &o) { return !o.linear; });
  bool combines = hasVectorCombiner(op);
  int64_t full = scalar ? 1 : vectorBits / widest, best = INT64_MIN;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    int64_t strided = 0;
    bool valid = !dim.reduction || (combines && !scalar);
    for (auto [operand, step] : llvm::zip_equal(operands, dim.steps)) {
      valid &= scalar || !operand.output || step == (dim.reduction ? 0 : 1);
      strided += step != 0 && step != 1;
    }
    if (!valid)
      continue;
    // Contiguous beats strided, then long beats short, then parallel beats reduced; without vectors the innermost wins.
    int64_t score = scalar ? i : -1000 * strided + 2 * std::min(dim.size, full) + !dim.reduction;
    if (score >= best) {
      best = score;
      vectorDim = i;
      lanes = std::min(full, dim.size);
      if (wantsPowersOfTwo() && lanes > 0)
        lanes = llvm::bit_floor<uint64_t>(lanes);
    }
  }
}
