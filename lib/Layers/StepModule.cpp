// StepModule.cpp - writes a layer's call, or its gradient, as a module in graph form.
// SPDX-License-Identifier: Apache-2.0

#include "StepModule.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace bn::layers {

namespace {
/// A module under construction: a function whose arguments and results have names.
class Writer {
public:
  /// Makes arguments of those operands that are given, in this order.
  Writer(const TensorMap &operands, ArrayRef<StringRef> order, MLIRContext *context);

  /// The argument of this name; null where it is not given.
  Value get(StringRef name) const { return arguments.lookup(name); }
  void addResult(StringRef name, Value value);
  StepModule finish();

  OpBuilder builder;
  Location loc;

private:
  StepModule step;
  func::FuncOp function;
  llvm::StringMap<Value> arguments;
  SmallVector<Value> results;
};
} // namespace

Writer::Writer(const TensorMap &operands, ArrayRef<StringRef> order, MLIRContext *context)
    : builder(context), loc(NameLoc::get(builder.getStringAttr("batch_normalization"))) {
  step.module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(step.module->getBody());
  function = func::FuncOp::create(builder, loc, "main", builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  for (StringRef name : order) {
    auto operand = operands.find(name);
    if (operand == operands.end())
      continue;
    auto named = builder.getDictionaryAttr(builder.getNamedAttr(onnx::attr::name, builder.getStringAttr(name)));
    (void)function.insertArgument(step.inputs.size(), operand->second.type, named, loc);
    arguments[name] = function.getArguments().back();
    step.inputs.push_back(name.str());
  }
}

void Writer::addResult(StringRef name, Value value) {
  auto named = builder.getDictionaryAttr(builder.getNamedAttr(onnx::attr::name, builder.getStringAttr(name)));
  (void)function.insertResult(results.size(), value.getType(), named);
  results.push_back(value);
  step.results.push_back(name.str());
}

StepModule Writer::finish() {
  func::ReturnOp::create(builder, loc, results);
  return std::move(step);
}

/// The type of statistics of the input: of rank |axes|, in front of it the ghosts where there are several; at least f32.
static Type getStatisticsType(Value input, const StepSettings &settings, int64_t ghosts) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> shape;
  if (ghosts > 1)
    shape.push_back(ghosts);
  for (int64_t axis : settings.axes)
    shape.push_back(type.getDimSize(axis));
  Type wide = type.getElementType().isF64() ? type.getElementType() : Float32Type::get(type.getContext());
  return RankedTensorType::get(shape, wide);
}

StepModule makeInference(const StepSettings &settings, const TensorMap &operands, MLIRContext *context) {
  Writer writer(operands, {"input", "scale", "offset", "mean", "variance"}, context);
  OpBuilder &b = writer.builder;
  Value input = writer.get("input");
  writer.addResult("output",
                   InferenceOp::create(b, writer.loc, input.getType(), input, writer.get("scale"), writer.get("offset"), writer.get("mean"),
                                       writer.get("variance"), b.getDenseI64ArrayAttr(settings.axes), b.getF64FloatAttr(settings.epsilon)));
  return writer.finish();
}

StepModule makeTraining(const StepSettings &settings, const TensorMap &operands, MLIRContext *context) {
  static constexpr StringRef order[] = {
      "input",         "scale", "offset", "running_mean", "running_variance", "renorm_mean",       "renorm_stddev",
      "moving_stddev", "rmin",  "rmax",   "dmax",         "adjustment_scale", "adjustment_offset", "mask"};
  Writer writer(operands, order, context);
  OpBuilder &b = writer.builder;
  Value input = writer.get("input");
  Type statistics = getStatisticsType(input, settings, settings.ghosts);
  SmallVector<StringRef> state;
  SmallVector<Type> stateTypes;
  for (StringRef name : {"running_mean", "running_variance", "renorm_mean", "renorm_stddev", "moving_stddev"})
    if (Value value = writer.get(name))
      state.push_back(name), stateTypes.push_back(value.getType());
  SmallVector<Value> values = llvm::map_to_vector(order, [&](StringRef name) { return writer.get(name); });
  auto op =
      TrainingOp::create(b, writer.loc, input.getType(), statistics, statistics, stateTypes, values[0], values[1], values[2], values[3],
                         values[4], values[5], values[6], values[7], values[8], values[9], values[10], values[11], values[12], values[13],
                         b.getDenseI64ArrayAttr(settings.axes), b.getF64FloatAttr(settings.epsilon), b.getF64FloatAttr(settings.momentum),
                         VarianceUpdateAttr::get(context, settings.bessel ? VarianceUpdate::Bessel : VarianceUpdate::Population),
                         b.getF64FloatAttr(settings.renormMomentum), b.getI64IntegerAttr(settings.ghosts),
                         GhostGroupingAttr::get(context, GhostGrouping::Interleaved), b.getF64FloatAttr(settings.maskEpsilon));
  writer.addResult("output", op.getOutput());
  writer.addResult("batch_mean", op.getBatchMean());
  writer.addResult("batch_inv_stddev", op.getBatchInvStddev());
  for (auto [name, value] : llvm::zip_equal(state, op.getNewState()))
    writer.addResult(name, value);
  return writer.finish();
}

