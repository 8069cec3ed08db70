// ConvFilter.cpp - convolutions and average pools as filters, and filters as convolutions.
// SPDX-License-Identifier: Apache-2.0

#include "ConvFilter.h"

#include "Affines.h"
#include "ChannelMath.h"
#include "FloatElements.h"
#include "LinearOps.h"
#include "bn/IR/Onnx/Names.h"

using namespace mlir;

namespace bn {

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// Entry `i` of a list that may be absent.
static int64_t getEntry(std::optional<ArrayRef<int64_t>> list, size_t i, int64_t fallback) {
  return list && i < list->size() ? (*list)[i] : fallback;
}

/// The border that SAME_UPPER or SAME_LOWER puts before and after an input of `size` elements, perhaps unknown.
static std::optional<std::pair<int64_t, int64_t>> padSame(const TapAxis &axis, int64_t size, bool lower) {
  if (ShapedType::isDynamic(size) && axis.stride != 1)
    return std::nullopt;
  int64_t extent = axis.dilation * (axis.taps - 1);
  int64_t covered = axis.stride == 1 ? extent : (llvm::divideCeil(size, axis.stride) - 1) * axis.stride + extent + 1 - size;
  int64_t total = std::max<int64_t>(covered, 0), before = (total + lower) / 2;
  return std::pair(before, total - before);
}

/// The window of a Conv or a pool with this kernel, read from the node.
static Reason describeWindow(onnx::NodeOpInterface node, ArrayRef<int64_t> kernel, FilterShape &shape) {
  auto input = dyn_cast<RankedTensorType>(node->getOperand(0).getType());
  StringRef autoPad = node.getString("auto_pad", "NOTSET");
  auto pads = node.getInts("pads");
  for (auto [d, taps] : llvm::enumerate(kernel)) {
    TapAxis axis{.stride = getEntry(node.getInts("strides"), d, 1), .dilation = getEntry(node.getInts("dilations"), d, 1), .taps = taps};
    std::optional<std::pair<int64_t, int64_t>> border(std::in_place, 0, 0);
    if (autoPad.starts_with("SAME"))
      border = padSame(axis, input ? input.getDimSize(d + 2) : ShapedType::kDynamic, autoPad == "SAME_LOWER");
    else if (autoPad != "VALID")
      border = {getEntry(pads, d, 0), getEntry(pads, d + kernel.size(), 0)};
    if (!border || border->first < 0 || border->second < 0)
      return Reason::PaddingDiffers;
    axis.first = -border->first;
    axis.growth = border->first + border->second - axis.dilation * (taps - 1);
    shape.axes.push_back(axis);
  }
  return Reason::None;
}

Reason describeConv(onnx::ConvOp conv, FilterShape &shape) {
  onnx::ConstantOp weight = getConstant(conv.getW());
  if (!weight || !(isAbsent(conv.getB()) || getConstant(conv.getB())))
    return Reason::WeightsNotConstant;
  ArrayRef<int64_t> dims = cast<RankedTensorType>(weight.getType()).getShape();
  int64_t groups = conv.getGroup();
  shape = {.outputs = dims[0], .inputs = dims[1] * groups, .groups = groups, .axes = {}};
  if (shape.outputs == 0 || shape.inputs == 0 || llvm::is_contained(dims, 0))
    return Reason::UnknownShape;
  return describeWindow(conv, dims.drop_front(2), shape);
}

Reason describePool(onnx::AveragePoolOp pool, int64_t channels, FilterShape &shape) {
  if (!pool.getKernelShape())
    return Reason::UnknownShape;
  if (pool.getCeilMode())
    return Reason::PaddingDiffers;
  shape = {.outputs = channels, .inputs = channels, .groups = channels, .axes = {}};
  if (Reason why = describeWindow(pool, *pool.getKernelShape(), shape); why != Reason::None)
    return why;
  return shape.isPadded() && !pool.getCountIncludePad() ? Reason::PoolSkipsBorder : Reason::None;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

bool hasBias(onnx::ConvOp conv) {
  if (isAbsent(conv.getB()))
    return false;
  std::optional<SmallVector<double>> bias = getConstantReals(conv.getB());
  return !bias || llvm::any_of(*bias, [](double b) { return b != 0; });
}

Reason readConv(onnx::ConvOp conv, Filter &filter) {
  std::optional<SmallVector<double>> weights = getConstantReals(conv.getW());
  std::optional<SmallVector<double>> bias = SmallVector<double>(filter.shape.outputs, 0);
  if (!isAbsent(conv.getB()))
    bias = getConstantReals(conv.getB());
  if (!weights || !bias || static_cast<int64_t>(bias->size()) != filter.shape.outputs)
    return Reason::WeightsNotConstant;
  filter.weights = std::move(*weights);
  filter.bias = std::move(*bias);
  return Reason::None;
}

int64_t countFilterBytes(onnx::ConvOp conv, const FilterShape &shape, bool withBias) {
  int64_t width = cast<ShapedType>(conv.getW().getType()).getElementTypeBitWidth() / 8;
  return (shape.getNumWeights() + (withBias ? shape.outputs : 0)) * width;
}

static WeightRange getRange(ArrayRef<double> values) { return {*llvm::min_element(values), *llvm::max_element(values)}; }

/// What rounding the filter changes in the result: the largest sum over the weights and the bias of a channel.
static double getError(const Filter &filter, const LinearConstants &constants) {
  SmallVector<double> errors = getRounding(filter.weights, constants.weight, filter.weights.size() / filter.shape.outputs);
  if (constants.bias)
    for (auto [error, bias] : llvm::zip_equal(errors, getRounding(filter.bias, constants.bias)))
      error += bias;
  return *llvm::max_element(errors);
}

Reason storeFilter(onnx::ConvOp conv, const Filter &filter, bool withBias, LinearConstants &constants) {
  onnx::ConstantOp old = getConstant(conv.getW());
  Type elementType = cast<ShapedType>(old.getType()).getElementType();
  SmallVector<int64_t> dims = {filter.shape.outputs, filter.shape.inputs / filter.shape.groups};
  for (const TapAxis &axis : filter.shape.axes)
    dims.push_back(axis.taps);
  constants.before = measureChannels(old.getValue(), {.inner = old.getValue().getNumElements()}).front();
  constants.after = getRange(filter.weights);
  StringRef name = onnx::getValueName(old);
  Reason why = storeReals(filter.weights, RankedTensorType::get(dims, elementType), name, constants.weight);
  if (why == Reason::None && withBias)
    why = storeReals(filter.bias, RankedTensorType::get({filter.shape.outputs}, elementType), name, constants.bias);
  if (why == Reason::None)
    constants.error = getError(filter, constants);
  return why;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// Writes window and groups into the node's attributes.
static void setShape(onnx::ConvOp conv, const FilterShape &shape) {
  SmallVector<int64_t> kernel, strides, dilations, begins, ends;
  for (const TapAxis &axis : shape.axes) {
    kernel.push_back(axis.taps);
    strides.push_back(axis.stride);
    dilations.push_back(axis.dilation);
    begins.push_back(-axis.first);
    ends.push_back(axis.getPadEnd());
  }
  begins.append(ends);
  conv.setKernelShape(kernel);
  conv.setStrides(strides);
  conv.setDilations(dilations);
  conv.setPads(begins);
  conv.removeAutoPadAttr();
  conv.setGroup(shape.groups);
}

void setFilter(RewriterBase &rewriter, onnx::ConvOp conv, const FilterShape &shape, const LinearConstants &constants, FreshNames &names) {
  rewriter.modifyOpInPlace(conv, [&] {
    FilterShape before;
    if (describeConv(conv, before) != Reason::None || before != shape)
      setShape(conv, shape);
    LinearForm form;
    [[maybe_unused]] Reason why = describeLinear(conv, form);
    assert(why == Reason::None && "the weights were constant");
    replaceConstants(rewriter, conv, form, constants, names);
    conv->removeAttr(attr::branchReason);
  });
}

//===----------------------------------------------------------------------===//
// Accounting
//===----------------------------------------------------------------------===//

void noteBranch(Operation *op, Reason why) {
  bool isAffine = isa<AffineOp>(op); // it has a reason already, of the pass that tried first
  if (why != Reason::None && (isAffine || !op->hasAttr(attr::branchReason)))
    op->setAttr(isAffine ? attr::reason : attr::branchReason, StringAttr::get(op->getContext(), getCode(why)));
}

void inheritBranch(Operation *heir, Operation *op) {
  if (auto affine = dyn_cast<AffineOp>(op))
    return addSources(heir, getSources(affine));
  if (auto sources = op->getAttrOfType<ArrayAttr>(attr::sources))
    addSources(heir, llvm::to_vector(sources.getAsValueRange<StringAttr>()));
  SmallVector<Attribute> branches;
  for (Operation *noted : {heir, op})
    if (auto names = noted->getAttrOfType<ArrayAttr>(attr::branches))
      llvm::append_range(branches, names);
  branches.push_back(StringAttr::get(op->getContext(), onnx::getDisplayName(op)));
  heir->setAttr(attr::branches, ArrayAttr::get(op->getContext(), branches));
}

} // namespace bn
