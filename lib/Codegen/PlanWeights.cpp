// PlanWeights.cpp - moves constants into one buffer that the runtime fills once.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %w = kernel.constant dense_resource<w> : tensor<3x5xf32>
//   after    %v = memref.view %weights[%offset] : memref<64xi8> to memref<3x5xf32>   %w = bufferization.to_tensor %v
//
// The values stay attributes of the module: they never become code.

#include "ByteViews.h"
#include "bn/Codegen/Passes.h"
#include "bn/IR/Kernel/ModuleAttributes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

namespace bn {
#define GEN_PASS_DEF_PLANWEIGHTSPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

/// The tensor that an op makes known to the compiler, or null.
static ElementsAttr constantTensor(Operation *op) {
  if (auto constant = dyn_cast<bn::kernel::ConstantOp>(op))
    return constant.getValue();
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (isa<RankedTensorType>(constant.getType()))
      return dyn_cast<ElementsAttr>(constant.getValue());
  return nullptr;
}

namespace {
struct PlanWeightsPass : bn::impl::PlanWeightsPassBase<PlanWeightsPass> {
  void runOnOperation() override {
    func::FuncOp func = bn::modelFunction(getOperation());
    llvm::MapVector<ElementsAttr, SmallVector<Operation *>> uses;
    func.walk([&](Operation *op) {
      if (ElementsAttr value = constantTensor(op))
        uses[value].push_back(op);
    });
    OpBuilder builder(&getContext());
    SmallVector<Attribute> table;
    int64_t size = 0;
    for (auto &[value, ops] : uses) {
      table.push_back(builder.getDictionaryAttr({builder.getNamedAttr("offset", builder.getI64IntegerAttr(size)),
                                                 builder.getNamedAttr("value", value)}));
      size += llvm::alignTo(bn::byteSize(value.getShapedType()), bn::kernel::kAlignment);
    }
    Value weights = bn::appendArgument(func, MemRefType::get({size}, builder.getI8Type()));
    for (auto [entry, use] : llvm::zip_equal(table, uses))
      for (Operation *op : use.second)
        replaceByView(op, weights, cast<IntegerAttr>(cast<DictionaryAttr>(entry).get("offset")).getInt());
    getOperation()->setAttr(bn::kernel::kWeightsAttr, builder.getArrayAttr(table));
    getOperation()->setAttr(bn::kernel::kWeightsSizeAttr, builder.getI64IntegerAttr(size));
  }

  static void replaceByView(Operation *op, Value weights, int64_t offset) {
    OpBuilder builder(op);
    auto tensor = cast<RankedTensorType>(op->getResult(0).getType());
    Value view =
        bn::viewBytes(builder, op->getLoc(), weights, offset, MemRefType::get(tensor.getShape(), tensor.getElementType()));
    Value value = bufferization::ToTensorOp::create(builder, op->getLoc(), tensor, view, /*restrict=*/true, /*writable=*/false);
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  }
};
} // namespace