StepModule makeInferenceGradient(const StepSettings &settings, const TensorMap &operands, MLIRContext *context) {
  Writer writer(operands, {"output_grad", "input", "scale", "mean", "variance"}, context);
  OpBuilder &b = writer.builder;
  Value input = writer.get("input");
  Type parameter = writer.get("mean").getType();
  auto op = InferenceGradOp::create(b, writer.loc, input.getType(), parameter, parameter, parameter, parameter, writer.get("output_grad"),
                                    input, writer.get("scale"), writer.get("mean"), writer.get("variance"),
                                    b.getDenseI64ArrayAttr(settings.axes), b.getF64FloatAttr(settings.epsilon));
  writer.addResult("input_grad", op.getInputGrad());
  writer.addResult("scale_grad", op.getScaleGrad());
  writer.addResult("offset_grad", op.getOffsetGrad());
  return writer.finish();
}

/// r and d of the step, again from its input: the step itself does not give them.
static std::pair<Value, Value> addCorrection(Writer &writer, const StepSettings &settings) {
  if (!writer.get("renorm_mean"))
    return {};
  OpBuilder &b = writer.builder;
  Value input = writer.get("input");
  Type byGhost = getStatisticsType(input, settings, settings.ghosts), statistics = getStatisticsType(input, settings, 1);
  auto moments =
      MomentsOp::create(b, writer.loc, byGhost, byGhost, byGhost, input, writer.get("mask"), b.getDenseI64ArrayAttr(settings.axes),
                        b.getI64IntegerAttr(settings.ghosts), GhostGroupingAttr::get(b.getContext(), GhostGrouping::Interleaved),
                        b.getF64FloatAttr(settings.maskEpsilon));
  Value mean = moments.getMean(), variance = moments.getVariance();
  if (settings.ghosts > 1) {
    mean = PoolGhostsOp::create(b, writer.loc, statistics, mean);
    variance = PoolGhostsOp::create(b, writer.loc, statistics, variance);
  }
  auto correction = RenormCorrectionOp::create(b, writer.loc, statistics, statistics, statistics, mean, variance, writer.get("renorm_mean"),
                                               writer.get("renorm_stddev"), writer.get("rmin"), writer.get("rmax"), writer.get("dmax"),
                                               b.getF64FloatAttr(settings.epsilon));
  return {correction.getR(), correction.getD()};
}

StepModule makeTrainingGradient(const StepSettings &settings, const TensorMap &operands, MLIRContext *context) {
  static constexpr StringRef order[] = {"output_grad",   "input", "scale", "batch_mean", "batch_inv_stddev", "renorm_mean",
                                        "renorm_stddev", "rmin",  "rmax",  "dmax",       "adjustment_scale", "adjustment_offset",
                                        "mask"};
  Writer writer(operands, order, context);
  OpBuilder &b = writer.builder;
  Value input = writer.get("input"), a = writer.get("adjustment_scale"), offset = writer.get("adjustment_offset");
  auto [r, d] = addCorrection(writer, settings);
  Type statistics = getStatisticsType(input, settings, 1);
  SmallVector<Type> adjustmentTypes;
  if (a)
    adjustmentTypes = {a.getType(), offset.getType()};
  auto op = TrainingGradOp::create(b, writer.loc, input.getType(), statistics, statistics, adjustmentTypes, writer.get("output_grad"),
                                   input, writer.get("scale"), writer.get("batch_mean"), writer.get("batch_inv_stddev"), r, d, a, offset,
                                   writer.get("mask"), b.getDenseI64ArrayAttr(settings.axes), b.getI64IntegerAttr(settings.ghosts),
                                   GhostGroupingAttr::get(context, GhostGrouping::Interleaved), b.getF64FloatAttr(settings.maskEpsilon));
  writer.addResult("input_grad", op.getInputGrad());
  writer.addResult("scale_grad", op.getScaleGrad());
  writer.addResult("offset_grad", op.getOffsetGrad());
  if (a) {
    writer.addResult("adjustment_scale_grad", op.getAdjustmentGrads()[0]);
    writer.addResult("adjustment_offset_grad", op.getAdjustmentGrads()[1]);
  }
  return writer.finish();
}

} // namespace bn::layers
