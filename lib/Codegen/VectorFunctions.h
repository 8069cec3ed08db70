// VectorFunctions.h - tangent, arc cosine, inverse hyperbolic sine, power and remainder on vectors.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_CODEGEN_VECTORFUNCTIONS_H
#define BN_LIB_CODEGEN_VECTORFUNCTIONS_H

#include "mlir/IR/PatternMatch.h"

namespace bn {

/// Patterns for math.tan, math.acos, math.asinh, math.powf and arith.remf, on f32 and vectors of it.
void populateVectorFunctionPatterns(mlir::RewritePatternSet &patterns);

} // namespace bn

#endif // BN_LIB_CODEGEN_VECTORFUNCTIONS_H
