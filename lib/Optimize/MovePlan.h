// MovePlan.h - follows an affine through the nodes before or behind it to where it is absorbed, and moves it there.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %1 = conv %x, %w     %2 = reshape %1     %y = bn.affine %2
//   after    %1 = conv %x, a·%w, …                    %y = reshape %1
//
// A plan is demands: `pull` wants the value that an operand reads to become map(value), `push` promises that a value will come
// without its map, which its readers owe. Each demand ends in an absorption or turns into demands one node further, by the
// rules of MoveRules.h. Nothing changes before all demands are met: trace looks, prepare computes, commit writes.
//
// Conditions: what a pulled demand passes is no output, and read by nobody else or by others that can take the inverse of a scale;
// all readers of what a pushed one passes take their share; no node is reached twice.

#ifndef BN_OPTIMIZE_MOVEPLAN_H
#define BN_OPTIMIZE_MOVEPLAN_H

#include "Affines.h"
#include "LinearChange.h"
#include "llvm/ADT/SmallPtrSet.h"

#include <vector>

namespace bn {

class MovePlan {
public:
  /// `preferLast`: where a sum or product may hand a demand to one of several operands, it takes the last, not the first.
  MovePlan(AffineOp mover, bool preferLast) : mover(mover), preferLast(preferLast) {}
  explicit MovePlan(mlir::Operation *mover) : mover(mover) {}

  /// Demands that `use` read map(value).
  void pull(mlir::OpOperand &use, BroadcastMap map, bool isBranch = false);
  /// Promises that `value` comes without `map`.
  void push(mlir::Value value, BroadcastMap map);
  /// The constant that `use` reads becomes map(constant), no matter who else reads it.
  Reason changeConstant(mlir::OpOperand &use, const BroadcastMap &map);
  /// Which of `count` operands takes a demand that any could.
  unsigned choose(unsigned count) const { return preferLast ? count - 1 : 0; }

  /// Lets these read the value that the mover reads: they go with it.
  void takeAlong(llvm::ArrayRef<AffineOp> others) { companions.insert_range(others); }

  /// Follows all demands; None where every one is met.
  Reason trace();
  /// Computes new constants. NonFinite or Overflow where a type cannot hold one.
  Reason prepare();
  /// Carries the plan out.
  void commit(mlir::PatternRewriter &rewriter, FreshNames &names);

  /// How many nodes more there are afterwards, apart from the mover.
  int64_t getAddedNodes() const { return addedNodes; }
  /// How many bytes more there are afterwards, apart from the mover.
  int64_t getAddedBytes() const;
  /// Whether other nodes keep a weight that changes for one.
  bool copiesWeights() const {
    return llvm::any_of(linears, [](const LinearChange &change) { return change.copiesWeight(); });
  }
  /// Whether a shift stays as an affine right behind a linear node without bias.
  bool leavesShift() const { return shiftsLeft; }

private:
  struct Pull {
    mlir::OpOperand *use;
    BroadcastMap map;
    bool isBranch;
  };
  struct Push {
    mlir::Value value;
    BroadcastMap map;
  };
  /// A constant operand that gets other numbers.
  struct ConstantChange {
    mlir::OpOperand *use;
    mlir::RankedTensorType type;
    llvm::SmallVector<double> values;
    mlir::ElementsAttr newValue;
    double growth = 1; ///< of an error that the result has already
  };
  /// An affine that gets another map, and loses its originals.
  struct AffineChange {
    AffineOp affine;
    BroadcastMap map;
  };
  /// An affine that stands right behind a linear node for the shift that it cannot take.
  struct ShiftLeft {
    mlir::Operation *op;
    int64_t axis, channels;
    BroadcastMap map;
  };

  /// Lets the other readers of a value that gets a scale take the inverse one. False where the numbers do not allow that.
  bool compensate(mlir::OpOperand &use, const BroadcastMap &map);
  /// Whether anything but `use`, and what goes with the mover, sees the numbers of its value.
  Reason checkSoleReader(mlir::OpOperand &use) const;
  Reason follow(const Pull &step);
  Reason follow(const Push &step);
  Reason followUse(mlir::OpOperand &use, const BroadcastMap &map);
  Reason pullThrough(AffineOp affine, const BroadcastMap &map);
  Reason changeAffine(AffineOp affine, std::optional<BroadcastMap> map);
  bool enter(mlir::Operation *op) { return entered.insert(op).second; }

  mlir::Operation *mover;
  bool preferLast = false;
  llvm::SmallVector<Pull> pulls;
  llvm::SmallVector<Push> pushes;
  llvm::SmallVector<Pull> compensations; ///< what other readers of a pulled value owe
  llvm::SmallPtrSet<mlir::Operation *, 16> entered;
  llvm::SmallPtrSet<mlir::Operation *, 4> companions; ///< read the same value and vanish with the mover
  std::vector<LinearChange> linears;
  llvm::SmallVector<ConstantChange> constants;
  llvm::SmallVector<AffineChange> affines;
  llvm::SmallVector<ShiftLeft> shiftsBehind;
  int64_t addedNodes = 0;
  bool shiftsLeft = false;
};

/// Whether `op` reads nothing but the shape of its operand.
bool readsOnlyShape(mlir::Operation *op);

} // namespace bn

#endif // BN_OPTIMIZE_MOVEPLAN_H
