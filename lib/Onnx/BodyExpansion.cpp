// BodyExpansion.cpp - puts the nodes of a function in the place of a node.
// SPDX-License-Identifier: Apache-2.0

#include "BodyExpansion.h"

#include "GraphImport.h"
#include "TypeConversion.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace bn::onnx {

bool importsSameOpsets(Operation *op, const proto::FunctionProto &function) {
  auto module = op->getParentOfType<ModuleOp>();
  auto imports = module ? module->getAttrOfType<DictionaryAttr>(attr::opsetImports) : nullptr;
  return imports && llvm::all_of(getOpsetImports(function.opset_import()), [&](const auto &import) {
           auto version = imports.getAs<IntegerAttr>(import.getKey().empty() ? "ai.onnx" : import.getKey());
           return version && version.getInt() == import.getValue();
         });
}

/// Imports the body into a block of its own; nothing where a node of it is not valid.
static std::optional<SmallVector<Value>> importBody(FunctionBody &body, const NodeParts &parts, Location loc, Block &block) {
  OpBuilder builder(loc.getContext());
  builder.setInsertionPointToStart(&block);
  llvm::StringMap<Value> values;
  Value absent = AbsentOp::create(builder, loc, builder.getNoneType());
  for (auto [i, name] : llvm::enumerate(body.function.input()))
    values[name] = i < parts.inputs.size() && parts.inputs[i] ? parts.inputs[i] : absent;
  SmallVector<StringRef> outputs(parts.outputs.size()); // a body need not compute what nobody asks for
  for (auto [i, name] : llvm::enumerate(body.function.output()))
    if (i < outputs.size() && parts.outputs[i])
      outputs[i] = name;
  GraphImporter importer(builder, getOpsetImports(body.function.opset_import()), body.blobs);
  auto results = importer.importNodes(*body.function.mutable_node(), values, outputs);
  if (!results) {
    llvm::consumeError(results.takeError());
    return std::nullopt;
  }
  if (absent.use_empty())
    absent.getDefiningOp()->erase();
  return *results;
}

/// Names inside the function mean nothing outside; messages speak of the node that was replaced.
static void dropNames(Block &block, Location loc) {
  block.walk([&](Operation *inner) {
    for (StringRef name : {attr::name, attr::outputs, attr::residue})
      inner->removeAttr(name);
    inner->setLoc(loc);
  });
}

/// Gives values of the block free names. False where one inside a subgraph would need another one.
static bool freshenNames(Block &block, FreshNames &names) {
  bool areFree = true;
  block.walk([&](Operation *inner) {
    SmallVector<std::string> fresh;
    for (Value result : inner->getResults()) {
      StringRef name = getValueName(result);
      fresh.push_back(name.empty() ? "" : names.take(name));
      areFree &= inner->getBlock() == &block || fresh.back() == name;
    }
    if (inner->hasAttr(attr::outputs))
      setOutputNames(inner, llvm::to_vector_of<StringRef>(fresh));
    for (Region &region : inner->getRegions())
      for (Value argument : region.getArguments())
        areFree &= names.take(getValueName(argument)) == getValueName(argument);
  });
  return areFree;
}

/// Whether each result that is asked for is that of a node in the block, and of no other one.
static bool areOwnResults(ArrayRef<Value> results, Block &block) {
  llvm::SmallDenseSet<Value> seen;
  return llvm::all_of(results, [&](Value result) {
    return !result || isa<NoneType>(result.getType()) || (result.getParentBlock() == &block && seen.insert(result).second);
  });
}

/// Gives the values that replace the results of `op` their names.
static void nameReplacements(Operation *op, ValueRange replacements) {
  for (auto [result, replacement] : llvm::zip(op->getResults(), replacements)) {
    Operation *inner = replacement.getDefiningOp();
    StringRef name = getValueName(result);
    if (!inner || name.empty() || replacement.getParentBlock() != op->getBlock())
      continue;
    SmallVector<StringRef> names(inner->getNumResults());
    for (OpResult sibling : inner->getResults())
      names[sibling.getResultNumber()] = sibling == replacement ? name : getValueName(sibling);
    setOutputNames(inner, names);
  }
}

/// What is known of a value that two types describe.
static Type merge(Type inner, Type outer) {
  proto::TypeProto merged = exportType(inner);
  mergeType(merged, exportType(outer));
  return importType(merged, inner.getContext());
}

/// Gives the results of normalizations, which have the type of their input, the type that this has now.
static void spreadType(Value value) {
  SmallVector<Value> changed = {value};
  while (!changed.empty()) {
    Value input = changed.pop_back_val();
    for (OpOperand &use : input.getUses()) {
      if (use.getOperandNumber() != 0 || !isa<InferenceOp, TrainingOp>(use.getOwner()))
        continue;
      Value result = use.getOwner()->getResult(0);
      if (result.getType() == input.getType())
        continue;
      result.setType(input.getType());
      changed.push_back(result);
    }
  }
}

LogicalResult replaceByBody(Operation *op, const NodeParts &parts, FunctionBody &body, RewriterBase &rewriter, FreshNames *names) {
  Block block;
  auto results = importBody(body, parts, op->getLoc(), block);
  if (!results)
    return failure();
  for (auto [output, result] : llvm::zip(parts.outputs, *results))
    if (output && !areCompatible(output.getType(), result.getType()))
      return failure();
  if (!names)
    dropNames(block, op->getLoc());
  else if (!areOwnResults(*results, block) || !freshenNames(block, *names))
    return failure();

  rewriter.setInsertionPoint(op);
  IRMapping mapping;
  for (Operation &inner : block)
    rewriter.clone(inner, mapping);
  SmallVector<Value> replacements;
  for (Value result : op->getResults()) {
    auto output = llvm::find(parts.outputs, result);
    if (output == parts.outputs.end() || !*output) {
      replacements.push_back(AbsentOp::create(rewriter, op->getLoc(), rewriter.getNoneType()));
      continue;
    }
    Value replacement = mapping.lookupOrDefault((*results)[output - parts.outputs.begin()]);
    if (replacement.getDefiningOp<NodeOpInterface>()) // other ops know the type of their results
      replacement.setType(merge(replacement.getType(), result.getType()));
    replacements.push_back(replacement);
  }
  nameReplacements(op, replacements);
  rewriter.replaceOp(op, replacements);
  llvm::for_each(replacements, spreadType);
  return success();
}

} // namespace bn::onnx
