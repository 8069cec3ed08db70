// ReplicaModule.cpp - writes a training step over the parts of a batch that replicas hold.
// SPDX-License-Identifier: Apache-2.0
//
//   part i    %mi, %vi, %ni = bn.moments %xi          all    bn.merge_moments of part after part (Chan's formula)
//             %yi = bn.normalize %xi with all's              one step of the state with all's

#include "ModuleWriter.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace bn::layers {

namespace {
/// Statistics of some parts.
struct Merged {
  Value mean, variance, count;
};
} // namespace

/// An operand of a part; null where it is not given.
static Value getOfPart(ModuleWriter &writer, StringRef name, size_t part) { return writer.get((name + Twine(part)).str()); }

static Merged mergeParts(ModuleWriter &writer, const StepSettings &settings, size_t parts) {
  Merged all;
  for (size_t part = 0; part < parts; ++part) {
    MomentsOp own = addMoments(writer, settings, getOfPart(writer, "input", part), getOfPart(writer, "mask", part));
    if (part == 0) {
      all = {own.getMean(), own.getVariance(), own.getCount()};
      continue;
    }
    Type type = all.mean.getType();
    auto merged = MergeMomentsOp::create(writer.builder, writer.loc, TypeRange{type, type, type}, all.mean, all.variance, all.count,
                                         own.getMean(), own.getVariance(), own.getCount());
    all = {merged.getMean(), merged.getVariance(), merged.getCount()};
  }
  return all;
}

/// One step of every state tensor, in the formulas of bn.training.
static void updateState(ModuleWriter &writer, const StepSettings &settings, const Merged &all, RenormCorrectionOp correction) {
  OpBuilder &b = writer.builder;
  auto follow = [&](StringRef name, Value batch, double momentum) -> Value {
    Value old = writer.get(name);
    return UpdateAverageOp::create(b, writer.loc, old.getType(), old, batch, all.count, UnitAttr(), b.getF64FloatAttr(momentum));
  };
  writer.addResult("running_mean", follow("running_mean", all.mean, settings.momentum));
  if (!correction) {
    writer.addResult("running_variance", follow("running_variance", all.variance, settings.momentum));
    return;
  }
  Value moved = follow("moving_stddev", correction.getStddev(), settings.momentum);
  writer.addResult("moving_stddev", moved);
  writer.addResult("running_variance",
                   RestoreVarianceOp::create(b, writer.loc, moved.getType(), moved, b.getF64FloatAttr(settings.epsilon)));
  writer.addResult("renorm_mean", follow("renorm_mean", all.mean, settings.renormMomentum));
  writer.addResult("renorm_stddev", follow("renorm_stddev", correction.getStddev(), settings.renormMomentum));
}

StepModule makeReplicaTraining(const StepSettings &settings, const TensorMap &operands, size_t parts, MLIRContext *context) {
  std::vector<std::string> names;
  for (size_t part = 0; part < parts; ++part)
    for (StringRef name : partOperands)
      names.push_back((name + Twine(part)).str());
  SmallVector<StringRef> order(names.begin(), names.end());
  order.append(
      {"scale", "offset", "running_mean", "running_variance", "renorm_mean", "renorm_stddev", "moving_stddev", "rmin", "rmax", "dmax"});
  ModuleWriter writer(operands, order, context);
  OpBuilder &b = writer.builder;
  Merged all = mergeParts(writer, settings, parts);
  RenormCorrectionOp correction = addCorrection(writer, settings, all.mean, all.variance);
  Value invStddev = InvStddevOp::create(b, writer.loc, all.variance.getType(), all.variance, b.getF64FloatAttr(settings.epsilon));
  for (size_t part = 0; part < parts; ++part) {
    auto own = [&](StringRef name) { return getOfPart(writer, name, part); };
    Value r = correction ? correction.getR() : Value(), d = correction ? correction.getD() : Value();
    writer.addResult("output" + std::to_string(part),
                     NormalizeOp::create(b, writer.loc, own("input").getType(), own("input"), all.mean, invStddev, r, d,
                                         own("adjustment_scale"), own("adjustment_offset"), writer.get("scale"), writer.get("offset"),
                                         b.getDenseI64ArrayAttr(settings.axes), b.getI64IntegerAttr(1),
                                         GhostGroupingAttr::get(context, GhostGrouping::Interleaved)));
  }
  writer.addResult("batch_mean", all.mean);
  writer.addResult("batch_inv_stddev", invStddev);
  updateState(writer, settings, all, correction);
  return writer.finish();
}

} // namespace bn::layers
