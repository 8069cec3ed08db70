// OnnxModule.cpp - writes a layer's call as a graph that ONNX can say.
// SPDX-License-Identifier: Apache-2.0
//
// ONNX keeps axis 1 of its input. Another axis is brought there by Transpose; several are brought to the end and merged by
// Reshape; both are undone behind the BatchNormalization.

#include "OnnxModule.h"

#include "Variables.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace bn::layers {

constexpr int64_t opset = 21; ///< what a module that was never ONNX is exported as

namespace {
class OnnxWriter {
public:
  OnnxWriter(const StepSettings &settings, const TensorMap &operands, MLIRContext *context);
  OwningOpRef<ModuleOp> write(bool training);

private:
  Value addConstant(StringRef name, const HostTensor &tensor);
  /// A parameter as a vector: the operand, or `fallback` everywhere where it is absent.
  Value addParameter(StringRef name, StringRef operand, double fallback);
  Value transpose(Value value, ArrayRef<int64_t> permutation);
  Value reshape(Value value, StringRef name, ArrayRef<int64_t> shape);
  Value normalize(Value x, bool training);
  bool mergesAxes() const { return settings.axes.size() > 1 || rank == 1; }

  const StepSettings &settings;
  const TensorMap &operands;
  OpBuilder b;
  Location loc;
  int64_t rank, channels = 1;
  SmallVector<Value> results;
  SmallVector<StringRef> names = {"y"};
};
} // namespace

OnnxWriter::OnnxWriter(const StepSettings &settings, const TensorMap &operands, MLIRContext *context)
    : settings(settings), operands(operands), b(context), loc(NameLoc::get(b.getStringAttr("batch_normalization"))) {
  RankedTensorType input = operands.find("input")->second.type;
  rank = input.getRank();
  for (int64_t axis : settings.axes)
    channels *= input.getDimSize(axis);
}

Value OnnxWriter::addConstant(StringRef name, const HostTensor &tensor) {
  auto constant = onnx::ConstantOp::create(b, loc, reference::toElements(reference::fromHost(tensor), name));
  onnx::setOutputNames(constant, {name});
  return constant;
}

Value OnnxWriter::addParameter(StringRef name, StringRef operand, double fallback) {
  auto given = operands.find(operand);
  if (given != operands.end())
    return addConstant(name, layers::reshape(given->second, channels));
  Type input = operands.find("input")->second.type.getElementType();
  Type type = input.isF64() ? input : b.getF32Type();
  return addConstant(name, makeTensor(type, channels, std::vector<double>(channels, fallback)));
}

Value OnnxWriter::transpose(Value value, ArrayRef<int64_t> permutation) {
  if (llvm::is_sorted(permutation))
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape = llvm::map_to_vector(permutation, [&](int64_t axis) { return type.getDimSize(axis); });
  return onnx::TransposeOp::create(b, loc, type.clone(shape), value, b.getDenseI64ArrayAttr(permutation), opset);
}

Value OnnxWriter::reshape(Value value, StringRef name, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> spelled = llvm::map_to_vector(shape, [](int64_t dim) { return ShapedType::isDynamic(dim) ? -1 : dim; });
  auto type = RankedTensorType::get(static_cast<int64_t>(shape.size()), b.getI64Type());
  auto target = onnx::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef<int64_t>(spelled)));
  onnx::setOutputNames(target, {name});
  return onnx::ReshapeOp::create(b, loc, cast<RankedTensorType>(value.getType()).clone(shape), value, target, DenseI64ArrayAttr(),
                                 IntegerAttr(), DenseI64ArrayAttr(), b.getI64IntegerAttr(opset));
}

