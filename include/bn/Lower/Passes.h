// Passes.h - the passes from graph form to kernel form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LOWER_PASSES_H
#define BN_LOWER_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace bn::lower {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "bn/Lower/Passes.h.inc"

} // namespace bn::lower

#endif // BN_LOWER_PASSES_H
