// Passes.td - the passes from graph form to kernel form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LOWER_PASSES_TD
#define BN_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandFunctions : Pass<"bn-expand-functions", "::mlir::ModuleOp"> {
  let summary = "replaces operators that have no lowering by their ONNX function bodies";
  let description = [{
    The bodies are those of the ONNX schemas, for the opset of the model.

    ```mlir
    // before
    %y = onnx.node "Shrink"(%x) version 9 {bias, lambd}
    // after
    %y = onnx.node "Where" … of Less, Add and Sub
    ```
  }];
}

def ResolveSequences : Pass<"bn-resolve-sequences"> {
  let summary = "replaces sequences whose elements are known by the tensors themselves";
  let description = [{
    Exporters cut a tensor into a sequence and take its elements out again: SplitToSequence or SequenceConstruct, then SequenceAt at
    constant positions, or ConcatFromSequence. That is Split and Concat.

    ```mlir
    // before
    %s = onnx.node "SplitToSequence"(%x, %sizes)
    %y = onnx.node "SequenceAt"(%s, %one)
    // after
    %parts:3 = onnx.node "Split"(%x, %sizes)      // %y is %parts#1
    ```
  }];
}

def ExpandTraining : Pass<"bn-expand-training"> {
  let summary = "replaces training steps and gradients by the ops that they decompose into";
  let description = [{
    bn.training and the gradients of training and inference; lib/IR/BN/Rationale.md has the decomposition.

    ```mlir
    // before
    %y, %mean, %variance = bn.training %x …
    // after
    %m, %v, %n = bn.moments %x axes [1]
    %s = bn.inv_stddev %v epsilon …
    %y = bn.normalize %x mean %m inv_stddev %s …
    %mean = bn.update_average %old_mean, %m count %n momentum …      // and the variance's
    ```
  }];
  let dependentDialects = ["::bn::BNDialect"];
}

def ConvertToKernel : Pass<"bn-convert-to-kernel", "::mlir::ModuleOp"> {
  let summary = "graph form with static shapes to kernel form";
  let description = [{
    Every node goes through one table, operator name to lowering (lib/Lower/Lowering.h). Kernel form has signless
    integers, bool as i8 (0 or 1), and constants as resource blobs. A node that cannot be lowered is one error that
    names the node, its operator and what is missing. The elements of a constant that is marked with `onnx.transient` go when the last node
    that reads it has packed them.

    ```mlir
    // before
    %y = onnx.relu %x : tensor<2x3xf32>
    // after
    %y = linalg.generic ins(%x) outs(%empty) { arith.maximumf }
    ```
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "Width of the target's vectors">,
                 Option<"plain", "plain", "bool", "false", "Plain layouts and linalg only, no kernels">,
                 Option<"byteDots", "byte-dots", "bool", "false", "Whether the target multiplies unsigned bytes by signed ones at once">];
}

def AssignLayout : Pass<"bn-assign-layout", "::mlir::ModuleOp"> {
  let summary = "keeps images in blocked layout from kernel to kernel";
  let description = [{
    An unpack meets a pack and both go; elementwise ops, sums and concatenations between them work on blocks.

    ```mlir
    // before
    %a = kernel.unpack %x
    %b = linalg.generic ins(%a) { body }
    %y = kernel.conv (kernel.pack %b), …
    // after
    %b = linalg.generic ins(%x) { body }
    %y = kernel.conv %b, …
    ```
  }];
}

def ReadPlanes : Pass<"bn-read-planes", "::mlir::ModuleOp"> {
  let summary = "lets convolutions read images of few channels as they come";
  let description = [{
    `kernel.conv(tensor.pad(kernel.pack %x))` becomes `kernel.conv(tensor.pad(copy of %x))`: most of a packed block would be zeros.
  }];
}

def ScaleWeights : Pass<"bn-scale-weights", "::mlir::ModuleOp"> {
  let summary = "multiplies a convolution's weights instead of its input by a factor of each channel";
  let description = [{
    The gates of squeeze and excitation, for one image whose elements are more than the weights.

    ```mlir
    // before
    %s = linalg.generic ins(%image, %gate) { mulf }
    %y = kernel.conv %s, %w
    // after
    %v = linalg.generic ins(%w, %gate) { mulf }
    %y = kernel.conv %image, %v
    ```
  }];
}

def UseWinograd : Pass<"bn-use-winograd", "::mlir::ModuleOp"> {
  let summary = "computes 3×3 convolutions by Winograd's method where that is faster";
  let description = [{
    A cost model of arithmetic, weights and transformed tiles chooses between the direct loops and tiles of 2×2, 3×3 or 4×4 outputs.
    With `bfloat16` the direct loops are those of bn-use-bfloat16.
    In f32 the rounding errors grow to about 1e-6, 5e-6 and 1e-5 of the largest output.

    ```mlir
    // before
    %y = kernel.conv %x, %w bias %b
    // after
    %v = kernel.winograd_input %x tile 4 tiles [14, 14]
    %m = kernel.matmul %v, %u {packed}
    %y = kernel.winograd_output %m bias %b tile 4
    ```
  }];
  let options = [Option<"bfloat16", "bfloat16", "bool", "false", "Whether direct convolutions are going to multiply bf16">];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def UseStrassen : Pass<"bn-use-strassen", "::mlir::ModuleOp"> {
  let summary = "computes large 1×1 convolutions by Strassen's method where that is faster";
  let description = [{
    One level saves an eighth of the multiply-adds; sums of the input and of products and nearly twice the weights are its price, which a
    cost model weighs. The rounding errors grow to about 2e-6 of the largest output.

    ```mlir
    // before
    %y = kernel.conv %x, %w bias %b
    // after
    %y = kernel.strassen_conv %x, %sums bias %b
    ```
  }];
}

def FuseEpilogues : Pass<"bn-fuse-epilogues", "::mlir::ModuleOp"> {
  let summary = "fuses elementwise ops with each other and into the kernels before them";
  let description = [{
    ```mlir
    // before
    %a = kernel.conv %x, %w
    %y = linalg.generic ins(%a, %shortcut) { addf, maximumf }
    // after
    %y = kernel.conv %x, %w with(%shortcut) epilogue { addf, maximumf }
    ```
  }];
}

def UseBFloat16 : Pass<"bn-use-bfloat16", "::mlir::ModuleOp"> {
  let summary = "multiplies bf16 in convolutions and matrix products with known weights";
  let description = [{
    Weights are rounded once and packed in pairs of channels. Their inputs are stored as bf16 by what computes them; sums, epilogues and
    everything else stay in f32.

    ```mlir
    // before
    %y = kernel.conv %x, %w bias %b : (tensor<1x4x7x9x16xf32>, tensor<2x4x3x3x16x16xf32>, …)
    // after
    %h = linalg.generic ins(%x) { arith.truncf }
    %y = kernel.conv %h, %v bias %b : (tensor<1x4x7x9x16xbf16>, tensor<2x4x3x3x8x32xbf16>, …)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

#endif // BN_LOWER_PASSES_TD
