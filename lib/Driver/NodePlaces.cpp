// NodePlaces.cpp - which nodes of a graph are compiled, which the host runs, and which wait for values.
// SPDX-License-Identifier: Apache-2.0

#include "NodePlaces.h"

#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Lower/Lowerable.h"
#include "bn/Reference/ControlFlow.h"
#include "bn/Reference/Interpreter.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

#include <unistd.h>

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

SmallVector<Value> getCaptures(Operation *op) {
  llvm::SetVector<Value> values;
  for (Region &region : op->getRegions())
    getUsedValuesDefinedAbove(region, values);
  return llvm::filter_to_vector(values.takeVector(), [](Value value) { return !matchPattern(value, m_Constant()); });
}

/// Whether the interpreter has values of this type; it has no maps and no complex numbers.
static bool isHeld(Type type) {
  if (auto sequence = dyn_cast<onnx::SequenceType>(type))
    return isHeld(sequence.getElementType());
  if (auto optional = dyn_cast<onnx::OptionalType>(type))
    return isHeld(optional.getElementType());
  auto tensor = dyn_cast<TensorType>(type);
  return tensor ? isa<FloatType, IntegerType, onnx::StringType>(tensor.getElementType()) : !isa<onnx::MapType>(type);
}

/// Whether the interpreter can run a node on values of these types.
static bool isHostable(Operation *op) {
  return (reference::isControlFlow(op) || reference::isSupported(op)) && llvm::all_of(op->getOperandTypes(), isHeld) &&
         llvm::all_of(op->getResultTypes(), isHeld);
}

/// Whether a parameter is still to be computed.
static bool waitsForParameter(Operation *op) {
  return llvm::any_of(lower::getParameters(op), [](OpOperand *parameter) {
    Value value = parameter->get();
    return value.getDefiningOp() && !matchPattern(value, m_Constant());
  });
}

/// A few integers, as sizes and conditions are: not worth compiled code.
static bool isShapeArithmetic(Operation *op) {
  constexpr int64_t few = 64;
  auto isFew = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return isa<NoneType>(type) ||
           (tensor && tensor.hasStaticShape() && tensor.getNumElements() <= few && tensor.getElementType().isInteger());
  };
  return isHostable(op) && llvm::all_of(op->getResultTypes(), isFew) && llvm::all_of(op->getOperandTypes(), isFew);
}

/// Nodes that are worth waiting for the shapes of their operands: the interpreter would take too long.
static bool isHeavy(Operation *op) {
  constexpr StringLiteral heavy[] = {"Attention", "Conv", "ConvTranspose", "Einsum", "GRU", "Gemm", "LSTM", "MatMul", "RNN"};
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  return node && llvm::is_contained(heavy, node.getOpType()) && lower::hasLowering(op);
}

/// Fails where a result does not fit into the machine.
static llvm::Error checkSizes(Operation *op) {
  double memory = double(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    double bytes = 1;
    for (int64_t size : tensor ? tensor.getShape() : ArrayRef<int64_t>())
      bytes *= std::max<int64_t>(size, 0);
    if (bytes > memory)
      return makeError(std::errc::not_enough_memory, "node '" + onnx::getDisplayName(op) + "' (" + onnx::getOperatorName(op) +
                                                         "): a result of " + formatType(type) + " does not fit into memory");
  }
  return llvm::Error::success();
}

Expected<Place> NodePlaces::decide(Operation *op) {
  if (llvm::Error error = checkSizes(op))
    return error;
  Place operands = Place::Known;
  for (Value operand : op->getOperands())
    operands = std::max(operands, placeOf(operand));
  for (Value capture : getCaptures(op))
    operands = std::max(operands, placeOf(capture));
  std::string obstacle = lower::findObstacle(op);
  if (obstacle.empty()) {
    if (operands == Place::Known && !isWhole && isShapeArithmetic(op))
      return Place::Hosted;
    return operands <= Place::Compiled ? Place::Compiled : Place::Later;
  }
  if (operands == Place::Later || waitsForParameter(op) || (operands == Place::Hosted && isHeavy(op)))
    return Place::Later;
  if (isHostable(op))
    return Place::Hosted;
  for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
    if (!isHeld(type))
      obstacle = "values of type " + formatType(type) + " are not supported";
  return makeError(std::errc::not_supported,
                   "node '" + onnx::getDisplayName(op) + "' (" + onnx::getOperatorName(op) + "): " + obstacle);
}

Expected<NodePlaces> NodePlaces::get(func::FuncOp main) {
  NodePlaces nodes(main.getBody().front());
  auto others = llvm::make_filter_range(nodes.block->without_terminator(), [](Operation &op) { return !isConstant(&op); });
  nodes.isWhole = llvm::all_of(others, [](Operation &op) { return lower::findObstacle(&op).empty(); });
  for (Operation &op : others) {
    Expected<Place> place = nodes.decide(&op);
    if (!place)
      return place.takeError();
    nodes.places[&op] = *place;
  }
  return nodes;
}

SmallVector<Operation *> NodePlaces::getNodes(Place place) const {
  SmallVector<Operation *> nodes;
  for (Operation &op : block->without_terminator())
    if (!isConstant(&op) && places.lookup(&op) == place)
      nodes.push_back(&op);
  return nodes;
}

Place NodePlaces::placeOf(Value value) const {
  Operation *producer = value.getDefiningOp();
  return !producer || isConstant(producer) ? Place::Known : places.lookup(producer);
}

} // namespace bn::driver
