// OpCreation.cpp - one node becomes one op.
// SPDX-License-Identifier: Apache-2.0
//
// Tried in this order, the first that can express the node: a constant, an op of the bn dialect, the op that the onnx
// dialect defines for the operator, and `onnx.node`, which takes every node.

#include "BatchNorm.h"
#include "GraphImport.h"
#include "TensorConversion.h"

#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/Random.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace bn::onnx {

/// The op if its verifier accepts it. An op that says less takes the node otherwise, so nothing is reported.
static Operation *keepIfValid(Operation *op) {
  if (!op)
    return nullptr;
  ScopedDiagnosticHandler silence(op->getContext(), [](Diagnostic &) { return success(); });
  if (succeeded(verify(op, /*verifyRecursively=*/false)))
    return op;
  op->erase();
  return nullptr;
}

/// The value of a Constant node; null for an attribute that holds none.
static ElementsAttr getConstantValue(NamedAttribute named) {
  Attribute value = named.getValue();
  StringRef name = named.getName();
  auto makeVector = [&](Type element, auto numbers) {
    auto type = RankedTensorType::get(static_cast<int64_t>(numbers.size()), element);
    auto owner = std::make_shared<std::string>(reinterpret_cast<const char *>(numbers.data()), numbers.size() * sizeof(numbers[0]));
    return makeElements(type, {ArrayRef(owner->data(), owner->size()), owner}, name);
  };
  auto makeStrings = [&](ArrayRef<int64_t> shape, ArrayRef<StringRef> strings) -> ElementsAttr {
    return DenseElementsAttr::get(RankedTensorType::get(shape, StringType::get(value.getContext())), strings);
  };
  if (name == "value")
    return dyn_cast<ElementsAttr>(value);
  if (auto number = dyn_cast<FloatAttr>(value); number && name == "value_float")
    return DenseElementsAttr::get(RankedTensorType::get({}, number.getType()), value);
  if (auto number = dyn_cast<IntegerAttr>(value); number && name == "value_int")
    return DenseElementsAttr::get(RankedTensorType::get({}, number.getType()), value);
  if (auto string = dyn_cast<StringAttr>(value); string && name == "value_string")
    return makeStrings({}, string.getValue());
  if (auto numbers = dyn_cast<DenseI64ArrayAttr>(value); numbers && name == "value_ints")
    return makeVector(IntegerType::get(value.getContext(), 64), numbers.asArrayRef());
  if (auto numbers = dyn_cast<DenseF32ArrayAttr>(value); numbers && name == "value_floats")
    return makeVector(Float32Type::get(value.getContext()), numbers.asArrayRef());
  auto strings = dyn_cast<ArrayAttr>(value);
  if (!strings || name != "value_strings")
    return {};
  auto texts = llvm::map_to_vector(strings.getAsRange<StringAttr>(), [](StringAttr string) { return string.getValue(); });
  return makeStrings(static_cast<int64_t>(texts.size()), texts);
}

Operation *GraphImporter::createConstant(Pieces &pieces) {
  if (!pieces.is("Constant") || pieces.attributes.size() != 1 || !pieces.operands.empty() || pieces.results.size() != 1 ||
      isa<NoneType>(pieces.results[0]))
    return nullptr;
  NamedAttribute named = *pieces.attributes.begin();
  ElementsAttr value = getConstantValue(named);
  return value ? ConstantOp::create(builder, pieces.loc, value.getType(), value, named.getName()).getOperation() : nullptr;
}

Operation *GraphImporter::createBatchNorm(Pieces &pieces) {
  unsigned outputs = pieces.results.size();
  while (outputs > 0 && isa<NoneType>(pieces.results[outputs - 1]))
    --outputs;
  if (!pieces.is("BatchNormalization") || outputs == 0)
    return nullptr;
  return keepIfValid(importBatchNorm(builder, pieces.loc, pieces.operands, outputs, pieces.attributes, pieces.version));
}

/// The number that an op's traits fix, as seen by `hasCount`; nothing for a variable one.
static std::optional<unsigned> findCount(function_ref<bool(unsigned)> hasCount) {
  constexpr unsigned most = 8;
  for (unsigned count = 0; count <= most; ++count)
    if (hasCount(count))
      return count;
  return std::nullopt;
}

