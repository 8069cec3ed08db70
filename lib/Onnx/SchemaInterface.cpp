// SchemaInterface.cpp - answers the passes' questions about operators from ONNX's schemas.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/SchemaInterface.h"

#include "BodyExpansion.h"
#include "GraphImport.h"
#include "MappedFiles.h"
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
    question.inputs.shapes.push_back(nullptr);
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

/// The node as a message whose present inputs and outputs have names.
llvm::Error describeNode(Operation *op, function_ref<ElementsAttr(unsigned)> constantOperand, NodeParts &parts, Question &question) {
  auto node = cast<NodeOpInterface>(op);
  OpsetImports imports;
  imports[node.getDomain()] = node.getSchemaVersion();
  std::optional<proto::NodeProto> residue = getNodeResidue(op); // says which overload of a function it calls
  auto described = getNodeParts(op, imports, residue ? &*residue : nullptr);
  if (!described)
    return described.takeError();
  parts = std::move(*described);
  if (llvm::Error error = exportNode(op, parts, residue ? &*residue : nullptr, question.node, question.blobs))
    return error;
  for (auto [i, output] : llvm::enumerate(parts.outputs))
    if (output)
      question.node.set_output(static_cast<int>(i), "y" + std::to_string(i));
  describeOperands(parts.inputs, constantOperand, question);
  return llvm::Error::success();
}

/// The type of a pooled tensor. With `ceil_mode`, the library counts windows that start behind the image, in the padding; the standard
/// and everybody's kernels leave them out.
static Type dropWindowsInPadding(NodeOpInterface node, Type inferred) {
  if (!node.getOpType().ends_with("Pool") || !node.getInt("ceil_mode", 0) || node->getNumOperands() == 0)
    return inferred;
  auto image = dyn_cast<RankedTensorType>(node->getOperand(0).getType()), result = dyn_cast<RankedTensorType>(inferred);
  auto pads = node.getInts("pads");
  if (!image || !result || !pads)
    return inferred;
  SmallVector<int64_t> shape(result.getShape());
  auto strides = node.getInts("strides");
  for (size_t d = 2; d < shape.size(); ++d) {
    int64_t stride = strides ? (*strides)[d - 2] : 1, end = image.getDimSize(d) + (*pads)[d - 2];
    if (!image.isDynamicDim(d) && !result.isDynamicDim(d) && (shape[d] - 1) * stride >= end)
      --shape[d];
  }
  return result.clone(shape);
}

/// The type of an STFT's result, whose bins the library counts without regard to `onesided`.
static Type countBins(NodeOpInterface node, function_ref<ElementsAttr(unsigned)> constantOperand, Type inferred) {
  auto signal = dyn_cast<RankedTensorType>(node->getOperand(0).getType());
  auto integer = [&](unsigned i) -> std::optional<int64_t> {
    auto value = i < node->getNumOperands() ? dyn_cast_or_null<DenseElementsAttr>(constantOperand(i)) : DenseElementsAttr();
    if (!value || value.getNumElements() != 1 || !value.getElementType().isInteger())
      return std::nullopt;
    return (*value.value_begin<APInt>()).getSExtValue();
  };
  std::optional<int64_t> step = integer(1), length = integer(3);
  bool hasWindow = node->getNumOperands() > 2 && isa<RankedTensorType>(node->getOperand(2).getType());
  if (auto window = hasWindow ? cast<RankedTensorType>(node->getOperand(2).getType()) : RankedTensorType(); window && !length)
    length = window.hasStaticShape() ? std::optional(window.getNumElements()) : std::nullopt;
  if (!signal || signal.getRank() < 2 || !signal.hasStaticShape() || !step || !length || *step < 1 || *length < 1 ||
      *length > signal.getDimSize(1))
    return inferred;
  int64_t bins = node.getInt("onesided", 1) ? *length / 2 + 1 : *length;
  return RankedTensorType::get({signal.getDimSize(0), (signal.getDimSize(1) - *length) / *step + 1, bins, 2}, signal.getElementType());
}

