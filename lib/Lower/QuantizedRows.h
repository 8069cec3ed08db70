// QuantizedRows.h - rows rounded to 8 bits while the model runs, and their product with known weights of 8 bits.
// SPDX-License-Identifier: Apache-2.0
//
// As DynamicQuantizeLinear and MatMulInteger do it: 255 steps between the least and the largest element, 0 among them.

#ifndef BN_LIB_LOWER_QUANTIZEDROWS_H
#define BN_LIB_LOWER_QUANTIZEDROWS_H

#include "Lowering.h"
#include "TensorOps.h"

namespace bn::lower {

/// Known weights of 8 bits: a matrix for each direction of a recurrence.
struct StoredWeights {
  int64_t depth, columns;
  std::vector<int16_t> values; ///< [directions][depth][columns], less zero points
  std::vector<float> scales;   ///< [directions][columns]
};

/// Some columns of such a matrix as kernels want them.
struct StoredMatrix {
  mlir::Value packed, sums, scales; ///< sums of each column's values where they are bytes, null otherwise

  static StoredMatrix make(NodeLowering &n, const StoredWeights &weights, int64_t direction, int64_t first, int64_t count);
};

/// Rows in steps of their range.
class QuantizedRows {
public:
  QuantizedRows(NodeLowering &n, mlir::Value x);
  /// The values next to x that 8 bits hold.
  mlir::Value toReals();
  /// The product as f32.
  mlir::Value multiply(const StoredMatrix &matrix);

private:
  NodeLowering &n;
  mlir::Value scale, zeroPoint, stored; ///< the latter from 0 to 255, all as floats
};

} // namespace bn::lower

#endif // BN_LIB_LOWER_QUANTIZEDROWS_H
