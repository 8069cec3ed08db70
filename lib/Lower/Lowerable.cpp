// Lowerable.cpp - what of a graph can be lowered as it stands.
// SPDX-License-Identifier: Apache-2.0
//
// Kernels have static shapes, and parameters built in. A node whose shape or parameters are values of the running model
// waits until they are known; this file says which operands these are.

#include "bn/Lower/Lowerable.h"

#include "Lowering.h"
#include "bn/IR/BN/BN.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace bn::lower {
namespace {

/// What an operator does with the value of an operand.
struct Parameter {
  StringLiteral op;
  unsigned operand;
  bool onlyShape; ///< it tells the shape of the result and nothing else
};

constexpr Parameter parameters[] = {
    {"AffineGrid", 1, false}, {"BlackmanWindow", 0, true}, {"CenterCropPad", 1, false}, {"Col2Im", 1, true}, {"Col2Im", 2, false},
    {"ConstantOfShape", 0, true},
    {"CumProd", 1, false}, {"CumSum", 1, false}, {"DFT", 1, false}, {"DFT", 2, false}, {"Dropout", 2, false}, {"Expand", 1, true},
    {"HammingWindow", 0, true}, {"HannWindow", 0, true}, {"If", 0, false}, {"OneHot", 1, true}, {"Pad", 1, false}, {"Pad", 3, false},
    {"Range", 0, true}, {"Range", 1, true}, {"Range", 2, true}, {"Reshape", 1, true}, {"Resize", 1, false}, {"Resize", 2, false},
    {"Resize", 3, false}, {"STFT", 1, false}, {"STFT", 3, false}, {"Slice", 1, false}, {"Slice", 2, false}, {"Slice", 3, false},
    {"Slice", 4, false}, {"Split", 1, true}, {"Squeeze", 1, true}, {"Tile", 1, true}, {"TopK", 1, true}, {"Unsqueeze", 1, true},
    {"Upsample", 1, false},
};

/// Reductions have their axes in operand 1.
bool isReduction(StringRef op) { return op.starts_with("Reduce"); }

bool isStatic(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return isa<NoneType>(type) || (tensor && tensor.hasStaticShape());
}

/// What a lowering leaves out of its operator.
struct Gap {
  StringLiteral op; ///< key in the table of lowerings
  bool (*isIn)(onnx::NodeOpInterface node);
  StringLiteral description;
};

/// Transforms are products with a matrix of f32.
bool isLargeTransform(onnx::NodeOpInterface node) {
  constexpr int64_t maxElements = int64_t(1) << 22;
  auto in = dyn_cast<RankedTensorType>(node->getOperand(0).getType()), out = dyn_cast<RankedTensorType>(node->getResult(0).getType());
  if (!in || !out || in.getElementType().isF64() || in.getRank() < 2)
    return true;
  auto longest = [](RankedTensorType type) { return *llvm::max_element(type.getShape()); };
  return longest(in) * longest(out) > maxElements;
}

/// Combinations of more than 16 taps.
bool isWideSample(onnx::NodeOpInterface node) {
  auto type = dyn_cast<RankedTensorType>(node->getOperand(0).getType());
  return !type || type.getRank() < 3 || (type.getRank() > 4 && node.getString("mode", "").ends_with("cubic"));
}

/// A ratio of 0 drops nothing.
bool dropsAtRandom(onnx::NodeOpInterface node) {
  DenseElementsAttr trains, ratio;
  if (node->getNumOperands() < 3 || !matchPattern(node->getOperand(2), m_Constant(&trains)) || !trains.isSplat() ||
      !trains.getElementType().isInteger(1) || !trains.getSplatValue<bool>())
    return false;
  return !matchPattern(node->getOperand(1), m_Constant(&ratio)) || !ratio.isSplat() || !ratio.getSplatValue<APFloat>().isZero();
}

/// The places are those in a result of another shape.
bool hasForeignPlaces(onnx::NodeOpInterface node) {
  return node->getNumOperands() > 2 && !isa<NoneType>(node->getOperand(2).getType());
}

constexpr Gap gaps[] = {
    {"DFT", isLargeTransform, "f64, or a matrix of more than 4194304 numbers, is not supported"},
    {"DeformConv",
     [](onnx::NodeOpInterface node) {
       auto type = dyn_cast<RankedTensorType>(node->getOperand(0).getType());
       return !type || type.getRank() != 4 || node.getInt("group", 1) != 1;
     },
     "groups, or other than two spatial dimensions, are not supported"},
    {"Dropout", dropsAtRandom, "training mode is not supported"},
    {"GridSample", isWideSample, "cubic samples of volumes are not supported"},
    {"Resize", [](onnx::NodeOpInterface node) { return node.getString("coordinate_transformation_mode", "") == "tf_crop_and_resize"; },
     "coordinate transformation mode 'tf_crop_and_resize' is not supported"},
    {"MaxUnpool", hasForeignPlaces, "input 'output_shape' is not supported"},
    {"STFT", isLargeTransform, "f64, or a matrix of more than 4194304 numbers, is not supported"},
};

bool isEmpty(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && llvm::is_contained(tensor.getShape(), 0);
}

/// An empty list that is known is a parameter that is not given.
bool isEmptyVariable(Value value) { return isEmpty(value.getType()) && !matchPattern(value, m_Constant()); }

} // namespace

