// OnnxOps.cpp - verifiers and folds of the onnx dialect's ops.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/Random.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace bn::onnx;

#include "bn/IR/Onnx/OnnxInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "bn/IR/Onnx/OnnxOps.cpp.inc"

/// Whether the attribute belongs to the node, and not to the op (`version`) or to a dialect (`onnx.name`).
static bool isNodeAttr(StringRef name) { return name != "version" && !name.contains('.'); }

Attribute bn::onnx::getDefinedNodeAttr(Operation *op, StringRef name) { return isNodeAttr(name) ? op->getAttr(name) : Attribute(); }

DictionaryAttr bn::onnx::getDefinedNodeAttrs(Operation *op) {
  SmallVector<NamedAttribute> attrs = llvm::to_vector(llvm::make_filter_range(
      op->getAttrDictionary(), [](NamedAttribute named) { return isNodeAttr(named.getName()); }));
  return DictionaryAttr::getWithSorted(op->getContext(), attrs);
}

OpFoldResult AbsentOp::fold(FoldAdaptor) { return UnitAttr::get(getContext()); }
OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

bool bn::onnx::mayDraw(StringRef opType, ValueRange inputs) {
  static constexpr StringLiteral random[] = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
                                             "RandomUniformLike"};
  if (opType != "Dropout")
    return llvm::is_contained(random, opType);
  if (inputs.size() < 3 || isa<NoneType>(inputs[2].getType()))
    return false;
  DenseElementsAttr trains;
  return !matchPattern(inputs[2], m_Constant(&trains)) || !trains.getElementType().isInteger(1) || !trains.isSplat() ||
         trains.getSplatValue<bool>();
}

void GenericNodeOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  // A node that draws random numbers may be dropped but never merged with its like: it allocates its result.
  if (!getDomain().empty() || mayDraw(getOpType(), getInputs()))
    for (OpResult output : getResults())
      effects.emplace_back(MemoryEffects::Allocate::get(), output);
}

LogicalResult GenericNodeOp::verifyRegions() {
  size_t graphs = getGraphs() ? getGraphs()->size() : 0;
  if (graphs != getNumRegions()) // C1
    return emitOpError("expected one entry of 'graphs' per region, got ") << graphs << " for " << getNumRegions() << " regions";
  for (Region &body : getBodies())
    if (!body.hasOneBlock() || !isa_and_nonnull<YieldOp>(body.front().getTerminator())) // C2
      return emitOpError("expected every region to be one block that ends in 'onnx.yield'");
  return success();
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// C1, C2: groups are counted from 1, the filter has the input's rank, at least 3. Unranked values pass.
static LogicalResult verifyGroupAndRanks(Operation *op, int64_t group, Type input, Type filter) {
  if (group < 1)
    return op->emitOpError("expected 'group' to be positive, got ") << group;
  auto x = dyn_cast<RankedTensorType>(input), w = dyn_cast<RankedTensorType>(filter);
  if (w && w.getRank() < 3)
    return op->emitOpError("expected W of rank 3 or more, got rank ") << w.getRank();
  if (x && w && x.getRank() != w.getRank())
    return op->emitOpError("expected W to have the rank of X, got ") << w.getRank() << " and " << x.getRank();
  return success();
}

/// C4: the bias is a vector with one element per output channel.
static LogicalResult verifyBias(Operation *op, Type bias, int64_t channels) {
  auto type = dyn_cast<RankedTensorType>(bias);
  if (type && (type.getRank() != 1 || failed(verifyCompatibleDims({type.getDimSize(0), channels}))))
    return op->emitOpError("expected B to be a vector of ") << channels << " elements, got " << type;
  return success();
}

/// C5: one positive entry per spatial dimension.
static LogicalResult verifyPerSpatialDim(Operation *op, StringRef name, std::optional<ArrayRef<int64_t>> values, size_t count) {
  if (!values)
    return success();
  if (values->size() != count)
    return op->emitOpError("expected '") << name << "' to have " << count << " entries, got " << values->size();
  if (name != "pads" && llvm::any_of(*values, [](int64_t v) { return v <= 0; }))
    return op->emitOpError("expected '") << name << "' to be positive";
  return success();
}

/// C1 to C4. W's dimension 0 has the outputs of all groups, its dimension 1 the inputs of one; transposed, the other way round.
template <typename Conv> static LogicalResult verifyChannels(Conv conv, bool isTransposed) {
  int64_t group = conv.getGroup();
  if (failed(verifyGroupAndRanks(conv, group, conv.getX().getType(), conv.getW().getType()))) // C1, C2
    return failure();
  auto x = dyn_cast<RankedTensorType>(conv.getX().getType()), w = dyn_cast<RankedTensorType>(conv.getW().getType());
  if (!w)
    return success();
  int64_t ofAll = w.getDimSize(0), inputs = w.getDimSize(1), outputs = ofAll;
  inputs *= ShapedType::isDynamic(inputs) ? 1 : group;
  if (isTransposed)
    std::swap(inputs, outputs);
  if (x && failed(verifyCompatibleDims({x.getDimSize(1), inputs}))) // C3
    return conv.emitOpError("expected X to have ") << inputs << " channels, got " << x.getDimSize(1);
  if (!ShapedType::isDynamic(ofAll) && ofAll % group) // C3
    return conv.emitOpError("expected W's dimension 0 to be a multiple of 'group' ") << group << ", got " << ofAll;
  return verifyBias(conv, conv.getB().getType(), outputs); // C4
}

LogicalResult ConvOp::verify() {
  if (failed(verifyChannels(*this, /*isTransposed=*/false)))
    return failure();
  auto w = dyn_cast<RankedTensorType>(getW().getType());
  if (!w)
    return success();
  size_t spatial = w.getRank() - 2;
  return success(succeeded(verifyPerSpatialDim(*this, "strides", getStrides(), spatial)) && // C5
                 succeeded(verifyPerSpatialDim(*this, "dilations", getDilations(), spatial)) &&
                 succeeded(verifyPerSpatialDim(*this, "kernel_shape", getKernelShape(), spatial)) &&
                 succeeded(verifyPerSpatialDim(*this, "pads", getPads(), 2 * spatial)));
}

LogicalResult ConvTransposeOp::verify() { return verifyChannels(*this, /*isTransposed=*/true); }
