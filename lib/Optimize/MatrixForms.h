// MatrixForms.h - matrix products with a constant side: Gemm and MatMul as one form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_MATRIXFORMS_H
#define BN_OPTIMIZE_MATRIXFORMS_H

#include "LinearConstants.h"
#include "LinearOps.h"

namespace bn {

/// result = factor·data·weight + bias, or weight·data where the weight is on the left. `rows` of the weight meet the data
/// (its columns on the left), `columns` number the result's channels.
struct MatrixForm {
  LinearForm linear;
  mlir::OpOperand *data = nullptr;
  bool onRight = true;
  int64_t rows = 0, columns = 0;
  double factor = 1;
};

/// Describes a Gemm or MatMul with a constant matrix on one side.
Reason describeMatrix(mlir::Operation *op, MatrixForm &form);

/// The weight times the factor, ordered [row][column]; the bias by column, zeros where there is none.
/// BiasNotPerChannel where rows of the result have different ones.
Reason readMatrix(const MatrixForm &form, llvm::SmallVectorImpl<double> &weight, llvm::SmallVectorImpl<double> &bias);

/// How large a result may be where no input is larger than 1; `bias` may be empty.
double getReach(llvm::ArrayRef<double> weight, llvm::ArrayRef<double> bias, int64_t columns);

/// Whether the node adds something.
bool hasBias(const MatrixForm &form);

/// Makes constants for a node like `form`: of its side, orientation, type and factor.
Reason storeMatrix(const MatrixForm &form, int64_t rows, int64_t columns, llvm::ArrayRef<double> weight, llvm::ArrayRef<double> bias,
                   LinearConstants &constants);

} // namespace bn

#endif // BN_OPTIMIZE_MATRIXFORMS_H
