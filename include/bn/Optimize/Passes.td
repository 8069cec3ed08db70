// Passes.td - graph form to graph form: the folding algebra.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_PASSES_TD
#define BN_OPTIMIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

class BN_GraphPass<string flag> : Pass<flag, "mlir::func::FuncOp"> {
  let dependentDialects = ["bn::BNDialect", "bn::onnx::OnnxDialect"];
}

def InlineFunctionsPass : Pass<"bn-inline-functions", "mlir::ModuleOp"> {
  let summary = "Put model-local functions that are called once in the place of their call";
  let description = [{
    Where the function holds a BatchNormalization whose input or parameters come from the call. Functions that are called
    several times stay: they would have to be copied.

    ```mlir
    // before
    %y = onnx.call @block(%x, %scale, %mean, …)
    // after
    %y = bn.inference %x scale %scale mean %mean …
    ```
  }];
  let options = [Option<"everyBatchNorm", "every-batch-norm", "bool", "false", "Whatever its input and parameters are">];
  let dependentDialects = ["bn::BNDialect", "bn::onnx::OnnxDialect"];
}

def FoldConstantsPass : BN_GraphPass<"bn-fold-constants"> {
  let summary = "Compute now what does not depend on the inputs, and drop nodes that do nothing";
  let description = [{
    Results are stored as long as the file does not grow by them. Constant nodes become initializers. Identity, Dropout at
    inference and Reshape, Transpose, Cast, Concat without effect go. A second run may use the bytes that passes in
    between have saved.

    ```mlir
    // before
    %z = onnx.add %c, %d        // of constants
    %y = onnx.node "Identity"(%x)
    // after
    %z = onnx.constant             // %y is %x
    ```
  }];
  let options = [
    Option<"noteBytes", "note-bytes", "bool", "false", "note how many bytes the file takes, as the measure of later passes">,
  ];
}

def BindShapesPass : BN_GraphPass<"bn-bind-shapes"> {
  let summary = "Infer every type from the arguments' types, folding shape arithmetic on the way";
  let description = [{
    ```mlir
    // before
    func.func @main(%x: tensor<?x3xf32>) … onnx.relu %x : tensor<?x3xf32>      // dims=batch=2
    // after
    func.func @main(%x: tensor<2x3xf32>) … onnx.relu %x : tensor<2x3xf32>
    ```
  }];
  let options = [
    ListOption<"dims", "dims", "std::string", "sizes of symbolic dimensions, as name=size">,
  ];
}

def FreezeTrainingPass : BN_GraphPass<"bn-freeze-training"> {
  let summary = "Make training BatchNormalizations normalize with their running statistics";
  let description = [{
    ```mlir
    // before
    %y, %m, %v = bn.training %x scale %s offset %b mean %mean variance %variance …
    // after
    %y = bn.inference %x scale %s offset %b mean %mean variance %variance …
    ```
  }];
}

def RaiseAffinePass : BN_GraphPass<"bn-raise-affine"> {
  let summary = "Turn whatever is a·x + b along one axis into bn.affine";
  let description = [{
    Inference BatchNormalization with constant parameters, and Add, Sub, Mul, Div with a constant that is proven to vary
    along one axis only, become `bn.affine`. The affine keeps the nodes that it stands for in its region.

    ```mlir
    // before
    %y = bn.inference %x scale %s offset %b mean %m variance %v axes [1] epsilon 1.0E-5
    // after
    %y = bn.affine %x scale %a shift %c axis 1      // a = s/√(v + ε), c = b − m·a
    ```
  }];
  let options = [
    Option<"onlyNodes", "only-nodes", "std::string", "", "raise only nodes whose name matches this regular expression">,
    Option<"skipNodes", "skip-nodes", "std::string", "", "leave nodes alone whose name matches this regular expression">,
  ];
}

def MergeAffinesPass : BN_GraphPass<"bn-merge-affines"> {
  let summary = "Compose an affine with the affine before it, and make one of equal ones";
  let description = [{
    ```mlir
    // before
    %a = bn.affine %x scale %s shift %t axis 1
    %y = bn.affine %a scale %u shift %v axis 1
    // after
    %y = bn.affine %x scale %su shift %tuv axis 1      // su = s·u, tuv = t·u + v
    ```
  }];
}

def RecognizeActivationsPass : BN_GraphPass<"bn-recognize-activations"> {
  let summary = "Turn a clipped affine into HardSigmoid, and x·HardSigmoid(x) into HardSwish";
  let description = [{
    Where the opset has them, and the range of the Clip costs no node at its readers.

    ```mlir
    // before
    %a = onnx.node "Clip"(bn.affine %x, 0, 1)
    %y = onnx.mul %x, %a
    // after
    %y = onnx.node "HardSwish"(%x)
    ```
  }];
}