/// The BatchNormalization itself, over axis 1.
Value OnnxWriter::normalize(Value x, bool training) {
  Value scale = addParameter("gamma", "scale", 1), offset = addParameter("beta", "offset", 0);
  Value mean = addParameter("moving_mean", training ? "running_mean" : "mean", 0);
  Value variance = addParameter("moving_variance", training ? "running_variance" : "variance", 1);
  auto axes = b.getDenseI64ArrayAttr(1);
  FloatAttr epsilon = b.getF64FloatAttr(settings.epsilon);
  if (!training)
    return InferenceOp::create(b, loc, x.getType(), x, scale, offset, mean, variance, axes, epsilon);
  Value none;
  auto op = TrainingOp::create(b, loc, x.getType(), mean.getType(), mean.getType(), {mean.getType(), variance.getType()}, x, scale, offset,
                               mean, variance, none, none, none, none, none, none, none, none, none, axes, epsilon,
                               b.getF64FloatAttr(settings.momentum), VarianceUpdateAttr::get(b.getContext(), VarianceUpdate::Population),
                               b.getF64FloatAttr(settings.renormMomentum), b.getI64IntegerAttr(1),
                               GhostGroupingAttr::get(b.getContext(), GhostGrouping::Interleaved), b.getF64FloatAttr(0));
  llvm::append_range(results, op.getNewState());
  names.append({"new_moving_mean", "new_moving_variance"});
  return op.getOutput();
}

OwningOpRef<ModuleOp> OnnxWriter::write(bool training) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  RankedTensorType type = operands.find("input")->second.type;
  SmallVector<int64_t> shape(type.getShape());
  bool keepsBatch = settings.axes.front() == 0;
  if (!keepsBatch)
    shape[0] = ShapedType::kDynamic;
  auto function = func::FuncOp::create(b, loc, "batch_normalization", b.getFunctionType(type.clone(shape), {}));
  function.setArgAttr(0, onnx::attr::name, b.getStringAttr("x"));
  b.setInsertionPointToEnd(function.addEntryBlock());

  // Reduced axes first: of one kept axis, the first of them stays before it.
  SmallVector<int64_t> permutation;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(settings.axes, axis))
      permutation.push_back(axis);
  permutation.insert(mergesAxes() ? permutation.end() : permutation.begin() + 1, settings.axes.begin(), settings.axes.end());
  SmallVector<int64_t> inverse(rank);
  for (auto [position, axis] : llvm::enumerate(permutation))
    inverse[axis] = position;

  Value value = transpose(function.getArgument(0), permutation);
  ArrayRef<int64_t> transposed = cast<RankedTensorType>(value.getType()).getShape();
  if (mergesAxes())
    value = reshape(value, "merged_shape", {ShapedType::kDynamic, channels});
  results.push_back({});
  value = normalize(value, training);
  if (mergesAxes())
    value = reshape(value, "split_shape", transposed);
  results[0] = transpose(value, inverse);
  func::ReturnOp::create(b, loc, results);
  function.setType(b.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  for (auto [i, name] : llvm::enumerate(names))
    function.setResultAttr(i, onnx::attr::name, b.getStringAttr(name));
  return module;
}

/// What of a training step ONNX has no word for; empty where there is nothing.
static StringRef findUnsayable(const StepSettings &settings, const TensorMap &operands) {
  if (operands.contains("renorm_mean"))
    return "'renorm'";
  if (settings.ghosts > 1)
    return "'virtual_batch_size'";
  if (operands.contains("adjustment_scale"))
    return "'adjustment'";
  if (operands.contains("mask"))
    return "'mask'";
  return settings.bessel ? "the running variance of the fused implementation" : "";
}

llvm::Expected<OwningOpRef<ModuleOp>> makeOnnx(const StepSettings &settings, const TensorMap &operands, bool training,
                                               MLIRContext *context) {
  if (StringRef unsayable = findUnsayable(settings, operands); training && !unsayable.empty())
    return llvm::createStringError(std::make_error_code(std::errc::not_supported),
                                   "the BatchNormalization of ONNX has no word for " + unsayable + " in training");
  return OnnxWriter(settings, operands, context).write(training);
}

} // namespace bn::layers
