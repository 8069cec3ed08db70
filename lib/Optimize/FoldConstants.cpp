// FoldConstants.cpp - computes now what does not depend on the inputs.
// SPDX-License-Identifier: Apache-2.0
//
// Forwards, so that one walk suffices. Values come from the reference interpreter, in double. The file never grows: of the
// results, the largest are put back until the others fit into the place of what dies with them. Quantized constants stay
// quantized. Constant nodes become initializers. Nodes that do nothing go, and an If with a known condition becomes its branch.

#include "ConstantFolding.h"
#include "FileSize.h"
#include "Initializers.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/SchemaInterface.h"
#include "bn/Optimize/Passes.h"
#include "mlir/IR/Diagnostics.h"

namespace bn {
#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

namespace {

/// Makes an initializer of a Constant node; one whose value is an output of the graph stays.
static void convertToInitializer(onnx::ConstantOp constant) {
  if (!constant.getNodeAttr() || isGraphOutput(constant) || !holdsInitializers(constant))
    return;
  constant.removeNodeAttrAttr();
  constant->removeAttr(onnx::attr::name);
  constant->removeAttr(onnx::attr::residue);
}

/// Infers types again behind a list of sizes that has become a constant.
struct TypeRefinement {
  const onnx::SchemaInterface *schema; ///< null without the ONNX library: nothing is inferred then
  DenseSet<Value> refined = {};

  void visit(Operation *op) {
    auto node = dyn_cast<onnx::NodeOpInterface>(op);
    bool isOpen = node && node.is("Reshape") && !isStatic(op->getResult(0).getType()) && getConstant(op->getOperand(1));
    bool isBehind = llvm::any_of(op->getOperands(), [&](Value operand) { return refined.contains(operand); });
    if (isBehind && isa<InferenceOp, TrainingOp>(op)) // the folding has given it the type of its input
      refined.insert(op->getResult(0));
    if (!schema || !node || op->getNumRegions() || !(isOpen || isBehind))
      return;
    ScopedDiagnosticHandler silence(op->getContext(), [](Diagnostic &) { return success(); });
    auto constant = [&](unsigned i) { return getConstantValue(op->getOperand(i)); };
    SmallVector<Type> types;
    if (failed(schema->inferTypes(op, constant, types)))
      return;
    for (auto [result, type] : llvm::zip_equal(op->getResults(), types))
      if (saysMore(type, result.getType()) && !isGraphOutput(result)) { // what an output is declared as stays
        result.setType(type);
        refined.insert(result);
      }
  }

private:
  static bool isStatic(Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  }

  /// Whether `type` is a tensor of more known sizes, and says all that `known` does.
  static bool saysMore(Type type, Type known) {
    auto now = dyn_cast<RankedTensorType>(type), before = dyn_cast<RankedTensorType>(known);
    if (!now || !before)
      return now && isa<UnrankedTensorType>(known) && cast<UnrankedTensorType>(known).getElementType() == now.getElementType();
    return now.getElementType() == before.getElementType() && now.getNumDynamicDims() < before.getNumDynamicDims() &&
           now.getRank() == before.getRank() && llvm::all_of(llvm::zip_equal(now.getShape(), before.getShape()), [](auto sizes) {
             auto [size, old] = sizes;
             return ShapedType::isDynamic(old) || size == old;
           });
  }
};

struct FoldConstantsPass : public bn::impl::FoldConstantsPassBase<FoldConstantsPass> {
  using FoldConstantsPassBase::FoldConstantsPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    ResultStore store = openStore();
    TypeRefinement refinement{getContext().getLoadedDialect<onnx::OnnxDialect>()->getRegisteredInterface<onnx::SchemaInterface>()};
    auto visit = [&](Operation *op) {
      if (auto constant = dyn_cast<onnx::ConstantOp>(op))
        convertToInitializer(constant);
      refinement.visit(op);
      return success();
    };
    if (failed(foldFunction(getOperation(), rewriter, store, visit)))
      signalPassFailure();
  }

private:
  /// A store for what the file took when it was noted, or takes now; notes that where asked to.
  ResultStore openStore() {
    func::FuncOp function = getOperation();
    if (noteBytes)
      noteFileBytes(function);
    int64_t room = std::max<int64_t>(getRoom(function).value_or(0), 0);
    return ResultStore({.room = room, .total = estimateFileBytes(function) + room, .dequantize = false});
  }
};

} // namespace
