// Names.cpp - names of nodes and values.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/Names.h"

#include "bn/IR/Onnx/Onnx.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace bn::onnx {

StringRef getNodeName(Operation *op) {
  auto name = op->getAttrOfType<StringAttr>(attr::name);
  return name ? name.getValue() : StringRef();
}

/// The name of an argument of a subgraph, which its node keeps in `graphs`.
static StringRef getSubgraphInputName(GenericNodeOp node, BlockArgument argument) {
  if (!node.getGraphs())
    return {};
  auto graph = dyn_cast<DictionaryAttr>((*node.getGraphs())[argument.getOwner()->getParent()->getRegionNumber()]);
  auto inputs = graph ? graph.getAs<ArrayAttr>("inputs") : ArrayAttr();
  return inputs && argument.getArgNumber() < inputs.size() ? cast<StringAttr>(inputs[argument.getArgNumber()]).getValue() : "";
}

StringRef getValueName(Value value) {
  if (auto result = dyn_cast<OpResult>(value)) {
    auto names = result.getOwner()->getAttrOfType<ArrayAttr>(attr::outputs);
    return names && result.getResultNumber() < names.size() ? cast<StringAttr>(names[result.getResultNumber()]).getValue() : "";
  }
  auto argument = cast<BlockArgument>(value);
  Operation *parent = argument.getOwner()->getParentOp();
  if (auto function = dyn_cast_or_null<FunctionOpInterface>(parent)) {
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), attr::name);
    return name ? name.getValue() : StringRef();
  }
  auto node = dyn_cast_or_null<GenericNodeOp>(parent);
  return node ? getSubgraphInputName(node, argument) : StringRef();
}

void setOutputNames(Operation *op, ArrayRef<StringRef> names) { op->setAttr(attr::outputs, Builder(op).getStrArrayAttr(names)); }

void takeOutputNames(Operation *from, Operation *to) {
  if (Attribute names = from->getAttr(attr::outputs))
    to->setAttr(attr::outputs, names);
}

StringRef getOperatorName(Operation *op) {
  if (auto node = dyn_cast<NodeOpInterface>(op))
    return node.getOpType();
  StringRef name = op->getName().getStringRef();
  return name == "bn.inference" || name == "bn.training" ? "BatchNormalization" : name;
}

std::string getDisplayName(Operation *op) {
  if (StringRef name = getNodeName(op); !name.empty())
    return name.str();
  for (OpResult result : op->getResults())
    if (StringRef name = getValueName(result); !name.empty())
      return name.str();
  auto loc = op->getLoc()->findInstanceOf<NameLoc>();
  return loc ? loc.getName().str() : op->getName().getStringRef().str();
}

} // namespace bn::onnx
