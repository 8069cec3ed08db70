// ErrorFunction.h - erf as a quotient of polynomials.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_CODEGEN_ERRORFUNCTION_H
#define BN_LIB_CODEGEN_ERRORFUNCTION_H

#include "mlir/IR/PatternMatch.h"

namespace bn {

/// A pattern for math.erf on f32 and vectors of it.
void populateErrorFunctionPatterns(mlir::RewritePatternSet &patterns);

} // namespace bn

#endif // BN_LIB_CODEGEN_ERRORFUNCTION_H
