// SchemaInterface.cpp - answers the passes' questions about operators from ONNX's schemas.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/SchemaInterface.h"

#include "NodeExport.h"
#include "TensorConversion.h"
#include "TypeConversion.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Onnx/Import.h"

using namespace mlir;

namespace bn::onnx {
namespace {

/// A node as the ONNX library wants to see it, and what is known of its operands.
struct Question {
  proto::NodeProto node;
  BlobMap blobs; ///< contents of attributes that are large; inference does not read them
  std::vector<proto::TypeProto> types;
  std::vector<proto::TensorProto> values;
  NodeInputs inputs;
};

/// Tells what the IR knows of the operands.
void describeOperands(ArrayRef<Value> operands, function_ref<ElementsAttr(unsigned)> constantOperand, Question &question) {
  question.types.resize(operands.size());
  question.values.resize(operands.size());
  for (auto [i, operand] : llvm::enumerate(operands)) {
    question.inputs.types.push_back(nullptr);
    question.inputs.values.push_back(nullptr);
    if (!operand)
      continue;
    question.node.set_input(static_cast<int>(i), "x" + std::to_string(i));
    question.types[i] = exportType(operand.getType());
    if (question.types[i].value_case() != proto::TypeProto::VALUE_NOT_SET)
      question.inputs.types[i] = &question.types[i];
    auto value = dyn_cast_or_null<DenseElementsAttr>(constantOperand(i));
    if (!value || value.getNumElements() > maxDenseElements)
      continue;
    llvm::consumeError(exportTensor(value, nullptr, question.values[i], question.blobs));
    question.inputs.values[i] = &question.values[i];
  }
}

/// Tells the types that the node's subgraphs yield.
void describeBodies(Operation *op, ArrayAttr graphs, Question &question) {
  if (!graphs)
    return;
  for (auto [region, entry] : llvm::zip(op->getRegions(), graphs.getAsRange<DictionaryAttr>())) {
    auto &types = question.inputs.bodies[entry.getAs<StringAttr>("attribute").getValue()];
    for (Value value : region.front().getTerminator()->getOperands())
      types.push_back(exportType(value.getType()));
  }
}

class OnnxSchemas : public SchemaInterface {
public:
  using SchemaInterface::SchemaInterface;

  LogicalResult inferTypes(Operation *op, function_ref<ElementsAttr(unsigned)> constantOperand,
                           SmallVectorImpl<Type> &types) const override {
    types.assign(op->result_type_begin(), op->result_type_end());
    auto node = dyn_cast<NodeOpInterface>(op);
    if (!node) // the bn dialect's ops and constants know their types
      return success();
    OpsetImports imports;
    imports[node.getDomain()] = node.getSchemaVersion();
    Question question;
    auto parts = getNodeParts(op, imports, nullptr);
    llvm::Error error = parts ? exportNode(op, *parts, nullptr, question.node, question.blobs) : parts.takeError();
    if (error)
      return op->emitOpError(toString(std::move(error)));
    for (auto [i, output] : llvm::enumerate(parts->outputs))
      if (output)
        question.node.set_output(static_cast<int>(i), "y" + std::to_string(i));
    describeOperands(parts->inputs, constantOperand, question);
    describeBodies(op, parts->graphs, question);
    auto inferred = inferOutputTypes(findSchema(node.getOpType(), node.getDomain(), imports), question.node, question.inputs, imports);
    if (!inferred)
      return op->emitError("node '" + getDisplayName(op) + "': " + toString(inferred.takeError()));
    for (auto [i, type] : llvm::enumerate(*inferred)) {
      if (!parts->outputs[i])
        continue;
      mergeType(type, exportType(types[i]));
      types[i] = importType(type, op->getContext());
    }
    return success();
  }

  LogicalResult expandFunctionBody(Operation *op, RewriterBase &rewriter) const override { return failure(); }
};

} // namespace

void registerSchemaInterface(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, OnnxDialect *dialect) { dialect->addInterfaces<OnnxSchemas>(); });
}

} // namespace bn::onnx
