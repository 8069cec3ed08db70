// Passes.td - the passes from graph form to kernel form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LOWER_PASSES_TD
#define BN_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandFunctions : Pass<"bn-expand-functions", "::mlir::ModuleOp"> {
  let summary = "replaces operators that have no lowering by their ONNX function bodies";
}

def ConvertToKernel : Pass<"bn-convert-to-kernel", "::mlir::ModuleOp"> {
  let summary = "graph form with static shapes to kernel form";
  let description = [{
    Every node goes through one table, operator name to lowering (lib/Lower/Lowering.h). Kernel form has signless
    integers, bool as i8 (0 or 1), and constants as resource blobs. A node that cannot be lowered is one error that
    names the node, its operator and what is missing.
  }];
}

#endif // BN_LOWER_PASSES_TD
