// ShapeArithmetic.cpp - what is known of a list of sizes that the graph computes.
// SPDX-License-Identifier: Apache-2.0

#include "ShapeArithmetic.h"

#include "Initializers.h"
#include "SliceRanges.h"

using namespace mlir;

namespace bn {

using Entries = SmallVector<SizeEntry>;

/// Lists of sizes are as short as ranks, and computed in a few steps.
constexpr int64_t mostEntries = 64, mostSteps = 16;

static std::optional<Entries> getEntries(Value value, int64_t steps);

/// The one dimension of open size; nothing where there are more or none.
static std::optional<int64_t> getOpenAxis(RankedTensorType type) {
  if (!type || type.getNumDynamicDims() != 1)
    return std::nullopt;
  return llvm::find_if(type.getShape(), ShapedType::isDynamic) - type.getShape().begin();
}

/// The product of the sizes that are known.
static int64_t getKnownProduct(RankedTensorType type) {
  int64_t product = 1;
  for (int64_t size : type.getShape())
    product *= ShapedType::isDynamic(size) ? 1 : size;
  return product;
}

/// Whether the operand is known to be repeated along an axis of the result, which is counted from the end.
static bool isBroadcast(Value operand, int64_t axisFromEnd) {
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  return type && (type.getRank() + axisFromEnd < 0 || type.getDimSize(type.getRank() + axisFromEnd) == 1);
}

/// The axis of the first operand that has the size of `axis` of the result: a layout keeps the elements, so the only open size of its
/// result is that of its operand where the others agree; a convolution keeps the images, a matrix product the rows.
static std::optional<int64_t> findSourceAxis(onnx::NodeOpInterface node, int64_t axis) {
  static constexpr StringLiteral elementwise[] = {"Softmax", "Relu",     "LeakyRelu", "Sigmoid",        "Tanh",
                                                  "Clip",    "Identity", "Cast",      "QuantizeLinear", "DynamicQuantizeLinear"};
  static constexpr StringLiteral binary[] = {"Add", "Sub", "Mul", "Div"};
  static constexpr StringLiteral layouts[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"};
  static constexpr StringLiteral batched[] = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool"};
  auto from = dyn_cast<RankedTensorType>(node->getOperand(0).getType()), to = dyn_cast<RankedTensorType>(node->getResult(0).getType());
  if (!from || !to)
    return std::nullopt;
  if (llvm::is_contained(elementwise, node.getOpType()))
    return axis;
  if (llvm::is_contained(binary, node.getOpType()) && isBroadcast(node->getOperand(1), axis - to.getRank()))
    return from.getRank() == to.getRank() ? std::optional(axis) : std::nullopt;
  if (node.is("Transpose"))
    return node.getInts("perm") ? (*node.getInts("perm"))[axis] : from.getRank() - 1 - axis;
  if (node.is("Reshape") && node.getInt("allowzero", 0) == 0)
    if (auto list = getIntegers(node, 1, "shape"); list && axis < static_cast<int64_t>(list->size()) && (*list)[axis] == 0)
      return axis;
  if (llvm::is_contained(layouts, node.getOpType()) && getOpenAxis(to) == axis && getKnownProduct(from) == getKnownProduct(to) &&
      getKnownProduct(from) > 0)
    return getOpenAxis(from);
  bool keepsFirst = llvm::is_contained(batched, node.getOpType()) || (node.is("Gemm") && node.getInt("transA", 0) == 0) ||
                    ((node.is("MatMul") || node.is("MatMulInteger")) && from.getRank() == 2 && to.getRank() == 2);
  return keepsFirst && axis == 0 ? std::optional<int64_t>(0) : std::nullopt;
}

/// The same size as far up the graph as it can be followed.
static SizeEntry findOrigin(SizeEntry entry) {
  while (auto node = entry.source.getDefiningOp<onnx::NodeOpInterface>()) {
    bool isKnown = node.getDomain().empty() && node->getNumOperands() > 0 && entry.source == node->getResult(0);
    std::optional<int64_t> axis = isKnown ? findSourceAxis(node, entry.axis) : std::nullopt;
    if (!axis)
      break;
    entry = {std::nullopt, node->getOperand(0), *axis};
  }
  return entry;
}

/// The sizes of a tensor, between `start` and `end` from version 15 on.
static std::optional<Entries> getShapeEntries(onnx::NodeOpInterface node) {
  auto type = dyn_cast<RankedTensorType>(node->getOperand(0).getType());
  if (!type)
    return std::nullopt;
  int64_t rank = type.getRank();
  auto clamp = [&](int64_t index) { return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank); };
  Entries entries;
  for (int64_t axis = clamp(node.getInt("start", 0)), end = clamp(node.getInt("end", rank)); axis < end; ++axis) {
    SizeEntry entry{std::nullopt, node->getOperand(0), axis};
    if (!type.isDynamicDim(axis))
      entry.number = type.getDimSize(axis);
    entries.push_back(entry);
  }
  return entries;
}

/// The number of elements; nothing where it is open, or more than a number can say.
static std::optional<int64_t> countElements(RankedTensorType type) {
  int64_t count = 1;
  for (int64_t size : type ? type.getShape() : ArrayRef(ShapedType::kDynamic))
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(count, size, count))
      return std::nullopt;
  return count;
}

