// MergeEqualNodes.cpp - makes one node of those that compute the same, and one initializer of equal ones.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %1 = onnx.mul %x, %s     %2 = onnx.mul %x, %s     %y = onnx.add %1, %2
//   after    %1 = onnx.mul %x, %s     %y = onnx.add %1, %1
//
// Conditions: the same operator, version, attributes and operands; no random numbers, no subgraphs; the later one is no output of a
// graph, whose name it would lose. It may stand in a subgraph that sees the first. BatchNormalizations stay, each has its record.

#include "FloatElements.h"
#include "Initializers.h"
#include "bn/IR/BN/BN.h"
#include "bn/Optimize/Passes.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/ScopedHashTable.h"

namespace bn {
#define GEN_PASS_DEF_MERGEEQUALNODESPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Whether another op with the same operands and attributes has the same results. Runtimes update the statistics of a
/// BatchNormalization in training where they lie, so nobody else may read those.
static bool isMergeable(Operation *op) {
  if (auto constant = dyn_cast<onnx::ConstantOp>(op))
    return !constant.getNodeAttr() && llvm::none_of(op->getUsers(), llvm::IsaPred<TrainingOp>);
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  return node && op->getDialect()->getNamespace() == "onnx" && op->getNumRegions() == 0 && op->getNumOperands() > 0 &&
         isMemoryEffectFree(op);
}

namespace {
/// Compares ops by what they compute, whatever their names.
struct EqualNodes : llvm::DenseMapInfo<Operation *> {
  static unsigned getHashValue(const Operation *constOp) {
    auto *op = const_cast<Operation *>(constOp);
    if (auto constant = dyn_cast<onnx::ConstantOp>(op)) { // large values are compared where the types are equal
      auto small = dyn_cast<DenseElementsAttr>(constant.getValue());
      return llvm::hash_combine(op->getName(), constant.getType(), small ? Attribute(small) : Attribute());
    }
    auto node = cast<onnx::NodeOpInterface>(op);
    return llvm::hash_combine(op->getName(), node.getOpType(), node.getNodeAttrs(),
                              llvm::hash_combine_range(op->operand_begin(), op->operand_end()));
  }

  static bool isEqual(const Operation *constOne, const Operation *constOther) {
    auto *one = const_cast<Operation *>(constOne), *other = const_cast<Operation *>(constOther);
    if (one == other)
      return true;
    bool isMarker = one == getEmptyKey() || one == getTombstoneKey() || other == getEmptyKey() || other == getTombstoneKey();
    if (isMarker || one->getName() != other->getName() || one->getResultTypes() != other->getResultTypes())
      return false;
    if (auto constant = dyn_cast<onnx::ConstantOp>(one))
      return haveEqualNumbers(constant.getValue(), cast<onnx::ConstantOp>(other).getValue());
    auto a = cast<onnx::NodeOpInterface>(one), b = cast<onnx::NodeOpInterface>(other);
    return a.getOpType() == b.getOpType() && a.getSchemaVersion() == b.getSchemaVersion() && a.getNodeAttrs() == b.getNodeAttrs() &&
           llvm::equal(one->getOperands(), other->getOperands());
  }
};

using NodeTable = llvm::ScopedHashTable<Operation *, Operation *, EqualNodes>;

struct MergeEqualNodesPass : public bn::impl::MergeEqualNodesPassBase<MergeEqualNodesPass> {
  void runOnOperation() override {
    NodeTable known;
    mergeIn(getOperation().getBody(), known);
  }

private:
  /// Forwards, so that the operands of a node are merged before it. `known` are the nodes that the region sees.
  static void mergeIn(Region &region, NodeTable &known) {
    NodeTable::ScopeTy scope(known);
    for (Block &block : region)
      for (Operation &op : llvm::make_early_inc_range(block)) {
        for (Region &nested : op.getRegions())
          mergeIn(nested, known);
        if (!isMergeable(&op))
          continue;
        if (Operation *first = known.lookup(&op); !first) {
          known.insert(&op, &op);
        } else if (llvm::none_of(op.getResults(), isGraphOutput)) {
          op.replaceAllUsesWith(first);
          op.erase();
        }
      }
  }
};

} // namespace