SmallVector<OpOperand *> getParameters(Operation *op) {
  SmallVector<OpOperand *> operands;
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  if (!node || !node.getDomain().empty())
    return operands;
  bool knowsShape = llvm::all_of(op->getResultTypes(), isStatic);
  auto add = [&](unsigned i) {
    if (i < op->getNumOperands() && !isa<NoneType>(op->getOperand(i).getType()))
      operands.push_back(&op->getOpOperand(i));
  };
  if (isReduction(node.getOpType()))
    add(1);
  for (const Parameter &parameter : parameters)
    if (parameter.op == node.getOpType() && !(parameter.onlyShape && knowsShape))
      add(parameter.operand);
  return operands;
}

bool hasLowering(Operation *op) { return findLowering(op); }

std::string findTypeObstacle(Type type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (isa<NoneType>(type))
    return text;
  auto tensor = dyn_cast<ShapedType>(type);
  if (!tensor)
    os << "values of type " << type << " are not supported";
  else if (!getStorageType(tensor.getElementType()))
    os << "element type " << tensor.getElementType() << " is not supported";
  else if (!tensor.hasStaticShape())
    os << "result shape depends on data";
  return text;
}

std::string findObstacle(Operation *op) {
  if (isa<onnx::AbsentOp>(op))
    return "";
  if (auto constant = dyn_cast<onnx::ConstantOp>(op))
    return findTypeObstacle(constant.getType());
  if (!findLowering(op))
    return "no lowering for this operator";
  for (TypeRange types : {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types)
      if (std::string obstacle = findTypeObstacle(type); !obstacle.empty())
        return obstacle;
  bool runsEmpty = isa<TrainingOp, TrainingGradOp>(op); // an empty batch changes no state
  if (!runsEmpty && (llvm::any_of(op->getResultTypes(), isEmpty) || llvm::any_of(op->getOperands(), isEmptyVariable)))
    return "tensors without elements are not supported";
  if (auto node = dyn_cast<onnx::NodeOpInterface>(op))
    for (const Gap &gap : gaps)
      if (getTableKey(node) == gap.op && gap.isIn(node))
        return gap.description.str();
  for (OpOperand *parameter : getParameters(op))
    if (!matchPattern(parameter->get(), m_Constant()))
      return ("expected input " + Twine(parameter->getOperandNumber()) + " to be constant").str();
  return "";
}

} // namespace bn::lower
