// ValueExport.cpp - names and declarations of values, on their way out.
// SPDX-License-Identifier: Apache-2.0
//
// Outputs of a graph keep their names whatever produces them; every other value has its own name if no other in its
// graph has it, and a new one otherwise. A declaration stays verbatim as long as it does not contradict the value's type.

#include "GraphExport.h"
#include "TypeConversion.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

using namespace mlir;

namespace bn::onnx {

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// What a value without a name is called after: its node, or else its operator.
static std::string getBaseName(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return "input";
  auto loc = op->getLoc()->findInstanceOf<NameLoc>();
  StringRef node = getNodeName(op);
  if (node.empty() && loc)
    node = loc.getName();
  return (node.empty() ? getOperatorName(op) : node).str() + "_output";
}

void GraphExporter::nameValue(Value value, Scope &scope) {
  if (isa<NoneType>(value.getType()) || names.contains(value))
    return;
  StringRef name = getValueName(value);
  bool unnamedByWish = value.getDefiningOp() && value.getDefiningOp()->hasAttr(attr::outputs) && value.use_empty();
  if (name.empty() && unnamedByWish)
    return;
  if (name.empty() || scope.values.contains(name))
    names[value] = freshNames.take(name.empty() ? getBaseName(value) : name.str());
  else
    names[value] = name.str();
  scope.values[names[value]] = value;
}

void GraphExporter::nameOutputs(ArrayRef<StringRef> outputs, ValueRange values, Block &block, Scope &scope) {
  for (auto [name, value] : llvm::zip(outputs, values)) {
    if (name.empty() || isa<NoneType>(value.getType()))
      continue;
    StringRef own = getValueName(value);
    auto claimed = names.find(value);
    if (claimed == names.end() ? own == name : claimed->second == name)
      continue;
    bool renamable = value.getDefiningOp() && value.getDefiningOp()->getBlock() == &block && claimed == names.end() &&
                     !llvm::is_contained(outputs, own);
    if (!renamable) {
      scope.identities.emplace_back(name, value);
      scope.values.try_emplace(name, Value());
      continue;
    }
    names[value] = name.str();
    scope.values[name] = value;
  }
  for (StringRef name : outputs)
    freshNames.add(name);
}

void GraphExporter::nameBlock(Block &block, Scope &scope) {
  for (BlockArgument argument : block.getArguments())
    nameValue(argument, scope);
  for (Operation &op : block)
    for (Value result : op.getResults())
      nameValue(result, scope);
}

//===----------------------------------------------------------------------===//
// Declarations of values
//===----------------------------------------------------------------------===//

static proto::TypeProto exportTypeOf(Value value, ArrayAttr dimParams) {
  SmallVector<StringRef> params;
  if (dimParams)
    params = llvm::map_to_vector(dimParams.getAsRange<StringAttr>(), [](StringAttr name) { return name.getValue(); });
  return exportType(value.getType(), params);
}

/// The declaration of a value; its type follows the value where a pass gave that another shape.
static proto::ValueInfoProto declareAgain(const proto::ValueInfoProto &before, Value value) {
  proto::ValueInfoProto info = before;
  auto declared = dyn_cast<RankedTensorType>(importType(before.type(), value.getContext()));
  if (declared && failed(verifyCompatibleShape(declared, value.getType())))
    *info.mutable_type() = exportTypeOf(value, nullptr);
  return info;
}

void GraphExporter::exportInputs(Block &block, const Scope &scope, ValueInfos &infos, function_ref<ArrayAttr(unsigned)> getDimParams) {
  ValueInfos old;
  old.Swap(&infos);
  llvm::StringMap<proto::ValueInfoProto *> byName;
  for (proto::ValueInfoProto &info : old)
    byName[info.name()] = &info;
  llvm::StringSet<> done;
  auto addArgument = [&](BlockArgument argument) {
    std::string name = getName(argument);
    done.insert(name);
    proto::ValueInfoProto &info = *infos.Add();
    if (proto::ValueInfoProto *before = byName.lookup(name))
      info = *before;
    else
      info.set_name(name);
    if (importType(info.type(), argument.getContext()) != argument.getType())
      *info.mutable_type() = exportTypeOf(argument, getDimParams(argument.getArgNumber()));
  };
  for (proto::ValueInfoProto &info : old) {
    Value value = scope.values.lookup(info.name());
    if (auto argument = dyn_cast_or_null<BlockArgument>(value))
      addArgument(argument);
    else if (value && value.getDefiningOp<ConstantOp>()) // an initializer that is listed among the inputs
      *infos.Add() = declareAgain(info, value);
  }
  for (BlockArgument argument : block.getArguments())
    if (!done.contains(getName(argument)))
      addArgument(argument);
}

void GraphExporter::exportOutputs(ArrayRef<StringRef> outputs, ValueRange values, ValueInfos &infos) {
  ValueInfos old;
  old.Swap(&infos);
  for (auto [i, name, value] : llvm::enumerate(outputs, values)) {
    proto::ValueInfoProto &info = *infos.Add();
    if (static_cast<int>(i) < old.size() && old[static_cast<int>(i)].name() == name)
      info = old[static_cast<int>(i)];
    else
      info.set_name(name.str());
    bool isNew = static_cast<int>(i) >= old.size();
    if ((isNew && !isa<AnyType>(value.getType())) || !areCompatible(importType(info.type(), value.getContext()), value.getType()))
      *info.mutable_type() = exportType(value.getType());
  }
}

void GraphExporter::exportValueInfos(const Scope &scope, ArrayAttr dangling, ValueInfos &infos) {
  ValueInfos old;
  old.Swap(&infos);
  for (proto::ValueInfoProto &info : old) {
    Value value = scope.values.lookup(info.name());
    bool keep = value ? areCompatible(importType(info.type(), value.getContext()), value.getType())
                      : dangling && llvm::is_contained(dangling.getAsValueRange<StringAttr>(), info.name());
    if (keep)
      infos.Add()->Swap(&info);
  }
}

} // namespace bn::onnx
