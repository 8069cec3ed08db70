// ConstantExpressions.cpp - values that depend on constants only.
// SPDX-License-Identifier: Apache-2.0

#include "ConstantExpressions.h"

#include "FloatElements.h"
#include "Initializers.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/Reference/Interpreter.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace bn {

bool isComputable(Operation *op) {
  return !op->hasTrait<OpTrait::ConstantLike>() && !isa<AffineOp>(op) && op->getNumRegions() == 0 && op->getNumResults() > 0 &&
         op->getNumOperands() > 0 && isMemoryEffectFree(op) && reference::isSupported(op);
}

/// Whether the op's results are known to be small, as parameters of channels are, before they are computed.
static bool hasSmallResults(Operation *op) {
  constexpr int64_t maxElements = 1 << 20;
  return llvm::all_of(op->getResultTypes(), [](Type type) {
    auto ranked = dyn_cast<RankedTensorType>(type);
    return isa<NoneType>(type) || (ranked && ranked.hasStaticShape() && ranked.getNumElements() <= maxElements);
  });
}

/// The ops that compute `value` from constants, operands first; none where it takes anything else, or much.
static SetVector<Operation *> collectExpression(Value value) {
  constexpr size_t most = 32;
  SetVector<Operation *> ops;
  if (Operation *op = value.getDefiningOp())
    ops.insert(op);
  for (size_t next = 0; next < ops.size(); ++next) {
    Operation *op = ops[next];
    bool isKnown = isa<onnx::ConstantOp, onnx::AbsentOp>(op) || isComputable(op);
    if (!isKnown || !hasSmallResults(op) || ops.size() > most)
      return {};
    for (Value operand : op->getOperands()) {
      if (!operand.getDefiningOp())
        return {};
      ops.insert(operand.getDefiningOp());
    }
  }
  return topologicalSort(ops);
}

/// Computes the results of `op` from `values`, and adds them.
static LogicalResult evaluateInto(Operation *op, DenseMap<Value, reference::Tensor> &values) {
  auto lookUp = [&](Value operand) -> const reference::Tensor * {
    auto found = values.find(operand);
    return found == values.end() ? nullptr : &found->second;
  };
  SmallVector<const reference::Tensor *> operands = llvm::map_to_vector(op->getOperands(), lookUp);
  SmallVector<reference::Tensor> results;
  if (failed(reference::evaluate(op, operands, results)))
    return failure();
  for (auto [result, tensor] : llvm::zip_equal(op->getResults(), results))
    if (tensor.elementType)
      values[result] = std::move(tensor);
  return success();
}

ElementsAttr evaluateConstant(Value value) {
  if (onnx::ConstantOp constant = getConstant(value))
    return constant.getValue();
  // What cannot be computed is no error of those who ask.
  ScopedDiagnosticHandler silence(value.getContext(), [](Diagnostic &) { return success(); });
  DenseMap<Value, reference::Tensor> values;
  for (Operation *op : collectExpression(value))
    if (!isa<onnx::AbsentOp>(op) && failed(evaluateInto(op, values)))
      return {};
  auto found = values.find(value);
  return found == values.end() ? ElementsAttr() : reference::toElements(found->second, onnx::getValueName(value));
}

std::optional<SmallVector<double>> evaluateReals(Value value) {
  ElementsAttr elements = evaluateConstant(value);
  return elements ? readReals(elements) : std::nullopt;
}

} // namespace bn
