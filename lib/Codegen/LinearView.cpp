// LinearView.cpp - a memref of static layout as one row of elements and numbers: how all emitters address memory.
// SPDX-License-Identifier: Apache-2.0

#include "LinearView.h"

#include "bn/IR/Kernel/Kernel.h"

using namespace mlir;

FailureOr<bn::LinearView> bn::LinearView::get(OpBuilder &builder, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  LinearView view;
  if (!type.hasStaticShape() || failed(type.getStridesAndOffset(view.strides, view.offset)) ||
      llvm::any_of(view.strides, ShapedType::isDynamic))
    return failure();
  bool isMoving = ShapedType::isDynamic(view.offset);
  if (isMoving)
    view.offset = 0;
  view.element = type.getElementType();
  int64_t size = view.offset + 1;
  for (auto [extent, stride] : llvm::zip_equal(type.getShape(), view.strides))
    size += std::max<int64_t>(extent - 1, 0) * stride;
  auto row = MemRefType::get({size}, view.element);
  if (isMoving)
    view.row = kernel::RowOp::create(builder, loc, row, memref);
  else
    view.row = type == row ? memref
                           : memref::ReinterpretCastOp::create(builder, loc, row, memref, /*offset=*/0, ArrayRef<int64_t>{size},
                                                               ArrayRef<int64_t>{1})
                                 .getResult();
  return view;
}

bn::LinearIndex &bn::LinearIndex::add(Value value, int64_t coefficient) {
  if (coefficient)
    terms.emplace_back(value, coefficient);
  return *this;
}

bn::LinearIndex &bn::LinearIndex::add(int64_t value) {
  constant += value;
  return *this;
}

Value bn::LinearIndex::emit(OpBuilder &builder, Location loc) const {
  Value sum;
  for (auto [value, coefficient] : terms) {
    Value term = value;
    if (coefficient != 1)
      term = arith::MulIOp::create(builder, loc, value, arith::ConstantIndexOp::create(builder, loc, coefficient));
    sum = sum ? arith::AddIOp::create(builder, loc, sum, term).getResult() : term;
  }
  if (sum && constant == 0)
    return sum;
  Value last = arith::ConstantIndexOp::create(builder, loc, constant);
  return sum ? arith::AddIOp::create(builder, loc, sum, last).getResult() : last;
}

Value bn::allocateOnStack(OpBuilder &builder, Location loc, int64_t elements, Type element) {
  constexpr int64_t cacheLine = 64;
  return memref::AllocaOp::create(builder, loc, MemRefType::get({elements}, element), builder.getI64IntegerAttr(cacheLine));
}

Value bn::loadLanes(OpBuilder &builder, Location loc, Value row, Value index, int64_t lanes) {
  if (lanes == 1)
    return memref::LoadOp::create(builder, loc, row, index);
  auto type = VectorType::get({lanes}, cast<MemRefType>(row.getType()).getElementType());
  return vector::LoadOp::create(builder, loc, type, row, index);
}

Value bn::widen(OpBuilder &builder, Location loc, Value value) {
  Type element = getElementTypeOrSelf(value), wide = kernel::getSumType(element);
  if (!element.isBF16())
    return value;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    wide = vector.clone(wide);
  return arith::ExtFOp::create(builder, loc, wide, value);
}

void bn::storeLanes(OpBuilder &builder, Location loc, Value value, Value row, Value index) {
  Type stored = getElementTypeOrSelf(row);
  if (getElementTypeOrSelf(value).isF32() && stored.isBF16()) {
    auto type = dyn_cast<VectorType>(value.getType());
    value = arith::TruncFOp::create(builder, loc, type ? Type(type.clone(stored)) : stored, value);
  }
  if (isa<VectorType>(value.getType()))
    vector::StoreOp::create(builder, loc, value, row, index);
  else
    memref::StoreOp::create(builder, loc, value, row, index);
}

Value bn::splat(OpBuilder &builder, Location loc, Value scalar, int64_t lanes) {
  if (lanes == 1 || isa<VectorType>(scalar.getType()))
    return scalar;
  return vector::BroadcastOp::create(builder, loc, VectorType::get({lanes}, scalar.getType()), scalar);
}
