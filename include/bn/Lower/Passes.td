// Passes.td - the passes from graph form to kernel form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LOWER_PASSES_TD
#define BN_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandFunctions : Pass<"bn-expand-functions", "::mlir::ModuleOp"> {
  let summary = "replaces operators that have no lowering by their ONNX function bodies";
}

def ResolveSequences : Pass<"bn-resolve-sequences"> {
  let summary = "replaces sequences whose elements are known by the tensors themselves";
  let description = [{
    Exporters cut a tensor into a sequence and take its elements out again: SplitToSequence or SequenceConstruct, then SequenceAt at
    constant positions, or ConcatFromSequence. That is Split and Concat.
  }];
}

def ExpandTraining : Pass<"bn-expand-training"> {
  let summary = "replaces training steps and gradients by the ops that they decompose into";
  let dependentDialects = ["::bn::BNDialect"];
}

def ConvertToKernel : Pass<"bn-convert-to-kernel", "::mlir::ModuleOp"> {
  let summary = "graph form with static shapes to kernel form";
  let description = [{
    Every node goes through one table, operator name to lowering (lib/Lower/Lowering.h). Kernel form has signless
    integers, bool as i8 (0 or 1), and constants as resource blobs. A node that cannot be lowered is one error that
    names the node, its operator and what is missing.
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "Width of the target's vectors">,
                 Option<"plain", "plain", "bool", "false", "Plain layouts and linalg only, no kernels">,
                 Option<"byteDots", "byte-dots", "bool", "false", "Whether the target multiplies unsigned bytes by signed ones at once">];
}

def AssignLayout : Pass<"bn-assign-layout", "::mlir::ModuleOp"> {
  let summary = "keeps images in blocked layout from kernel to kernel";
}

def ReadPlanes : Pass<"bn-read-planes", "::mlir::ModuleOp"> {
  let summary = "lets convolutions read images of few channels as they come";
  let description = [{
    `kernel.conv(tensor.pad(kernel.pack %x))` becomes `kernel.conv(tensor.pad(copy of %x))`: most of a packed block would be zeros.
  }];
}

def UseWinograd : Pass<"bn-use-winograd", "::mlir::ModuleOp"> {
  let summary = "computes 3×3 convolutions by Winograd's method where that is faster";
  let description = [{
    A cost model of arithmetic, weights and transformed tiles chooses between the direct loops and tiles of 2×2, 3×3 or 4×4 outputs.
    In f32 the rounding errors grow to about 1e-6, 5e-6 and 1e-5 of the largest output.
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def FuseEpilogues : Pass<"bn-fuse-epilogues", "::mlir::ModuleOp"> {
  let summary = "fuses elementwise ops with each other and into the kernels before them";
}

#endif // BN_LOWER_PASSES_TD
