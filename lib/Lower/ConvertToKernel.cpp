// ConvertToKernel.cpp - graph form with static shapes to kernel form, as one dialect conversion.
// SPDX-License-Identifier: Apache-2.0
//
//   before   onnx.* and bn.* nodes on tensors of static shape
//   after    kernel, linalg, tensor, arith, math; signless integers, bool as i8; what nodes ask of their inputs as one more result
//
// Conditions: every type is a tensor of static shape, or absent; every operator is in the lowering table.

#include "Checks.h"
#include "TransientConstants.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Kernel/Kernel.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/StorageInterface.h"
#include "bn/Lower/Lowerable.h"
#include "bn/Lower/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectResourceBlobManager.h"

namespace bn::lower {
#define GEN_PASS_DEF_CONVERTTOKERNEL
#include "bn/Lower/Passes.h.inc"
} // namespace bn::lower

using namespace mlir;

namespace bn::lower {
namespace {

/// Tensors with storage element types; an absent value becomes no value.
struct KernelTypes : TypeConverter {
  KernelTypes() {
    addConversion([](RankedTensorType type) -> Type {
      Type element = getStorageType(type.getElementType());
      return element && type.hasStaticShape() ? RankedTensorType::get(type.getShape(), element) : Type();
    });
    addConversion([](NoneType, SmallVectorImpl<Type> &) { return success(); });
  }
};

/// The same bytes under the storage type.
ElementsAttr getStorageElements(ElementsAttr value) {
  auto type = RankedTensorType::get(value.getShapedType().getShape(), getStorageType(value.getElementType()));
  if (value.getType() == type)
    return value;
  if (auto blob = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, blob.getRawHandle());
  auto dense = cast<DenseElementsAttr>(value);
  if (value.getElementType().isInteger(1))
    return dense.mapValues(type.getElementType(), [](const APInt &bit) { return bit.zext(8); });
  return dense.bitcast(type.getElementType());
}

/// A node ⇒ what its operator's lowering builds.
struct LowerNode : ConversionPattern {
  LowerNode(const TypeConverter &types, MLIRContext *context, int64_t block, bool byteDots, std::vector<NodeError> &errors,
            std::vector<NodeCheck> &checks, TransientConstants &transients)
      : ConversionPattern(types, MatchAnyOpTypeTag(), 1, context), block(block), byteDots(byteDots), errors(errors), checks(checks),
        transients(transients) {}

  LogicalResult matchAndRewrite(Operation *op, ArrayRef<ValueRange> operands, ConversionPatternRewriter &rewriter) const override {
    LoweringFunction lower = findLowering(op);
    if (!lower)
      return rewriter.notifyMatchFailure(op, "no node");
    NodeLowering lowering(op, operands, rewriter, block, byteDots, errors, checks);
    if (failed(lower(lowering)))
      return failure();
    releaseConstants(op);
    transients.noteLowered(op, operands);
    lowering.results.resize(op->getNumResults());
    SmallVector<SmallVector<Value>> results;
    for (auto [i, result] : llvm::enumerate(lowering.results)) {
      assert(bool(result) == lowering.wants(i) && "a lowering sets the results that the node has");
      assert((!result || result.getType() == lowering.outType(i)) && "a lowering keeps the node's types");
      results.push_back(result ? SmallVector<Value>{result} : SmallVector<Value>());
    }
    rewriter.replaceOpWithMultiple(op, results);
    return success();
  }

  /// What was packed is read no more: its pages of the model's file go, and come back should another node want them.
  static void releaseConstants(Operation *op) {
    ElementsAttr value;
    for (Value operand : op->getOperands())
      if (matchPattern(operand, m_Constant(&value)))
        onnx::releaseStorage(value);
  }

  int64_t block;
  bool byteDots;
  std::vector<NodeError> &errors;
  std::vector<NodeCheck> &checks;
  TransientConstants &transients;
};

/// onnx.constant ⇒ a constant of storage type
struct LowerConstant : OpConversionPattern<onnx::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(onnx::ConstantOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    Builder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, constantTensor(b, getStorageElements(op.getValue())));
    return success();
  }
};

/// onnx.absent ⇒ nothing
struct LowerAbsent : OpConversionPattern<onnx::AbsentOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(onnx::AbsentOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithMultiple(op, SmallVector<SmallVector<Value>>(1));
    return success();
  }
};

struct ConvertToKernelPass : impl::ConvertToKernelBase<ConvertToKernelPass> {
  using ConvertToKernelBase::ConvertToKernelBase;
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, kernel::KernelDialect, linalg::LinalgDialect, math::MathDialect,
                    scf::SCFDialect, tensor::TensorDialect>();
  }

  void runOnOperation() override {
    std::vector<NodeError> errors = findUnsupported(getOperation());
    if (errors.empty())
      convert(errors);
    if (errors.empty())
      return;
    emitError(errors.front().node->getLoc(), errors.front().message);
    signalPassFailure();
  }

private:
  /// What no lowering can change: operators without an entry, and types.
  static std::vector<NodeError> findUnsupported(ModuleOp module) {
    std::vector<NodeError> errors;
    module.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto function = dyn_cast<func::FuncOp>(op)) {
        for (BlockArgument argument : function.getArguments())
          if (std::string problem = findTypeObstacle(argument.getType()); !problem.empty())
            errors.push_back({op, ("input '" + onnx::getValueName(argument) + "': expected a tensor of numbers with static shape").str()});
        return WalkResult::advance();
      }
      if (!isa<onnx::OnnxDialect, BNDialect>(op->getDialect()) || isa<onnx::AbsentOp>(op))
        return WalkResult::advance();
      if (std::string obstacle = findObstacle(op); !obstacle.empty()) {
        errors.push_back({op, describe(op, obstacle)});
        return WalkResult::skip();
      }
      return isa<AffineOp>(op) ? WalkResult::skip() : WalkResult::advance(); // what an affine stands for goes with it
    });
    return errors;
  }

  void convert(std::vector<NodeError> &errors) {
    MLIRContext &context = getContext();
    KernelTypes types;
    RewritePatternSet patterns(&context);
    std::vector<NodeError> nodeErrors;
    std::vector<NodeCheck> checks;
    TransientConstants transients(getOperation());
    patterns.add<LowerNode>(types, &context, plain ? 0 : vectorBits / 32, byteDots, nodeErrors, checks, transients);
    patterns.add<LowerConstant, LowerAbsent>(types, &context);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, types);
    populateReturnOpTypeConversionPattern(patterns, types);

    ConversionTarget target(context);
    target.addIllegalDialect<onnx::OnnxDialect, BNDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) { return types.isSignatureLegal(op.getFunctionType()); });
    target.addDynamicallyLegalOp<func::ReturnOp>([&](func::ReturnOp op) { return types.isLegal(op.getOperandTypes()); });

    // The driver's own message says which op, never why; the lowering's does.
    ScopedDiagnosticHandler silence(&context, [](Diagnostic &) { return success(); });
    if (succeeded(applyFullConversion(getOperation(), target, std::move(patterns))))
      return addStatus(getOperation(), checks);
    for (NodeError &error : nodeErrors)
      errors.push_back({error.node, describe(error.node, error.message)});
    if (errors.empty())
      errors.push_back({getOperation(), "internal: conversion to kernel form failed"});
  }
};

} // namespace
} // namespace bn::lower