/// Some entries of a list.
static std::optional<Entries> takeEntries(onnx::NodeOpInterface node, int64_t steps) {
  std::optional<Entries> all = getEntries(node->getOperand(0), steps);
  auto list = dyn_cast<RankedTensorType>(node->getOperand(0).getType());
  if (!all || !list || list.getRank() != 1)
    return std::nullopt;
  int64_t size = all->size();
  Entries taken;
  if (node.is("Gather")) {
    std::optional<SmallVector<int64_t>> indices = getIntegers(node, 1, "");
    if (!indices)
      return std::nullopt;
    for (int64_t index : *indices) {
      index += index < 0 ? size : 0;
      if (index < 0 || index >= size)
        return std::nullopt;
      taken.push_back((*all)[index]);
    }
    return taken;
  }
  std::optional<SmallVector<SliceRange>> ranges = getSliceRanges(node);
  if (!ranges || ranges->size() != 1 || ranges->front().step < 1)
    return std::nullopt;
  auto clamp = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
  for (int64_t i = clamp(ranges->front().start), end = clamp(ranges->front().end); i < end; i += ranges->front().step)
    taken.push_back((*all)[i]);
  return taken;
}

static std::optional<Entries> concatEntries(Operation *op, int64_t steps) {
  Entries joined;
  for (Value operand : op->getOperands()) {
    std::optional<Entries> part = getEntries(operand, steps);
    if (!part)
      return std::nullopt;
    joined.append(*part);
  }
  return joined;
}

static std::optional<Entries> getEntries(Value value, int64_t steps) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  bool holdsSizes = type && type.getRank() <= 1 && (type.getElementType().isInteger(64) || type.getElementType().isInteger(32));
  if (!holdsSizes || steps == 0)
    return std::nullopt;
  if (onnx::ConstantOp constant = getConstant(value)) {
    auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
    if (!dense || dense.getNumElements() > mostEntries)
      return std::nullopt;
    return Entries(llvm::map_range(dense.getValues<APInt>(), [](const APInt &number) { return SizeEntry{number.getSExtValue()}; }));
  }
  auto node = value.getDefiningOp<onnx::NodeOpInterface>();
  if (!node || !node.getDomain().empty() || node->getNumOperands() == 0)
    return std::nullopt;
  if (node.is("Shape"))
    return getShapeEntries(node);
  if (node.is("Size"))
    return Entries{{countElements(dyn_cast<RankedTensorType>(node->getOperand(0).getType()))}};
  if (node.is("Gather") || node.is("Slice"))
    return takeEntries(node, steps - 1);
  if (node.is("Concat"))
    return concatEntries(node, steps - 1);
  if (node.is("Unsqueeze") || node.is("Squeeze") || node.is("Identity") || node.is("Reshape") || node.is("Cast"))
    return getEntries(node->getOperand(0), steps - 1);
  if (type.hasStaticShape() && type.getNumElements() <= mostEntries) // computed
    return Entries(type.getNumElements());
  return std::nullopt;
}

std::optional<SmallVector<SizeEntry>> getSizeEntries(Value value) { return getEntries(value, mostSteps); }

std::optional<SmallVector<int64_t>> getKnownSizes(Value value) {
  std::optional<Entries> entries = getSizeEntries(value);
  if (!entries || !llvm::all_of(*entries, [](const SizeEntry &entry) { return entry.number.has_value(); }))
    return std::nullopt;
  return llvm::map_to_vector(*entries, [](const SizeEntry &entry) { return *entry.number; });
}

std::optional<SmallVector<int64_t>> getReshapeList(onnx::NodeOpInterface reshape) {
  Value data = reshape->getOperand(0);
  std::optional<Entries> entries = getSizeEntries(reshape->getOperand(1));
  if (!entries || reshape.getInt("allowzero", 0) != 0)
    return std::nullopt;
  SmallVector<int64_t> list;
  auto type = dyn_cast<RankedTensorType>(data.getType());
  for (auto [i, entry] : llvm::enumerate(*entries)) {
    bool keeps = false;
    if (int64_t axis = i; !entry.number && entry.source && type && axis < type.getRank()) {
      SizeEntry origin = findOrigin(entry), here = findOrigin({std::nullopt, data, axis});
      keeps = origin.source == here.source && origin.axis == here.axis;
    }
    list.push_back(entry.number ? *entry.number : keeps ? 0 : -1);
  }
  return llvm::count(list, -1) <= 1 ? std::optional(list) : std::nullopt;
}

} // namespace bn
