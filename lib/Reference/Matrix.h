// Matrix.h - the product that MatMul, its quantized forms and the recurrent operators share.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_MATRIX_H
#define BN_LIB_REFERENCE_MATRIX_H

#include "Operator.h"

namespace bn::reference {

/// Matrix product with numpy's rules for other ranks than 2, of two tensors of one kind; nothing after an error. The
/// result has the first one's element type; integers wrap to it.
mlir::FailureOr<Tensor> multiply(Call &call, const Tensor &a, const Tensor &b);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_MATRIX_H
