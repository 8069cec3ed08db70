// BatchNorm.cpp - BatchNormalization nodes of all versions as ops of the bn dialect, and back.
// SPDX-License-Identifier: Apache-2.0
//
// | version | trains if | kept axes | outputs besides Y |
// |---|---|---|---|
// | 1, 6 | is_test = 0 and more than one output | 1, or 1…R−1 with spatial = 0 | mean, var, saved_mean, saved_var |
// | 7 | more than one output | the same | the same |
// | 9 | more than one output | 1 | the same |
// | 14, 15 | training_mode = 1 | 1 | running_mean, running_var |
//
// saved_var is the inverse standard deviation, as runtimes write it. A node that says something else stays an onnx.node:
// parameters of another shape, mode inference with the outputs of training, an input of unknown element type.

#include "BatchNorm.h"

#include "AttributeConversion.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

using namespace mlir;

namespace bn::onnx {

constexpr float defaultEpsilon = 1e-5f, defaultMomentum = 0.9f;
constexpr int64_t hasTrainingMode = 14; ///< the first version with the attribute training_mode
constexpr int64_t hasNoTest = 7;        ///< the first version without is_test
constexpr int64_t hasNoSpatial = 9;     ///< the first version without spatial

static float getFloat(DictionaryAttr attributes, StringRef name, float fallback) {
  auto attr = attributes.getAs<FloatAttr>(name);
  return attr ? attr.getValue().convertToFloat() : fallback;
}

static int64_t getInt(DictionaryAttr attributes, StringRef name, int64_t fallback) {
  auto attr = attributes.getAs<IntegerAttr>(name);
  return attr ? attr.getInt() : fallback;
}

/// Whether the node trains; nothing where its mode and its outputs contradict each other.
static std::optional<bool> isTraining(DictionaryAttr attributes, unsigned outputs, int64_t version) {
  bool training = outputs > 1;
  if (version >= hasTrainingMode) {
    training = getInt(attributes, "training_mode", 0) != 0;
    return (training && outputs <= 3) || outputs == 1 ? std::optional(training) : std::nullopt;
  }
  if (version < hasNoTest && getInt(attributes, "is_test", 0) != 0 && training)
    return std::nullopt;
  return training;
}

/// The kept axes; empty where they are unknown or none.
static SmallVector<int64_t> getAxes(Type input, DictionaryAttr attributes, int64_t version) {
  auto type = dyn_cast<RankedTensorType>(input);
  bool spatial = version >= hasNoSpatial || getInt(attributes, "spatial", 1) != 0;
  if (spatial)
    return type && type.getRank() < 2 ? SmallVector<int64_t>() : SmallVector<int64_t>{1};
  return type ? llvm::to_vector(llvm::seq<int64_t>(1, type.getRank())) : SmallVector<int64_t>();
}

/// The type of batch statistics: a parameter of at least f32.
static Type getStatisticsType(Type input, Type parameter) {
  Type element = cast<TensorType>(input).getElementType();
  Type statistics = element.isF64() ? element : Float32Type::get(input.getContext());
  return cast<TensorType>(parameter).clone(statistics);
}

static Operation *createTraining(OpBuilder &builder, Location loc, ValueRange operands, ArrayRef<int64_t> axes, float epsilon,
                                 float momentum) {
  Value x = operands[0], mean = operands[3], variance = operands[4];
  Type statistics = getStatisticsType(x.getType(), operands[1].getType());
  OperationState state(loc, TrainingOp::getOperationName());
  state.addOperands(operands);
  state.addTypes({x.getType(), statistics, statistics, mean.getType(), variance.getType()});
  auto &properties = state.getOrAddProperties<TrainingOp::Properties>();
  properties.operandSegmentSizes = {1, 1, 1, 1, 1};
  properties.axes = builder.getDenseI64ArrayAttr(axes);
  properties.epsilon = builder.getF64FloatAttr(epsilon);
  properties.momentum = builder.getF64FloatAttr(momentum);
  return builder.create(state);
}

Operation *importBatchNorm(OpBuilder &builder, Location loc, ValueRange operands, unsigned outputs, DictionaryAttr attributes,
                           int64_t version) {
  constexpr unsigned inputs = 5;
  if (operands.size() != inputs || llvm::any_of(operands, [](Value value) {
        auto type = dyn_cast<TensorType>(value.getType());
        return !type || !isa<FloatType>(type.getElementType());
      }))
    return nullptr;
  std::optional<bool> training = isTraining(attributes, outputs, version);
  SmallVector<int64_t> axes = getAxes(operands[0].getType(), attributes, version);
  if (!training || axes.empty())
    return nullptr;
  float epsilon = getFloat(attributes, "epsilon", defaultEpsilon), momentum = getFloat(attributes, "momentum", defaultMomentum);
  if (*training)
    return createTraining(builder, loc, operands, axes, epsilon, momentum);
  return InferenceOp::create(builder, loc, operands[0].getType(), operands[0], operands[1], operands[2], operands[3], operands[4],
                             builder.getDenseI64ArrayAttr(axes), builder.getF64FloatAttr(epsilon));
}

//===----------------------------------------------------------------------===//
// Back
//===----------------------------------------------------------------------===//

namespace {
/// An attribute that follows from the op, and what its absence means.
struct Derived {
  StringRef name;
  Attribute value, fallback;
};
} // namespace

static SmallVector<Derived> getDerived(Operation *op, int64_t version) {
  Builder b(op->getContext());
  auto epsilon = [&](const APFloat &value) { return b.getF32FloatAttr(static_cast<float>(value.convertToDouble())); };
  SmallVector<Derived> derived;
  auto training = dyn_cast<TrainingOp>(op);
  derived.push_back({"epsilon", epsilon(training ? training.getEpsilon() : cast<InferenceOp>(op).getEpsilon()),
                     b.getF32FloatAttr(defaultEpsilon)});
  if (training)
    derived.push_back({"momentum", epsilon(training.getMomentum()), b.getF32FloatAttr(defaultMomentum)});
  if (version < hasNoSpatial) {
    size_t axes = training ? training.getAxes().size() : cast<InferenceOp>(op).getAxes().size();
    derived.push_back({"spatial", b.getI64IntegerAttr(axes == 1), b.getI64IntegerAttr(1)});
  }
  if (version >= hasTrainingMode)
    derived.push_back({"training_mode", b.getI64IntegerAttr(training ? 1 : 0), b.getI64IntegerAttr(0)});
  return derived;
}

/// Outputs after Y of a training node. Null where neither a name nor a use asks for one.
static SmallVector<Value> getTrainingOutputs(TrainingOp op, int64_t version) {
  SmallVector<Value> outputs(op.getNewState());
  if (version < hasTrainingMode)
    outputs.append({op.getBatchMean(), op.getBatchInvStddev()});
  for (Value &value : outputs)
    if (value.use_empty() && getValueName(value).empty())
      value = {};
  while (outputs.size() > 2 && !outputs.back())
    outputs.pop_back();
  return outputs;
}

NodeParts getBatchNormParts(Operation *op, int64_t version, const proto::NodeProto *residue) {
  NodeParts parts{"BatchNormalization", "", {}, {}, llvm::to_vector(op->getOperands()), {op->getResult(0)}};
  Builder b(op->getContext());
  SmallVector<Derived> derived = getDerived(op, version);
  auto isMentioned = [&](StringRef name) {
    return residue && llvm::any_of(residue->attribute(), [&](const auto &attribute) { return attribute.name() == name; });
  };
  for (const Derived &entry : derived)
    if (entry.value != entry.fallback || isMentioned(entry.name))
      parts.attributes.push_back(b.getNamedAttr(entry.name, entry.value));
  if (residue) // what the op does not say, such as is_test and consumed_inputs
    for (const proto::AttributeProto &attribute : residue->attribute())
      if (llvm::none_of(derived, [&](const Derived &entry) { return entry.name == attribute.name(); }))
        parts.attributes.push_back(b.getNamedAttr(attribute.name(), ProtoAttr::get(op->getContext(), serialize(attribute))));
  if (!residue && version < hasNoTest && isa<InferenceOp>(op))
    parts.attributes.push_back(b.getNamedAttr("is_test", b.getI64IntegerAttr(1)));
  if (auto training = dyn_cast<TrainingOp>(op))
    llvm::append_range(parts.outputs, getTrainingOutputs(training, version));
  return parts;
}

} // namespace bn::onnx
