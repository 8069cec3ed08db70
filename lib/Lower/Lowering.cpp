// Lowering.cpp - what the lowering of an operator sees, and the table of all operators.
// SPDX-License-Identifier: Apache-2.0

#include "Lowering.h"
#include "BatchNormalizations.h"
#include "Constants.h"
#include "bn/IR/Onnx/Names.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace bn::lower {

Type getStorageType(Type type) {
  if (type.isF16() || type.isBF16() || type.isF32() || type.isF64())
    return type;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return {};
  if (integer.getWidth() == 1)
    return IntegerType::get(type.getContext(), 8);
  return integer.getWidth() >= 8 ? IntegerType::get(type.getContext(), integer.getWidth()) : Type();
}

SmallVector<Value> NodeLowering::ins() const {
  return llvm::map_to_vector(llvm::seq(getNumInputs()), [&](unsigned i) { return in(i); });
}

Type NodeLowering::inElement(unsigned i) const { return cast<ShapedType>(op->getOperand(i).getType()).getElementType(); }

bool NodeLowering::wants(unsigned i) const { return i < op->getNumResults() && !isa<NoneType>(op->getResult(i).getType()); }

RankedTensorType NodeLowering::outType(unsigned i) const {
  auto type = cast<RankedTensorType>(op->getResult(i).getType());
  return RankedTensorType::get(type.getShape(), getStorageType(type.getElementType()));
}

Type NodeLowering::outElement(unsigned i) const { return cast<ShapedType>(op->getResult(i).getType()).getElementType(); }

ElementsAttr NodeLowering::constant(unsigned i) const {
  ElementsAttr value;
  if (has(i))
    matchPattern(op->getOperand(i), m_Constant(&value));
  return value;
}

/// The elements of a constant by way of `convert`, from attributes and from resource blobs alike.
template <typename To> static std::optional<SmallVector<To>> readConstant(ElementsAttr value) {
  if (!value)
    return std::nullopt;
  SmallVector<To> result;
  auto append = [&](auto range) { llvm::append_range(result, llvm::map_range(range, [](auto v) { return static_cast<To>(v); })); };
  Type type = value.getElementType();
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    if (isa<FloatType>(type))
      append(llvm::map_range(dense.getValues<APFloat>(), [](APFloat v) {
        bool lossy;
        v.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
        return v.convertToDouble();
      }));
    else if (type.isUnsignedInteger() || type.isInteger(1))
      append(llvm::map_range(dense.getValues<APInt>(), [](const APInt &v) { return v.getZExtValue(); }));
    else
      append(llvm::map_range(dense.getValues<APInt>(), [](const APInt &v) { return v.getSExtValue(); }));
    return result;
  }
  if (getMemory(value).empty())
    return std::nullopt;
  if (type.isInteger(64))
    append(getStored<int64_t>(value));
  else if (type.isInteger(32))
    append(getStored<int32_t>(value));
  else if (type.isF32())
    append(getStored<float>(value));
  else
    return std::nullopt;
  return result;
}

std::optional<SmallVector<int64_t>> NodeLowering::constantInts(unsigned i) const { return readConstant<int64_t>(constant(i)); }
std::optional<SmallVector<double>> NodeLowering::constantReals(unsigned i) const { return readConstant<double>(constant(i)); }

FailureOr<std::optional<SmallVector<int64_t>>> NodeLowering::ints(StringRef name, unsigned i) {
  using List = std::optional<SmallVector<int64_t>>;
  if (auto list = node.getInts(name))
    return List(llvm::to_vector(*list));
  if (!has(i))
    return List();
  List list = constantInts(i);
  if (!list)
    return fail("expected input '" + name + "' to be constant");
  return list;
}

LogicalResult NodeLowering::fail(const Twine &message) {
  errors.push_back({op, message.str()});
  return failure();
}

std::string describe(Operation *node, const Twine &message) {
  return ("node '" + onnx::getDisplayName(node) + "' (" + onnx::getOperatorName(node) + "): " + message).str();
}

std::string getTableKey(onnx::NodeOpInterface node) {
  StringRef domain = node.getDomain();
  return domain.empty() ? node.getOpType().str() : (domain + "." + node.getOpType()).str();
}

const LoweringTable &getLoweringTable() {
  static const LoweringTable table = [] {
    LoweringTable table;
    for (auto add : {addElementwise, addCasts, addReductions, addSoftmax, addNormalizations, addMatrixProducts, addConvolutions,
                     addIntegerProducts, addIntegerConvolutions, addTransposedConvolutions, addPatches, addPooling, addPoolPlaces,
                     addShapeOps, addSelections, addGathers, addScatters, addScans, addSampling, addGridSamples, addSignals, addResize,
                     addQuantization, addRecurrents, addEinsum})
      add(table);
    return table;
  }();
  return table;
}

LoweringFunction findLowering(Operation *op) {
  if (auto node = dyn_cast<onnx::NodeOpInterface>(op))
    return getLoweringTable().lookup(getTableKey(node));
  return findBatchNormLowering(op);
}

} // namespace bn::lower
