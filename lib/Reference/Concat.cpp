// Concat.cpp - Concat and Split: tensors put together, and cut, along an axis.
// SPDX-License-Identifier: Apache-2.0

#include "Pieces.h"
#include "Select.h"

using namespace mlir;

namespace bn::reference {

/// `axis` was 1 by default before version 4.
static LogicalResult concat(Call &call) {
  if (call.operands.empty() || llvm::is_contained(call.operands, nullptr))
    return call.error() << "expected at least one input, and all of them present";
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", 1), call[0].shape.size());
  if (failed(axis))
    return failure();
  Dims shape(call[0].shape);
  shape[*axis] = 0;
  for (const Tensor *operand : call.operands) {
    Dims expected(shape);
    if (operand->shape.size() == shape.size())
      expected[*axis] = operand->shape[*axis];
    if (operand->shape != expected || operand->elementType != call[0].elementType)
      return call.error() << "expected inputs alike except along axis " << *axis << ", got " << call[0].getType() << " and "
                          << operand->getType();
    shape[*axis] += operand->shape[*axis];
  }
  Tensor *y = call.addResult(call[0].elementType, shape);
  if (!y)
    return failure();
  AxisView to(shape, *axis);
  int64_t start = 0;
  for (const Tensor *operand : call.operands) {
    AxisView from(operand->shape, *axis);
    std::visit(
        [&](auto &out) {
          const auto &in = std::get<std::decay_t<decltype(out)>>(operand->values);
          for (int64_t o = 0; o < from.outer; ++o)
            std::copy_n(in.begin() + from.offset(o, 0, 0), from.size * from.inner, out.begin() + to.offset(o, start, 0));
        },
        y->values);
    start += from.size;
  }
  return success();
}

/// The sizes of the pieces: given, or as equal as they can be, the last one smaller.
static FailureOr<Dims> getPieces(const Call &call, int64_t size) {
  if (std::optional<ArrayRef<int64_t>> given = call.getList(1, "split"))
    return Dims(*given);
  int64_t count = call.node.getInt("num_outputs", call.node->getNumResults());
  if (count < 1 || count > std::max<int64_t>(size, 1))
    return call.error() << "expected between 1 and " << size << " pieces, got " << count;
  int64_t each = llvm::divideCeil(size, count);
  Dims pieces;
  for (int64_t left = size; count > 0; --count, left -= pieces.back())
    pieces.push_back(std::min(each, left));
  return pieces;
}

FailureOr<int64_t> addPieces(Call &call, function_ref<FailureOr<Dims>(const Call &, int64_t)> getPieces) {
  const Tensor &x = call[0];
  FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", 0), x.shape.size());
  if (failed(axis))
    return failure();
  int64_t size = x.shape[*axis], sum = 0;
  FailureOr<Dims> pieces = getPieces(call, size);
  if (failed(pieces))
    return failure();
  for (int64_t piece : *pieces)
    if (piece < 0 || llvm::AddOverflow(sum, piece, sum))
      return call.error() << "expected sizes of pieces that are not negative, got " << piece;
  if (sum != size)
    return call.error() << "expected pieces of " << size << " elements in all, got " << sum;
  Dims shape(x.shape), strides = getStrides(x.shape);
  int64_t start = 0;
  for (int64_t piece : *pieces) {
    shape[*axis] = piece;
    if (failed(addSelected(call, x, shape, [&](ArrayRef<int64_t> index) { return dot(index, strides) + start * strides[*axis]; })))
      return failure();
    start += piece;
  }
  return axis;
}

static LogicalResult split(Call &call) { return addPieces(call, getPieces); }

ArrayRef<Operator> getConcats() {
  static constexpr Operator table[] = {{"Concat", "any...", concat}, {"Split", "any integer?", split}};
  return table;
}

} // namespace bn::reference