/// What is known of a result's type although the library does not infer it.
static Type completeType(NodeOpInterface node, function_ref<ElementsAttr(unsigned)> constantOperand, Type inferred) {
  if (!node.getDomain().empty() || node->getNumOperands() == 0)
    return inferred;
  if (node.is("STFT"))
    return countBins(node, constantOperand, inferred);
  bool keepsType = node.is("GroupNormalization") && !isa<RankedTensorType>(inferred);
  return keepsType ? node->getOperand(0).getType() : dropWindowsInPadding(node, inferred);
}

/// The operator of the standard whose results have the types of those of an operator of ONNX Runtime's, which has no schema here.
const proto::OpSchema *findTwin(NodeOpInterface node) {
  bool isLstm = node.getDomain() == "com.microsoft" && node.getOpType() == "DynamicQuantizeLSTM";
  constexpr int64_t opset = 14; // the last that changed LSTM's shapes
  OpsetImports imports;
  imports[""] = opset;
  return isLstm ? findSchema("LSTM", "", imports) : nullptr;
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
    NodeParts parts;
    Question question;
    if (llvm::Error error = describeNode(op, constantOperand, parts, question))
      return op->emitError("node '" + getDisplayName(op) + "': " + toString(std::move(error)));
    describeBodies(op, parts.graphs, question);
    OpsetImports imports;
    imports[node.getDomain()] = node.getSchemaVersion();
    const proto::OpSchema *schema = findSchema(node.getOpType(), node.getDomain(), imports);
    auto inferred = inferOutputTypes(schema ? schema : findTwin(node), question.node, question.inputs, imports);
    if (!inferred)
      return op->emitError("node '" + getDisplayName(op) + "': " + toString(inferred.takeError()));
    for (auto [i, output] : llvm::enumerate(parts.outputs)) {
      if (!output)
        continue;
      mergeType((*inferred)[i], exportType(types[i]));
      types[i] = completeType(node, constantOperand, importType((*inferred)[i], op->getContext()));
    }
    return success();
  }

  LogicalResult expandFunctionBody(Operation *op, RewriterBase &rewriter) const override;
  func::FuncOp getCallee(Operation *op) const override;
  LogicalResult inlineCall(Operation *op, RewriterBase &rewriter) const override;
};

/// The body of the operator of `op`, where it has one, and what the op says of its node.
std::unique_ptr<FunctionBody> findBody(Operation *op, NodeParts &parts) {
  Question question;
  if (!isa<NodeOpInterface>(op))
    return nullptr;
  auto noConstant = [](unsigned) { return ElementsAttr(); };
  if (llvm::Error error = describeNode(op, noConstant, parts, question)) {
    llvm::consumeError(std::move(error));
    return nullptr;
  }
  return getFunctionBody(op, question.node, question.types);
}

LogicalResult OnnxSchemas::expandFunctionBody(Operation *op, RewriterBase &rewriter) const {
  NodeParts parts;
  std::unique_ptr<FunctionBody> body = findBody(op, parts);
  return body ? replaceByBody(op, parts, *body, rewriter) : failure();
}

func::FuncOp OnnxSchemas::getCallee(Operation *op) const { return findLocalFunction(op); }

LogicalResult OnnxSchemas::inlineCall(Operation *op, RewriterBase &rewriter) const {
  NodeParts parts;
  std::unique_ptr<FunctionBody> body = findLocalFunction(op) ? findBody(op, parts) : nullptr;
  if (!body || !importsSameOpsets(op, body->function))
    return failure();
  FreshNames names(op->getParentOfType<func::FuncOp>());
  return replaceByBody(op, parts, *body, rewriter, &names);
}

} // namespace

void registerSchemaInterface(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, OnnxDialect *dialect) { dialect->addInterfaces<OnnxSchemas, MappedFiles>(); });
}

} // namespace bn::onnx
