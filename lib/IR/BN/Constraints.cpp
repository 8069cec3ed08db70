// Constraints.cpp - the checks that several ops of the bn dialect share.
// SPDX-License-Identifier: Apache-2.0

#include "Constraints.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace bn {

LogicalResult verifyAxes(Operation *op, Type input, ArrayRef<int64_t> axes) {
  if (axes.empty())
    return op->emitOpError("expected 'axes' not to be empty");
  auto type = dyn_cast<RankedTensorType>(input);
  if (type && axes.back() >= type.getRank())
    return op->emitOpError("expected 'axes' below the input's rank ") << type.getRank() << ", got " << axes.back();
  return success();
}

static LogicalResult verifyParameter(Operation *op, NamedValue parameter, Type input, ArrayRef<int64_t> axes, int64_t ghosts) {
  auto [name, value] = parameter;
  auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
  if (!type)
    return success();
  int64_t leading = ghosts > 1, rank = axes.size() + leading;
  if (type.getRank() != rank)
    return op->emitOpError("expected ") << name << " of rank " << rank << ", got " << type;
  if (leading && failed(verifyCompatibleDims({type.getDimSize(0), ghosts})))
    return op->emitOpError("expected ") << name << " to have a leading dimension of " << ghosts << " ghosts, got " << type.getDimSize(0);
  auto x = dyn_cast<RankedTensorType>(input);
  for (auto [i, axis] : llvm::enumerate(axes))
    if (x && failed(verifyCompatibleDims({type.getDimSize(i + leading), x.getDimSize(axis)})))
      return op->emitOpError("expected ") << name << " to have the input's size " << x.getDimSize(axis) << " along axis " << axis
                                          << ", got " << type.getDimSize(i + leading);
  return success();
}

LogicalResult verifyParameters(Operation *op, ArrayRef<NamedValue> parameters, Type input, ArrayRef<int64_t> axes, int64_t ghosts) {
  return success(llvm::all_of(parameters,
                              [&](const NamedValue &parameter) { return succeeded(verifyParameter(op, parameter, input, axes, ghosts)); }));
}

LogicalResult verifyEpsilon(Operation *op, const APFloat &epsilon) {
  if (epsilon.isZero() || (!epsilon.isNegative() && epsilon.isFinite()))
    return success();
  return op->emitOpError("expected 'epsilon' to be finite and not negative, got ") << epsilon.convertToDouble();
}

LogicalResult verifyMomentum(Operation *op, StringRef name, const APFloat &momentum) {
  double decay = momentum.convertToDouble();
  if (decay >= 0 && decay <= 1)
    return success();
  return op->emitOpError("expected '") << name << "' to be in [0, 1], got " << decay;
}

LogicalResult verifyGhosts(Operation *op, Type input, ArrayRef<int64_t> axes, int64_t ghosts) {
  if (ghosts < 1)
    return op->emitOpError("expected 'ghosts' to be positive, got ") << ghosts;
  if (ghosts == 1)
    return success();
  if (axes.front() == 0)
    return op->emitOpError("expected axis 0 not to be kept where the batch is split, got 'ghosts' ") << ghosts;
  auto type = dyn_cast<RankedTensorType>(input);
  if (type && !type.isDynamicDim(0) && type.getDimSize(0) % ghosts)
    return op->emitOpError("expected the batch to be a multiple of 'ghosts' ") << ghosts << ", got " << type.getDimSize(0);
  return success();
}

LogicalResult verifyAbsentWithGhosts(Operation *op, int64_t ghosts, ArrayRef<NamedValue> values) {
  for (auto [name, value] : values)
    if (ghosts > 1 && value)
      return op->emitOpError("expected no ") << name << " where the batch is split, got 'ghosts' " << ghosts;
  return success();
}

/// Whether the trailing dimensions of `from` are 1 or those of `to`.
static bool broadcasts(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  return from.size() <= to.size() && llvm::all_of(llvm::zip_equal(from, to.take_back(from.size())), [](auto dims) {
           auto [a, b] = dims;
           return a == 1 || succeeded(verifyCompatibleDims({a, b}));
         });
}

LogicalResult verifyBroadcast(Operation *op, ArrayRef<NamedValue> values, Type input) {
  auto x = dyn_cast<RankedTensorType>(input);
  for (auto [name, value] : values) {
    auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
    if (x && type && !broadcasts(type.getShape(), x.getShape()))
      return op->emitOpError("expected ") << name << " to broadcast to " << x << ", got " << type;
  }
  return success();
}

LogicalResult verifyTogether(Operation *op, ArrayRef<NamedValue> values) {
  auto given = [](const NamedValue &value) { return value.second != nullptr; };
  const NamedValue *present = llvm::find_if(values, given), *absent = llvm::find_if_not(values, given);
  if (present == values.end() || absent == values.end())
    return success();
  return op->emitOpError("expected ") << absent->first << " where there is " << present->first;
}

LogicalResult verifyScalars(Operation *op, ArrayRef<NamedValue> values) {
  for (auto [name, value] : values) {
    auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
    if (type && type.getRank() != 0)
      return op->emitOpError("expected ") << name << " to be a scalar, got " << type;
  }
  return success();
}

LogicalResult verifySameShape(Operation *op, ArrayRef<NamedValue> values) {
  auto [firstName, first] = values.front();
  for (auto [name, value] : values)
    if (value && failed(verifyCompatibleShape(first.getType(), value.getType())))
      return op->emitOpError("expected ") << name << " to have the shape of " << firstName << ", got " << value.getType() << " and "
                                          << first.getType();
  return success();
}

} // namespace bn
