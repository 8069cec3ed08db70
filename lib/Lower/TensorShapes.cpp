// TensorShapes.cpp - the ways in which lowerings move tensors: reshape, transpose, broadcast, pad, slice, take.
// SPDX-License-Identifier: Apache-2.0

#include "TensorOps.h"

#include "bn/IR/Kernel/Kernel.h"

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace bn::lower {

ElementsAttr reshapeElements(ElementsAttr value, RankedTensorType type) {
  if (auto blob = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, blob.getRawHandle());
  return cast<DenseElementsAttr>(value).reshape(type);
}

Value reshape(Builder &b, Value x, Shape shape) {
  RankedTensorType from = typeOf(x), to = RankedTensorType::get(shape, from.getElementType());
  if (from == to)
    return x;
  if (auto constant = x.getDefiningOp<kernel::ConstantOp>())
    return constantTensor(b, reshapeElements(constant.getValue(), to));
  if (from.getRank() != to.getRank() && from.getNumElements() != 0) {
    if (auto groups = getReassociationIndicesForReshape(from, to)) {
      if (from.getRank() > to.getRank())
        return tensor::CollapseShapeOp::create(b, to, x, *groups);
      return tensor::ExpandShapeOp::create(b, to, x, *groups);
    }
  }
  if (from.getNumElements() == 0) // nothing to carry over
    return empty(b, shape, from.getElementType());
  auto whole = [](int64_t rank) {
    SmallVector<ReassociationIndices> groups;
    if (rank > 0)
      groups.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(rank)));
    return groups;
  };
  auto flat = RankedTensorType::get(from.getNumElements(), from.getElementType());
  if (from.getRank() != 1)
    x = from.getRank() == 0 ? Value(tensor::ExpandShapeOp::create(b, flat, x, whole(0)))
                            : Value(tensor::CollapseShapeOp::create(b, flat, x, whole(from.getRank())));
  if (to.getRank() == 1)
    return x;
  return to.getRank() == 0 ? Value(tensor::CollapseShapeOp::create(b, to, x, whole(0)))
                           : Value(tensor::ExpandShapeOp::create(b, to, x, whole(to.getRank())));
}

Value keepDims(Builder &b, Value reduced, Shape original, Ints axes) {
  SmallVector<int64_t> shape(original);
  for (int64_t axis : axes)
    shape[axis] = 1;
  return reshape(b, reduced, shape);
}

Value transpose(Builder &b, Value x, Ints permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(permutation.size())))
    return x;
  auto shape = llvm::map_to_vector(permutation, [&](int64_t i) { return shapeOf(x)[i]; });
  return linalg::TransposeOp::create(b, x, empty(b, shape, typeOf(x).getElementType()), permutation)->getResult(0);
}

Value broadcast(Builder &b, Value x, Shape shape) {
  if (shapeOf(x) == shape)
    return x;
  return map(b, RankedTensorType::get(shape, typeOf(x).getElementType()), x, [](Builder &, ValueRange v) { return v[0]; });
}

Value slice(Builder &b, Value x, Ints offsets, Shape sizes, Ints strides) {
  auto attrs = [&](Ints values) { return getAsIndexOpFoldResult(b.getContext(), values); };
  SmallVector<int64_t> ones(offsets.size(), 1);
  return tensor::ExtractSliceOp::create(b, x, attrs(offsets), attrs(sizes), attrs(strides.empty() ? Ints(ones) : strides));
}

Value pad(Builder &b, Value x, Ints low, Ints high, Value value) {
  SmallVector<int64_t> offsets, kept, before, after;
  for (auto [i, size] : llvm::enumerate(shapeOf(x))) {
    offsets.push_back(std::max<int64_t>(-low[i], 0));
    kept.push_back(std::max<int64_t>(size - offsets[i] - std::max<int64_t>(-high[i], 0), 0));
    before.push_back(std::max<int64_t>(low[i], 0));
    after.push_back(std::max<int64_t>(high[i], 0));
  }
  if (llvm::is_contained(kept, 0)) { // nothing but border
    for (auto [size, b0, a0] : llvm::zip(kept, before, after))
      size += b0 + a0;
    return filled(b, kept, value);
  }
  if (Shape(kept) != shapeOf(x))
    x = slice(b, x, offsets, kept, {});
  auto isZero = [](int64_t n) { return n == 0; };
  if (llvm::all_of(before, isZero) && llvm::all_of(after, isZero))
    return x;
  auto attrs = [&](Ints values) { return getAsIndexOpFoldResult(b.getContext(), values); };
  return tensor::PadOp::create(b, Type(), x, attrs(before), attrs(after), value);
}

/// Indices as few runs of neighbours: (first, length) of each, or nothing where they are many.
static SmallVector<std::pair<int64_t, int64_t>> findRuns(Ints indices) {
  constexpr size_t few = 16;
  SmallVector<std::pair<int64_t, int64_t>> runs;
  for (int64_t i : indices) {
    if (!runs.empty() && runs.back().first + runs.back().second == i)
      ++runs.back().second;
    else if (runs.size() == few)
      return {};
    else
      runs.push_back({i, 1});
  }
  return runs;
}

/// The runs along `axis` of x, one behind the other.
static Value joinRuns(Builder &b, Value x, int64_t axis, ArrayRef<std::pair<int64_t, int64_t>> runs) {
  SmallVector<Value> parts;
  for (auto [first, length] : runs) {
    SmallVector<int64_t> offsets(typeOf(x).getRank(), 0), sizes(shapeOf(x));
    offsets[axis] = first;
    sizes[axis] = length;
    parts.push_back(slice(b, x, offsets, sizes, {}));
  }
  return parts.size() == 1 ? parts[0] : tensor::ConcatOp::create(b, axis, parts).getResult();
}

Value take(Builder &b, Value x, int64_t axis, Ints indices) {
  if (SmallVector<std::pair<int64_t, int64_t>> runs = findRuns(indices); !runs.empty())
    return joinRuns(b, x, axis, runs);
  SmallVector<int64_t> shape(shapeOf(x));
  shape[axis] = indices.size();
  int64_t rank = shape.size();
  Value table = constantTensor(b, DenseElementsAttr::get(RankedTensorType::get(indices.size(), b.getIndexType()), indices));
  auto type = RankedTensorType::get(shape, typeOf(x).getElementType());
  auto emit = [&](OpBuilder &builder, Location loc, ValueRange args) {
    Builder inner(loc, builder);
    SmallVector<Value> position;
    for (int64_t i = 0; i < rank; ++i)
      position.push_back(i == axis ? args[0] : linalg::IndexOp::create(inner, i).getResult());
    linalg::YieldOp::create(inner, tensor::ExtractOp::create(inner, x, position).getResult());
  };
  SmallVector<AffineMap> maps = {AffineMap::get(rank, 0, b.getAffineDimExpr(axis), b.getContext()), b.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(b, TypeRange(type), table, empty(b, shape, type.getElementType()), maps, iterators, emit).getResult(0);
}

Value clamp(Builder &b, Value at, int64_t size) {
  return arith::MaxSIOp::create(b, arith::MinSIOp::create(b, at, index(b, size - 1)), index(b, 0));
}

Value toPlace(Builder &b, Value i, int64_t size) {
  Value at = arith::IndexCastOp::create(b, b.getIndexType(), i);
  Value isNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, index(b, 0));
  at = arith::SelectOp::create(b, isNegative, arith::AddIOp::create(b, at, index(b, size)), at);
  return clamp(b, at, size);
}

} // namespace bn::lower
