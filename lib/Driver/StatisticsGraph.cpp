// StatisticsGraph.cpp - makes graphs that measure the statistics of BatchNormalizations.
// SPDX-License-Identifier: Apache-2.0
//
//   measuring  %y = bn.inference %x …   ⇒   %m, %v, %n = bn.moments %x           returned
//   as training, also                       %s = bn.inv_stddev %v   %y = bn.normalize %x mean %m inv_stddev %s …
//   in a function called twice, also        %m, %v, %n = bn.merge_moments of both calls'

#include "StatisticsGraph.h"

#include "MeasurableCopy.h"
#include "MomentsInBodies.h"
#include "bn/Driver/Inputs.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace bn::driver {

static MomentsOp measure(OpBuilder &b, Operation *layer) {
  Value input = layer->getOperand(0);
  Type wide = getElementTypeOrSelf(input).isF64() ? Type(b.getF64Type()) : b.getF32Type();
  Type type = cast<ShapedType>(getStatisticsOperands(layer).first->get().getType()).clone(wide);
  auto axes = layer->getAttrOfType<DenseI64ArrayAttr>("axes");
  return MomentsOp::create(b, layer->getLoc(), type, type, type, input, Value(), axes, b.getI64IntegerAttr(1),
                           GhostGroupingAttr::get(b.getContext(), GhostGrouping::Interleaved), b.getF64FloatAttr(0));
}

/// Lets a BatchNormalization normalize with measured moments; one in training mode does so by itself.
static void normalizeWith(OpBuilder &b, MomentsOp moments, Operation *op) {
  auto inference = dyn_cast<InferenceOp>(op);
  if (!inference)
    return;
  Value stddev = InvStddevOp::create(b, op->getLoc(), moments.getVariance().getType(), moments.getVariance(), inference.getEpsilonAttr());
  inference.getOutput().replaceAllUsesWith(
      NormalizeOp::create(b, op->getLoc(), inference.getOutput().getType(), inference.getInput(), moments.getMean(), stddev, Value(),
                          Value(), Value(), Value(), inference.getScale(), inference.getOffset(), inference.getAxesAttr(),
                          b.getI64IntegerAttr(1), GhostGroupingAttr::get(b.getContext(), GhostGrouping::Interleaved)));
}

/// Declares what the function returns.
static void declareResults(func::FuncOp function) {
  OpBuilder b(function);
  TypeRange types = function.getBody().front().getTerminator()->getOperandTypes();
  function.setType(b.getFunctionType(function.getArgumentTypes(), types));
  SmallVector<Attribute> names;
  for (size_t i = 0; i < types.size(); ++i)
    names.push_back(b.getDictionaryAttr(b.getNamedAttr(onnx::attr::name, b.getStringAttr("statistic" + Twine(i)))));
  function.setAllResultAttrs(names);
}

/// Mean, variance and count of the first of `numbers` copies of each layer, for all of them.
static SmallVector<Value> pool(OpBuilder &b, ValueRange moments, ArrayRef<size_t> numbers) {
  SmallVector<Value> pooled;
  for (size_t copies : numbers) {
    SmallVector<Value> all(moments.take_front(3));
    for (size_t copy = 1; copy < copies; ++copy) {
      llvm::append_range(all, moments.slice(3 * copy, 3));
      auto merged = MergeMomentsOp::create(b, all[0].getLoc(), ValueRange(all).take_front(3).getTypes(), all);
      all.assign(merged.result_begin(), merged.result_end());
    }
    llvm::append_range(pooled, all);
    moments = moments.drop_front(3 * copies);
  }
  return pooled;
}

OwningOpRef<ModuleOp> makeStatisticsGraph(ModuleOp module, ArrayRef<StatisticsSite> measured, bool asTraining) {
  MeasurableCopy copy = makeMeasurableCopy(module, getLayers(measured));
  func::FuncOp main = llvm::cantFail(getMainGraph(*copy.module));
  Operation *terminator = main.getBody().front().getTerminator();
  terminator->setOperands({});
  SmallVector<size_t> numbers;
  for (ArrayRef<Operation *> layers : copy.copies) {
    numbers.push_back(layers.size());
    for (Operation *layer : layers) {
      OpBuilder b(layer);
      MomentsOp moments = measure(b, layer);
      if (asTraining)
        normalizeWith(b, moments, layer);
      terminator->insertOperands(terminator->getNumOperands(), bringOut(llvm::to_vector_of<Value>(moments.getResults())));
    }
  }
  OpBuilder b(terminator);
  terminator->setOperands(pool(b, SmallVector<Value>(terminator->getOperands()), numbers));
  declareResults(main);
  auto nodes = main.getBody().front().without_terminator();
  SmallVector<Operation *> ops = llvm::map_to_vector(nodes, [](Operation &op) { return &op; });
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty()) // nodes have no effects
      op->erase();
  return std::move(copy.module);
}

} // namespace bn::driver
