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
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "Width of the target's vectors">,
                 Option<"plain", "plain", "bool", "false", "Plain layouts and linalg only, no kernels">];
}

def AssignLayout : Pass<"bn-assign-layout", "::mlir::ModuleOp"> {
  let summary = "keeps images in blocked layout from kernel to kernel";
}

def FuseEpilogues : Pass<"bn-fuse-epilogues", "::mlir::ModuleOp"> {
  let summary = "fuses elementwise ops with each other and into the kernels before them";
}

#endif // BN_LOWER_PASSES_TD