def MergeLayoutsPass : BN_GraphPass<"bn-merge-layouts"> {
  let summary = "Join Reshapes, Transposes and Slices that follow one another";
  let description = [{
    ```mlir
    // before
    %a = onnx.transpose %x {perm = [0, 2, 1]}
    %y = onnx.transpose %a {perm = [0, 2, 1]}
    // after
    // %y is %x
    ```
  }];
}

def AbsorbAffinePass : BN_GraphPass<"bn-absorb-affine"> {
  let summary = "Move an affine into the weights before and behind it";
  let description = [{
    Conv, ConvTranspose (grouped, too), Gemm and MatMul with constant weights take an affine of their result, and one of
    their input. It travels there through nodes that keep it an affine: layouts, Concat and Split, sums and products,
    pools, means, padding, and ReLU where the scale is not negative. A MatMul takes the scale only; the shift stays behind
    it. An affine that has to stay gets the attribute `bn.reason`.

    ```mlir
    // before
    %a = onnx.conv %x, %w, %b
    %y = bn.affine %a scale %s shift %t axis 1
    // after
    %y = onnx.conv %x, %w', %b'      // w' = w·s, b' = b·s + t
    ```
  }];
}

def MergeLinearPairsPass : BN_GraphPass<"bn-merge-linear-pairs"> {
  let summary = "Make one node of two linear ones that follow each other";
  let description = [{
    A convolution behind a convolution, a Gemm or MatMul behind another, with constant weights. Never more multiplications
    or bytes than before.

    ```mlir
    // before
    %a = onnx.conv %x, %w, %none
    %y = onnx.conv %a, %v, %none      // of one tap
    // after
    %y = onnx.conv %x, %vw, %none
    ```
  }];
}

def MergeBranchesPass : BN_GraphPass<"bn-merge-branches"> {
  let summary = "Make one linear node of parallel branches that meet in a sum";
  let description = [{
    Convolutions, scales, shifts, average pools, chains of these, and the common source itself, joined by Add, Sub or Sum; matrix
    products likewise.
    Never more multiplications or bytes than before. A node that stays beside a parallel one gets the attribute
    `bn.branch_reason`.

    ```mlir
    // before
    %y = onnx.add (onnx.conv %x, %w), (onnx.conv %x, %v)
    // after
    %y = onnx.conv %x, %w'      // w' = w + v, where their taps meet
    ```
  }];
}

def ScaleQuantizedPass : BN_GraphPass<"bn-scale-quantized"> {
  let summary = "Move an affine into the scales of quantized weights";
  let description = [{
    Conv, ConvTranspose and Gemm whose weights come from a DequantizeLinear of constants, with one scale for all or one for
    each output channel. The integers stay, mirrored where the affine is negative; a quantized bias becomes a float.

    ```mlir
    // before
    %w = onnx.node "DequantizeLinear"(%q, %scale)
    %y = bn.affine (onnx.conv %x, %w) scale %s shift %t axis 1
    // after
    %w = onnx.node "DequantizeLinear"(%q, %scale')      // scale' = scale·s
    %y = onnx.conv %x, %w, %t
    ```
  }];
}

def RestoreAffinePass : BN_GraphPass<"bn-restore-affine"> {
  let summary = "Turn the affines that stayed into their cheapest standard form";
  let description = [{
    The original nodes where nothing cheaper exists; otherwise Add, Mul, or a BatchNormalization that takes its
    neighbours in. Never more nodes than before.

    ```mlir
    // before
    %y = bn.affine %x scale %s shift %t axis 1      // s = 1
    // after
    %y = onnx.add %x, %t
    ```
  }];
}

def MergeEqualNodesPass : BN_GraphPass<"bn-merge-equal-nodes"> {
  let summary = "Make one node of those that compute the same, and one initializer of equal ones";
  let description = [{
    Nodes with the same operator, attributes and operands, where a later one is no output of its graph. BatchNormalizations stay.

    ```mlir
    // before
    %a = onnx.relu %x
    %b = onnx.relu %x
    %y = onnx.add %a, %b
    // after
    %a = onnx.relu %x
    %y = onnx.add %a, %a
    ```
  }];
}

def RemoveDeadNodesPass : BN_GraphPass<"bn-remove-dead-nodes"> {
  let summary = "Remove nodes and initializers that nothing uses";
  let description = [{
    ```mlir
    // before
    %a = onnx.relu %x      // nothing reads %a
    // after
    // gone
    ```
  }];
}

#endif // BN_OPTIMIZE_PASSES_TD
