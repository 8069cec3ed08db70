// LinearChange.h - new constants for a linear node, so that it does an affine's work as well.
// SPDX-License-Identifier: Apache-2.0
//
//   result     w' = a·w, bias' = a·bias + b            the affine stood behind the node
//   input      w' = w·a, bias' = bias + Σ w·b          it stood before the node
//
// Three steps, so that nothing changes before everything is known to be legal: plan looks, prepare computes, commit writes.

#ifndef BN_OPTIMIZE_LINEARCHANGE_H
#define BN_OPTIMIZE_LINEARCHANGE_H

#include "BroadcastMap.h"
#include "ChannelMath.h"
#include "Initializers.h"
#include "LinearConstants.h"
#include "LinearOps.h"

namespace bn {

class LinearChange {
public:
  /// Makes the result of `op` map(result). What a node without bias cannot take, a shift, goes to `left`.
  static Reason planResult(mlir::Operation *op, const BroadcastMap &map, LinearChange &change, BroadcastMap &left);
  /// Makes the node read map(x) where `use` is x now. `left` as above, on the result.
  static Reason planInput(mlir::OpOperand &use, const BroadcastMap &map, LinearChange &change, BroadcastMap &left);

  /// Whether other nodes read the weight that changes.
  bool copiesWeight() const;
  /// Computes the new constants. NonFinite or Overflow where a type cannot hold one.
  Reason prepare();
  /// How many bytes more the constants take afterwards: a bias where there was none, a copy where others read the old weight.
  int64_t getAddedBytes() const;
  /// Gives the node its new constants; old ones die with their last reader.
  void commit(mlir::PatternRewriter &rewriter, FreshNames &names);

  mlir::Operation *getOperation() const { return op; }
  const LinearForm &getForm() const { return form; }

private:
  bool scalesWeight() const;
  bool changesBias() const;
  void boundError(const ScaledWeight &product);
  Reason readBias();
  void setShift(ChannelMap shift, BroadcastMap &left);

  mlir::Operation *op = nullptr;
  LinearForm form;
  mlir::RankedTensorType biasType;
  llvm::SmallVector<double> bias; ///< the old one, [outer][channel]
  ChannelMap biasMap;             ///< what becomes of it
  ChannelLayout scaled;           ///< the channels of the weight that are scaled
  llvm::SmallVector<double> scale;
  bool scalesResult = false; ///< or the input
  double growth = 1;         ///< of an error that the result has already
  LinearConstants constants; ///< what prepare computed
};

} // namespace bn

#endif // BN_OPTIMIZE_LINEARCHANGE_H
