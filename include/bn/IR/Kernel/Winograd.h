// Winograd.h - the matrices of Winograd's minimal filtering for windows of 3×3.
// SPDX-License-Identifier: Apache-2.0
//
// With tiles of m×m outputs, y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for a filter g of 3×3 and inputs d of α×α, α = (m − 1)·stride + 3 (Lavin and
// Gray, "Fast Algorithms for Convolutional Neural Networks"). Points are 0, ±1, ∞ for m = 2, with 2 for m = 3, with ±2 for m = 4.
// Rounding errors grow with m: in f32 to about 1e-6 of the largest output for m = 2, 5e-6 for m = 3 and 1e-5 for m = 4, where direct
// sums have 3e-7.
//
// With a stride of 2, even inputs meet the outer two taps and odd ones the middle tap. The even ones are a filter of two taps, which
// needs a point less; the odd ones come after them, as they are. Errors are those of the next smaller tile.

#ifndef BN_IR_KERNEL_WINOGRAD_H
#define BN_IR_KERNEL_WINOGRAD_H

#include "llvm/ADT/ArrayRef.h"

namespace bn::kernel {

/// A matrix, row by row.
struct WinogradMatrix {
  int64_t columns;
  llvm::ArrayRef<double> values;
  int64_t rows() const { return values.size() / columns; }
  double at(int64_t row, int64_t column) const { return values[row * columns + column]; }
};

/// The transforms for one size of tiles and one stride. Bᵀ and Aᵀ are products of sparse matrices, the first applied first, which shares
/// sums.
struct WinogradTransforms {
  int64_t tile, stride;  ///< m; of the convolution
  WinogradMatrix filter; ///< G, α×3
  llvm::ArrayRef<WinogradMatrix> input, output;
  int64_t inputTile() const { return filter.rows(); }
};

/// Inputs that n neighbouring windows of three cover.
inline int64_t countWinogradInputs(int64_t n, int64_t stride) { return (n - 1) * stride + 3; }

/// Whether products of bf16 err little more in such tiles than in direct sums: 1.7 times, where larger tiles are at 5 and more.
inline bool suitsBFloat(int64_t tile, int64_t stride) { return tile == 2 || (tile == 3 && stride == 2); }

/// The transforms for tiles of m×m outputs, m being 2, 3 or 4, and a stride of 1 or 2.
const WinogradTransforms &getWinograd(int64_t tile, int64_t stride);

} // namespace bn::kernel

#endif // BN_IR_KERNEL_WINOGRAD_H
