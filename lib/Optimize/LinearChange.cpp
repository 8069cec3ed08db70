// LinearChange.cpp - new constants for a linear node.
// SPDX-License-Identifier: Apache-2.0

#include "LinearChange.h"

#include "ChannelMath.h"
#include "FileSize.h"
#include "FloatElements.h"
#include "bn/IR/Onnx/Names.h"

#include <cmath>

using namespace mlir;

namespace bn {

//===----------------------------------------------------------------------===//
// Planning
//===----------------------------------------------------------------------===//

static double getLargest(ArrayRef<double> values) {
  double largest = 0;
  for (double value : values)
    largest = std::max(largest, std::abs(value));
  return largest;
}

/// Reads the bias as [outer][channel], and the type that holds a new one; zeros where there is none.
Reason LinearChange::readBias() {
  int64_t channels = form.layout.getNumChannels();
  auto elementType = cast<ShapedType>(form.weight->get().getType()).getElementType();
  biasType = RankedTensorType::get({channels}, elementType);
  bias.assign(channels, 0);
  if (!form.bias || isAbsent(form.bias->get()))
    return Reason::None;
  std::optional<SmallVector<double>> stored = getConstantReals(form.bias->get());
  if (!stored || stored->empty())
    return Reason::BiasNotPerChannel;
  auto storedType = cast<RankedTensorType>(getConstant(form.bias->get()).getType());
  if (stored->size() == 1) {
    bias.assign(channels, stored->front());
    return Reason::None;
  }
  int64_t copies = storedType.getShape().back() == channels ? 1 : channels; // a column grows
  if (copies != 1 && storedType.getShape().back() != 1)
    return Reason::BiasNotPerChannel;
  bias.clear();
  for (double value : *stored)
    bias.append(copies, value);
  SmallVector<int64_t> shape(storedType.getShape());
  shape.back() = channels;
  biasType = RankedTensorType::get(shape, elementType);
  return Reason::None;
}

/// Lets the bias take a shift of the result, or what follows where there is none.
void LinearChange::setShift(ChannelMap map, BroadcastMap &left) {
  left = BroadcastMap::uniform(1, 0);
  if (!form.bias && !map.hasZeroOffset()) {
    int64_t rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
    left = BroadcastMap::along(form.axis, rank, {SmallVector<double>(map.scale.size(), 1), map.offset});
  }
  biasMap = std::move(map);
}

Reason LinearChange::planResult(Operation *op, const BroadcastMap &map, LinearChange &change, BroadcastMap &left) {
  change.op = op;
  if (Reason why = describeLinear(op, change.form); why != Reason::None)
    return why;
  ChannelMap channels;
  if (Reason why = map.getAlong(change.form.axis, change.form.layout.getNumChannels(), channels); why != Reason::None)
    return why;
  if (!change.form.bias && channels.hasUnitScale() && !channels.hasZeroOffset())
    return Reason::NoBias;
  if (Reason why = change.readBias(); why != Reason::None)
    return why;
  change.scaled = change.form.layout;
  change.scale = channels.scale;
  change.scalesResult = true;
  change.growth = getLargest(channels.scale);
  change.setShift(std::move(channels), left);
  return Reason::None;
}

Reason LinearChange::planInput(OpOperand &use, const BroadcastMap &map, LinearChange &change, BroadcastMap &left) {
  change.op = use.getOwner();
  InputForm input;
  if (Reason why = describeInput(use, input); why != Reason::None)
    return why;
  if (Reason why = describeLinear(change.op, change.form); why != Reason::None)
    return why;
  ChannelMap channels;
  if (Reason why = map.getAlong(input.axis, input.layout.getNumChannels(), channels); why != Reason::None)
    return why;
  if (Reason why = channels.hasZeroOffset() ? Reason::None : input.offset; why != Reason::None)
    return why;
  if (Reason why = change.readBias(); why != Reason::None)
    return why;
  ChannelMap shift = ChannelMap{{1}, {0}}.spread(change.form.layout.getNumChannels());
  if (!channels.hasZeroOffset()) {
    auto sums = sumChannels(getConstant(input.weight->get()).getValue(), input.layout, channels.offset, input.sumsPerInner);
    if (!sums)
      return Reason::WeightsNotConstant;
    for (auto [total, sum] : llvm::zip_equal(shift.offset, *sums))
      total = input.factor * sum;
  }
  change.scaled = input.layout;
  for (auto [a, b] : llvm::zip_equal(channels.scale, channels.offset)) // the largest input where x is at most 1
    change.growth = std::max(change.growth, std::abs(a) + std::abs(b));
  change.scale = std::move(channels.scale);
  change.setShift(std::move(shift), left);
  return Reason::None;
}

//===----------------------------------------------------------------------===//
// Computing and writing
//===----------------------------------------------------------------------===//

bool LinearChange::scalesWeight() const {
  return llvm::any_of(scale, [](double a) { return a != 1; });
}

bool LinearChange::copiesWeight() const { return scalesWeight() && hasOtherReaders(getConstant(form.weight->get()), op); }

bool LinearChange::changesBias() const {
  bool hasBias = form.bias && !isAbsent(form.bias->get());
  return form.bias && (!biasMap.hasZeroOffset() || (hasBias && !biasMap.hasUnitScale()));
}

int64_t LinearChange::getAddedBytes() const {
  int64_t bytes = 0;
  auto replace = [&](onnx::ConstantOp old, RankedTensorType type) {
    if (old && !hasOtherReaders(old, op)) {
      bytes += *getNumBytes(type) - getNumBytes(old);
      return;
    }
    std::string name = (onnx::getValueName(getConstant(form.weight->get())) + "_folded").str();
    bytes += estimateInitializerBytes(name, type) + 2 + name.size(); // the node names it as well
  };
  if (scalesWeight())
    replace(getConstant(form.weight->get()), cast<RankedTensorType>(form.weight->get().getType()));
  if (changesBias())
    replace(getConstant(form.bias->get()), biasType);
  return bytes;
}

Reason LinearChange::prepare() {
  onnx::ConstantOp weight = getConstant(form.weight->get());
  if (changesBias())
    if (Reason why = storeReals(mapBias(bias, form.biasFactor, biasMap), biasType, "bias", constants.bias); why != Reason::None)
      return why;
  if (!form.bias) // the shift stays behind and must be storable there
    if (Reason why = checkFit(biasMap.offset, cast<ShapedType>(weight.getType()).getElementType()); why != Reason::None)
      return why;
  ScaledWeight product;
  if (!scalesWeight()) {
    boundError(product);
    return Reason::None;
  }
  Reason why = scaleChannels(weight.getValue(), scaled, scale, onnx::getValueName(weight), product);
  if (why != Reason::None)
    return why;
  constants = {product.value, constants.bias, product.before, product.after};
  if (!scalesResult)
    product.rounding = getRounding(weight.getValue(), product.value, scaled, scale, form.layout);
  boundError(product);
  return Reason::None;
}

/// Sums up for each channel of the result what rounding took from its weights and its bias, and keeps the largest.
void LinearChange::boundError(const ScaledWeight &product) {
  SmallVector<double> biasRounding;
  if (constants.bias)
    biasRounding = getRounding(mapBias(bias, form.biasFactor, biasMap), constants.bias);
  int64_t channels = form.layout.getNumChannels();
  constants.error = 0;
  for (int64_t i = 0, e = std::max<int64_t>(channels, biasRounding.size()); i < e; ++i) {
    double weight = product.rounding.empty() ? 0 : std::abs(form.weightFactor) * product.rounding[i % channels];
    constants.error = std::max(constants.error, weight + (biasRounding.empty() ? 0 : biasRounding[i]));
  }
  constants.growth = growth;
}

void LinearChange::commit(PatternRewriter &rewriter, FreshNames &names) { replaceConstants(rewriter, op, form, constants, names); }

} // namespace bn