static std::optional<unsigned> getOperandCount(RegisteredOperationName name) {
  return findCount([&](unsigned count) {
    switch (count) {
    case 1: return name.hasTrait<OpTrait::OneOperand>();
    case 2: return name.hasTrait<OpTrait::NOperands<2>::Impl>();
    case 3: return name.hasTrait<OpTrait::NOperands<3>::Impl>();
    case 4: return name.hasTrait<OpTrait::NOperands<4>::Impl>();
    case 5: return name.hasTrait<OpTrait::NOperands<5>::Impl>();
    case 6: return name.hasTrait<OpTrait::NOperands<6>::Impl>();
    default: return false;
    }
  });
}

static std::optional<unsigned> getResultCount(RegisteredOperationName name) {
  return findCount([&](unsigned count) {
    switch (count) {
    case 1: return name.hasTrait<OpTrait::OneResult>();
    case 2: return name.hasTrait<OpTrait::NResults<2>::Impl>();
    case 3: return name.hasTrait<OpTrait::NResults<3>::Impl>();
    default: return false;
    }
  });
}

Operation *GraphImporter::createDefinedOp(Pieces &pieces) {
  MLIRContext *context = builder.getContext();
  if (!pieces.getDomain().empty() || !pieces.bodies.regions.empty() || mayDraw(pieces.node.op_type(), pieces.operands))
    return nullptr; // the ops for one operator have no effects
  auto name = RegisteredOperationName::lookup("onnx." + llvm::convertToSnakeFromCamelCase(pieces.node.op_type()), context);
  if (!name || !name->hasInterface<NodeOpInterface>() || name->getStringRef() == GenericNodeOp::getOperationName())
    return nullptr;
  if (llvm::any_of(pieces.attributes, [](NamedAttribute named) {
        return named.getName() == "version" || named.getName().getValue().contains('.') || isa<ProtoAttr>(named.getValue());
      }))
    return nullptr;
  unsigned operands = getOperandCount(*name).value_or(pieces.operands.size());
  unsigned results = getResultCount(*name).value_or(pieces.results.size());
  if (pieces.operands.size() > operands || pieces.results.size() > results)
    return nullptr;
  OperationState state(pieces.loc, *name);
  state.addOperands(pieces.operands);
  for (unsigned i = pieces.operands.size(); i < operands; ++i)
    state.operands.push_back(absent);
  state.addTypes(pieces.results);
  for (unsigned i = pieces.results.size(); i < results; ++i)
    state.addTypes(builder.getNoneType());
  state.addAttributes(pieces.attributes.getValue());
  state.addAttribute("version", builder.getI64IntegerAttr(pieces.version));
  ScopedDiagnosticHandler silence(context, [](Diagnostic &) { return success(); });
  if (failed(name->verifyInherentAttrs(state.attributes, [&] { return emitError(pieces.loc); })))
    return nullptr;
  Operation *op = keepIfValid(builder.create(state));
  auto node = dyn_cast_or_null<NodeOpInterface>(op);
  if (!node || (node.getOpType() == pieces.node.op_type() && node.getNodeAttrs() == pieces.attributes))
    return op;
  op->erase();
  return nullptr;
}

Operation *GraphImporter::createGenericNode(Pieces &pieces) {
  OperationState state(pieces.loc, GenericNodeOp::getOperationName());
  state.addOperands(pieces.operands);
  state.addTypes(pieces.results);
  auto &properties = state.getOrAddProperties<GenericNodeOp::Properties>();
  properties.op_type = builder.getStringAttr(pieces.node.op_type());
  properties.domain = builder.getStringAttr(pieces.getDomain());
  properties.version = builder.getI64IntegerAttr(pieces.version);
  properties.node_attrs = pieces.attributes;
  if (!pieces.bodies.graphs.empty())
    properties.graphs = builder.getArrayAttr(pieces.bodies.graphs);
  for (auto &region : pieces.bodies.regions)
    state.addRegion(std::move(region));
  return builder.create(state);
}

Operation *GraphImporter::createOp(Pieces &pieces) {
  if (Operation *op = createConstant(pieces))
    return op;
  if (Operation *op = createBatchNorm(pieces))
    return op;
  if (Operation *op = createDefinedOp(pieces))
    return op;
  return createGenericNode(pieces);
}

} // namespace bn::onnx
