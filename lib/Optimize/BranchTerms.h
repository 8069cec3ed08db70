// BranchTerms.h - values that are linear functions of another one: which filter they are, and at what price.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_BRANCHTERMS_H
#define BN_OPTIMIZE_BRANCHTERMS_H

#include "Filters.h"
#include "bn/IR/Onnx/Onnx.h"

namespace bn {

/// One node on the way from a source to a value.
struct LinearStep {
  mlir::Operation *op = nullptr;
  FilterShape shape;
};

/// A value as a filter of a source; without steps it is the source itself.
struct BranchTerm {
  mlir::Value value, source;
  std::vector<LinearStep> steps; ///< from the source to the value
  FilterShape shape;
  double cost = 0; ///< multiplications of the convolutions per element of the result's spatial shape
};

/// Whether a chain of convolutions, affines and average pools leads from `source` to `value`.
bool isBranch(mlir::Value value, mlir::Value source);

/// Describes `value`, for which `isBranch` holds, as a filter of `source`. Nobody else may read what is between.
Reason describeBranch(mlir::Value value, mlir::Value source, int64_t channels, size_t rank, BranchTerm &term);

/// Whether a filter takes more multiplications than what cost that much; the cost of shrinking steps is a fraction.
inline bool costsMore(const FilterShape &shape, double cost) { return shape.getNumWeights() > cost * (1 + 1e-12); }

/// Whether some step adds a constant.
bool shifts(const BranchTerm &term);

/// The numbers of the whole way, and what the errors that its nodes note make of the result, for sources of magnitude up to 1.
Reason readBranch(const BranchTerm &term, Filter &filter, double &error);

} // namespace bn

#endif // BN_OPTIMIZE_BRANCHTERMS_H
