// MemoryPasses.td - the passes from tensors to places in memory, in the order in which they run.
// SPDX-License-Identifier: Apache-2.0
//
// Passes.td includes this file.

#ifndef BN_CODEGEN_MEMORYPASSES_TD
#define BN_CODEGEN_MEMORYPASSES_TD

def FoldPadPass : Pass<"bn-fold-pad", "mlir::ModuleOp"> {
  let summary = "Lets a producer write straight into the padded tensor that its consumer reads";
  let description = [{
    Nothing is copied after bufferization, only the border is filled.

    ```mlir
    // before
    %y = kernel.conv … outs(%empty)
    %p = tensor.pad %y low[0, 0, 1, 1, 0] high[0, 0, 1, 1, 0] { 0 }
    // after
    %y = kernel.conv … outs(slice of %bordered)
    %p = tensor.insert_slice %y into %bordered
    ```
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
}

def FoldConcatPass : Pass<"bn-fold-concat", "mlir::ModuleOp"> {
  let summary = "Lets the parts of a concatenation be written where they belong in the whole";
  let description = [{
    Parts whose producer overwrites an empty tensor are not copied after bufferization.

    ```mlir
    // before
    %x = kernel.conv … outs(%empty)
    %c = tensor.concat dim(1) %a, %x
    // after
    %x = kernel.conv … outs(slice of %whole)
    %c = tensor.insert_slice %x into %whole
    ```
  }];
  let dependentDialects = ["mlir::tensor::TensorDialect"];
}

def SeparateDestinationsPass : Pass<"bn-separate-destinations", "mlir::ModuleOp"> {
  let summary = "Gives every result a destination of its own";
  let description = [{
    Shared empty tensors would tie results together that have nothing to do with each other.

    ```mlir
    // before
    %e = tensor.empty()
    %x = … outs(%e)
    %y = … outs(%e)
    // after
    %e = tensor.empty()
    %x = … outs(%e)
    %f = tensor.empty()
    %y = … outs(%f)
    ```
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
}

def BindArgumentsPass : Pass<"bn-bind-arguments", "mlir::ModuleOp"> {
  let summary = "Makes the model's inputs and outputs buffers of the caller";
  let description = [{
    Tensor arguments of the public function become memrefs, results become memref arguments behind them. So bufferization
    writes results where the caller wants them, and nothing is allocated at the border.

    ```mlir
    // before
    func.func @main(%x: tensor<2xf32>) -> tensor<3xf32> { … return %y }
    // after
    func.func @main(%x: memref<2xf32>, %out: memref<3xf32>) { … materialize %y in %out }
    ```
  }];
  let dependentDialects = ["mlir::bufferization::BufferizationDialect", "mlir::memref::MemRefDialect"];
}

def PlanWeightsPass : Pass<"bn-plan-weights", "mlir::ModuleOp"> {
  let summary = "Moves constants into one buffer that the runtime fills once";
  let description = [{
    Every constant tensor becomes a view of one new argument of bytes. The module's attribute `kernel.weights` lists offsets and
    values, `kernel.weights_size` is the number of bytes. Equal constants share their bytes.

    ```mlir
    // before
    %w = kernel.constant dense_resource<w> : tensor<3x5xf32>
    // after
    %v = memref.view %weights[%offset][] : memref<64xi8> to memref<3x5xf32>
    %w = bufferization.to_tensor %v
    ```
  }];
  let dependentDialects = ["mlir::bufferization::BufferizationDialect", "mlir::memref::MemRefDialect", "mlir::arith::ArithDialect"];
}

def LoopOverImagesPass : Pass<"bn-loop-over-images", "mlir::ModuleOp"> {
  let summary = "Runs ops of a batch one after the other for a few images, instead of each for all images";
  let description = [{
    What an op writes is still in the cache when the next one reads it. A cost model of caches and memory chooses which ops are in one
    loop, and the images of a group: one where activations are large, all where weights are.

    ```mlir
    // before
    kernel.conv %x, %w outs(%a)
    kernel.pool max %a outs(%y)
    // after
    scf.for %i = 0 to 32 {
      %b = memref.alloc() : memref<1x4x56x56x16xf32>
      kernel.conv %x[%i], %w outs(%b)
      kernel.pool max %b outs(%y[%i])
    }
    ```
  }];
  let options = [Option<"cacheBytes", "cache-bytes", "int64_t", "16777216",
                        "What of the last-level cache activations and weights may take">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"];
}

def GroupWinogradPass : Pass<"bn-group-winograd", "mlir::ModuleOp"> {
  let summary = "Runs large Winograd convolutions group by group of tiles";
  let description = [{
    The transformed tiles of one group stay in the cache near the core through both transforms and the product. It comes before the
    plan of memory: the ops that it merges move to the place of the last of them.

    ```mlir
    // before
    kernel.winograd_input %x outs(%v)
    kernel.matmul %v, %u outs(%m)
    kernel.winograd_output %m outs(%y)
    // after
    scf.forall (%part) { for groups of tiles: transform into scratch, multiply by %u, transform back into %y }
    ```
  }];
  let options = [Option<"registers", "registers", "unsigned", "32", "Vector registers of the target">,
                 Option<"bfloatDot", "bfloat-dot", "std::string", "", "LLVM's intrinsic for sums of products of pairs of bf16">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def SpreadRowsPass : Pass<"bn-spread-rows", "mlir::ModuleOp"> {
  let summary = "Keeps the rows of transformed tiles apart in the nearest cache";
  let description = [{
    The buffers around the matrix products of Winograd convolutions get rows of an odd number of cache lines.

    ```mlir
    // before
    %v = memref.alloc() : memref<16x64x512xf32>
    // after
    %a = memref.alloc() : memref<16x65x528xf32>
    %v = memref.subview %a : memref<16x64x512xf32, strided<…>>
    ```
  }];
  let dependentDialects = ["mlir::memref::MemRefDialect"];
}

def PlanMemoryPass : Pass<"bn-plan-memory", "mlir::ModuleOp"> {
  let summary = "Replaces allocations by views of one arena";
  let description = [{
    Buffers whose lifetimes overlap get disjoint ranges, found by best fit from the largest down. The arena is a new argument
    of bytes; its size is the module's attribute `kernel.arena_size`.

    ```mlir
    // before
    %a = memref.alloc() : memref<3x5xf32>
    // after
    %a = memref.view %arena[%offset][] : memref<4096xi8> to memref<3x5xf32>
    ```
  }];
  let dependentDialects = ["mlir::memref::MemRefDialect", "mlir::arith::ArithDialect"];
}

#endif // BN_CODEGEN_MEMORYPASSES_TD
