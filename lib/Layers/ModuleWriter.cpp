// ModuleWriter.cpp - builds the functions of layers, and what several of them have.
// SPDX-License-Identifier: Apache-2.0

#include "ModuleWriter.h"

#include "bn/IR/Onnx/Names.h"

using namespace mlir;

namespace bn::layers {

ModuleWriter::ModuleWriter(const TensorMap &operands, ArrayRef<StringRef> order, MLIRContext *context)
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

void ModuleWriter::addResult(StringRef name, Value value) {
  auto named = builder.getDictionaryAttr(builder.getNamedAttr(onnx::attr::name, builder.getStringAttr(name)));
  (void)function.insertResult(results.size(), value.getType(), named);
  results.push_back(value);
  step.results.push_back(name.str());
}

StepModule ModuleWriter::finish() {
  func::ReturnOp::create(builder, loc, results);
  return std::move(step);
}

Type getStatisticsType(Value input, const StepSettings &settings, int64_t ghosts) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> shape;
  if (ghosts > 1)
    shape.push_back(ghosts);
  for (int64_t axis : settings.axes)
    shape.push_back(type.getDimSize(axis));
  Type wide = type.getElementType().isF64() ? type.getElementType() : Float32Type::get(type.getContext());
  return RankedTensorType::get(shape, wide);
}

MomentsOp addMoments(ModuleWriter &writer, const StepSettings &settings, Value input, Value mask) {
  OpBuilder &b = writer.builder;
  Type type = getStatisticsType(input, settings, settings.ghosts);
  return MomentsOp::create(b, writer.loc, type, type, type, input, mask, b.getDenseI64ArrayAttr(settings.axes),
                           b.getI64IntegerAttr(settings.ghosts), GhostGroupingAttr::get(b.getContext(), GhostGrouping::Interleaved),
                           b.getF64FloatAttr(settings.maskEpsilon));
}

RenormCorrectionOp addCorrection(ModuleWriter &writer, const StepSettings &settings, Value mean, Value variance) {
  if (!writer.get("renorm_mean"))
    return {};
  Type type = mean.getType();
  return RenormCorrectionOp::create(writer.builder, writer.loc, type, type, type, mean, variance, writer.get("renorm_mean"),
                                    writer.get("renorm_stddev"), writer.get("rmin"), writer.get("rmax"), writer.get("dmax"),
                                    writer.builder.getF64FloatAttr(settings.epsilon));
}

} // namespace bn::layers
