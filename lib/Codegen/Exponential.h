// Exponential.h - e^x and the logistic function as polynomials.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_CODEGEN_EXPONENTIAL_H
#define BN_LIB_CODEGEN_EXPONENTIAL_H

#include "mlir/IR/PatternMatch.h"

namespace bn {

/// Patterns for math.exp and for 1/(1 + e^x), on f32 and vectors of it.
void populateExponentialPatterns(mlir::RewritePatternSet &patterns);

} // namespace bn

#endif // BN_LIB_CODEGEN_EXPONENTIAL_H
