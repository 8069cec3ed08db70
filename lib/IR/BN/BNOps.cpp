// BNOps.cpp - verifiers of the bn dialect's ops.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/BN/BN.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace bn;

#define GET_OP_CLASSES
#include "bn/IR/BN/BNOps.cpp.inc"

/// Two dimensions that contradict each other; an unknown one contradicts nothing.
static bool differ(int64_t a, int64_t b) { return !ShapedType::isDynamic(a) && !ShapedType::isDynamic(b) && a != b; }

/// C1: `axes` names dimensions of the input.
static LogicalResult verifyAxes(Operation *op, Type input, ArrayRef<int64_t> axes) {
  if (axes.empty())
    return op->emitOpError("expected 'axes' not to be empty");
  auto type = dyn_cast<RankedTensorType>(input);
  if (type && axes.back() >= type.getRank())
    return op->emitOpError("expected 'axes' below the input's rank ") << type.getRank() << ", got " << axes.back();
  return success();
}

/// C2: a parameter's shape is the input's at `axes`. Absent and unranked parameters pass.
static LogicalResult verifyParameter(Operation *op, StringRef name, Value parameter, Type input, ArrayRef<int64_t> axes) {
  auto type = parameter ? dyn_cast<RankedTensorType>(parameter.getType()) : RankedTensorType();
  if (!type)
    return success();
  if (type.getRank() != static_cast<int64_t>(axes.size()))
    return op->emitOpError("expected ") << name << " of rank " << axes.size() << ", got " << type;
  auto x = dyn_cast<RankedTensorType>(input);
  for (auto [i, axis] : llvm::enumerate(axes))
    if (x && differ(type.getDimSize(i), x.getDimSize(axis)))
      return op->emitOpError("expected ") << name << " to have the input's size " << x.getDimSize(axis) << " along axis " << axis
                                         << ", got " << type.getDimSize(i);
  return success();
}

/// C3: a variance plus epsilon must stay a variance.
static LogicalResult verifyEpsilon(Operation *op, const APFloat &epsilon) {
  if (!epsilon.isNonZero() || (!epsilon.isNegative() && epsilon.isFinite()))
    return success();
  return op->emitOpError("expected 'epsilon' to be finite and not negative");
}

LogicalResult InferenceOp::verify() {
  Type x = getInput().getType();
  if (failed(verifyAxes(*this, x, getAxes())) || failed(verifyEpsilon(*this, getEpsilon())))
    return failure();
  for (auto [name, value] : std::initializer_list<std::pair<StringRef, Value>>{
           {"scale", getScale()}, {"offset", getOffset()}, {"mean", getMean()}, {"variance", getVariance()}})
    if (failed(verifyParameter(*this, name, value, x, getAxes())))
      return failure();
  return success();
}

LogicalResult AffineOp::verify() {
  auto x = dyn_cast<RankedTensorType>(getInput().getType());
  if (x && static_cast<int64_t>(getAxis()) >= x.getRank()) // C1
    return emitOpError("expected 'axis' below the input's rank ") << x.getRank() << ", got " << getAxis();
  int64_t channels = x ? x.getDimSize(getAxis()) : ShapedType::kDynamic;
  for (auto [name, values] : {std::pair("scale", getScale()), std::pair("offset", getOffset())})
    if (differ(static_cast<int64_t>(values.size()), channels)) // C2
      return emitOpError("expected '") << name << "' to have " << channels << " elements, got " << values.size();
  if (getScale().size() != getOffset().size()) // C2
    return emitOpError("expected 'scale' and 'offset' of one size, got ") << getScale().size() << " and " << getOffset().size();
  return success();
}

LogicalResult AffineOp::verifyRegions() {
  if (getOriginals().empty())
    return success();
  Block &block = getOriginals().front();
  if (block.getNumArguments() != 1 || block.getArgument(0).getType() != getInput().getType() || block.empty() ||
      block.back().getNumOperands() != 1 || block.back().getOperand(0).getType() != getOutput().getType()) // C3
    return emitOpError("expected 'originals' to be a block from the input's type to the output's type");
  return success();
}

SmallVector<Value, 5> TrainingOp::getState() {
  SmallVector<Value, 5> state;
  for (Value value : {getRunningMean(), getRunningVariance(), getRenormMean(), getRenormStddev(), getMovingStddev()})
    if (value)
      state.push_back(value);
  return state;
}

LogicalResult TrainingOp::verify() {
  Type x = getInput().getType();
  if (failed(verifyAxes(*this, x, getAxes())) || failed(verifyEpsilon(*this, getEpsilon())))
    return failure();
  for (auto [name, value] : std::initializer_list<std::pair<StringRef, Value>>{{"scale", getScale()},
                                                                               {"offset", getOffset()},
                                                                               {"running_mean", getRunningMean()},
                                                                               {"running_variance", getRunningVariance()}})
    if (failed(verifyParameter(*this, name, value, x, getAxes())))
      return failure();
  if (getNewState().size() != getState().size()) // C4
    return emitOpError("expected ") << getState().size() << " results of the state, got " << getNewState().size();
  return success();
}
