// StepModule.cpp - writes a layer's call, or its gradient, as a module in graph form.
// SPDX-License-Identifier: Apache-2.0

#include "StepModule.h"

#include "ModuleWriter.h"

using namespace mlir;

namespace bn::layers {

StepSettings makeSettings(const Arguments &arguments, const Geometry &geometry, int64_t ghosts) {
  constexpr double keras3MaskEpsilon = 1e-7;
  return {geometry.axes,
          geometry.epsilon,
          arguments.momentum,
          arguments.renormMomentum,
          arguments.api == Api::Keras3 ? keras3MaskEpsilon : 0,
          geometry.fused,
          ghosts};
}

StepModule makeInference(const StepSettings &settings, const TensorMap &operands, MLIRContext *context) {
  ModuleWriter writer(operands, {"input", "scale", "offset", "mean", "variance"}, context);
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
  ModuleWriter writer(operands, order, context);
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
  ModuleWriter writer(operands, {"output_grad", "input", "scale", "mean", "variance"}, context);
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
static std::pair<Value, Value> addCorrectionOfInput(ModuleWriter &writer, const StepSettings &settings) {
  if (!writer.get("renorm_mean"))
    return {};
  MomentsOp moments = addMoments(writer, settings, writer.get("input"), writer.get("mask"));
  Value mean = moments.getMean(), variance = moments.getVariance();
  if (settings.ghosts > 1) {
    Type pooled = getStatisticsType(writer.get("input"), settings, 1);
    mean = PoolGhostsOp::create(writer.builder, writer.loc, pooled, mean);
    variance = PoolGhostsOp::create(writer.builder, writer.loc, pooled, variance);
  }
  RenormCorrectionOp correction = addCorrection(writer, settings, mean, variance);
  return {correction.getR(), correction.getD()};
}

StepModule makeTrainingGradient(const StepSettings &settings, const TensorMap &operands, MLIRContext *context) {
  static constexpr StringRef order[] = {"output_grad",   "input", "scale", "batch_mean", "batch_inv_stddev", "renorm_mean",
                                        "renorm_stddev", "rmin",  "rmax",  "dmax",       "adjustment_scale", "adjustment_offset",
                                        "mask"};
  ModuleWriter writer(operands, order, context);
  OpBuilder &b = writer.builder;
  Value input = writer.get("input"), a = writer.get("adjustment_scale"), offset = writer.get("adjustment_offset");
  auto [r, d] = addCorrectionOfInput(writer, settings);
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
