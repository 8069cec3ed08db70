// MachineLearning.h - domain ai.onnx.ml: lists among the attributes, the labels of classes, and scores.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_MACHINELEARNING_H
#define BN_LIB_REFERENCE_MACHINELEARNING_H

#include "Operator.h"

namespace bn::reference {

/// A list of integers; empty where the node has none.
llvm::ArrayRef<int64_t> getIntegerList(const Call &call, llvm::StringRef name);
/// A list of reals, which may stand in a tensor, under the same name or that with a suffix; empty where the node has none.
std::vector<double> getRealList(const Call &call, llvm::StringRef name);
/// A list of strings as a tensor.
Tensor makeStrings(mlir::MLIRContext *context, mlir::ArrayAttr list);

/// The labels of a classifier: the attribute `classlabels_strings`, or else that with integers.
mlir::FailureOr<Tensor> getClassLabels(Call &call, llvm::StringRef integers);
/// Copies one label.
void copyLabel(const Tensor &labels, size_t from, Tensor &y, size_t to);

/// Whether there is such a `post_transform`.
bool isTransform(llvm::StringRef name);
/// Makes what the transform asks for of a row of scores.
void transformScores(llvm::StringRef name, llvm::MutableArrayRef<double> row);
/// The scores of two classes by the one score of the second, `row[0]`. `isShare`: the score is its share of one.
void splitScore(llvm::StringRef transform, bool isShare, llvm::MutableArrayRef<double> row);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_MACHINELEARNING_H
