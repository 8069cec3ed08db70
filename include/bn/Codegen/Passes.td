// Passes.td - the passes of Codegen, in the order in which they run.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_PASSES_TD
#define BN_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

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

def EmitConvPass : Pass<"bn-emit-conv", "mlir::ModuleOp"> {
  let summary = "Emits the loops of kernel.conv";
  let description = [{
    A tile of output positions × blocks of output channels stays in registers through the whole reduction. Its shape follows a
    small cost model of the target: what the row's rest wastes, latency, loads.

    ```mlir
    // before
    kernel.conv %x, %w bias %b outs(%y)
    // after
    scf.forall (%image, %blocks, %row) { for tiles of positions: sums = bias; for block, kh, kw, channel: sums += x · w; store }
    ```
  }];
  let options = [Option<"registers", "registers", "unsigned", "32", "Vector registers of the target">,
                 Option<"byteDot", "byte-dot", "std::string", "", "LLVM's intrinsic for sums of products of bytes">,
                 Option<"bfloatDot", "bfloat-dot", "std::string", "", "LLVM's intrinsic for sums of products of pairs of bf16">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def EmitGroupedConvPass : Pass<"bn-emit-grouped-conv", "mlir::ModuleOp"> {
  let summary = "Emits the loops of kernel.grouped_conv";
  let description = [{
    A row's positions stay in registers; each element of the input is loaded once and serves all windows that it is in.

    ```mlir
    // before
    kernel.grouped_conv %x, %w bias %b outs(%y)
    // after
    scf.forall (%image, %block, %row) { for tiles of positions: sums = bias; for kh, channel, kw: sums += lanes of x · w; store }
    ```
  }];
  let options = [Option<"registers", "registers", "unsigned", "32", "Vector registers of the target">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def EmitMatmulPass : Pass<"bn-emit-matmul", "mlir::ModuleOp"> {
  let summary = "Emits the loops of kernel.matmul";
  let description = [{
    As for convolutions, a tile of rows × blocks of columns stays in registers.

    ```mlir
    // before
    kernel.matmul %x, %w bias %b outs(%y)
    // after
    scf.forall (%matrix, %blocks, %part) { for tiles of rows: sums = bias; for k: sums += x · w; store }
    ```
  }];
  let options = [Option<"registers", "registers", "unsigned", "32", "Vector registers of the target">,
                 Option<"vectorBits", "vector-bits", "unsigned", "512", "Width of the target's vectors">,
                 Option<"byteDot", "byte-dot", "std::string", "", "LLVM's intrinsic for sums of products of bytes">,
                 Option<"bfloatDot", "bfloat-dot", "std::string", "", "LLVM's intrinsic for sums of products of pairs of bf16">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def EmitWinogradPass : Pass<"bn-emit-winograd", "mlir::ModuleOp"> {
  let summary = "Emits the loops of kernel.winograd_input and kernel.winograd_output";
  let description = [{
    A tile's transform is straight code on vectors of channels, columns first and then rows.

    ```mlir
    // before
    kernel.winograd_input %x outs(%v) tile 4 tiles [14, 14]
    // after
    scf.forall (%row, %block) { for tiles: load 6×6 vectors, transform columns and rows, store 36 positions }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def EmitPoolPass : Pass<"bn-emit-pool", "mlir::ModuleOp"> {
  let summary = "Emits the loops of kernel.pool";
  let description = [{
    A window is cut at the borders of the input, so that nothing is read there.

    ```mlir
    // before
    kernel.pool max %x outs(%y) window [3, 3] strides [2, 2] pads [1, 1, 1, 1]
    // after
    scf.forall (%image, %block, %row) { for positions: for the window inside the input: largest or sum; store }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def EmitSoftmaxPass : Pass<"bn-emit-softmax", "mlir::ModuleOp"> {
  let summary = "Emits the loops of kernel.softmax";
  let description = [{
    One pass over the rows: a row is near the core from its first element's load to its last one's store.

    ```mlir
    // before
    kernel.softmax %x outs(%y)
    // after
    scf.forall (%rows) { largest element; exponentials and their sum; times 1 / sum }
    ```
  }];
  let options = [Option<"registers", "registers", "unsigned", "32", "Vector registers of the target">,
                 Option<"vectorBits", "vector-bits", "int64_t", "512", "Bits of a vector register">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect"];
}

def EmitPackPass : Pass<"bn-emit-pack", "mlir::ModuleOp"> {
  let summary = "Emits the loops of kernel.pack and kernel.unpack";
  let description = [{
    Square tiles of vectors are transposed in registers.

    ```mlir
    // before
    kernel.pack %x outs(%y)
    // after
    scf.forall (%image, %block, %row) { for tiles of columns: load a vector for each channel, transpose, store }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def EmitNormalizePass : Pass<"bn-emit-normalize", "mlir::ModuleOp"> {
  let summary = "Emits the loops of kernel.normalize";
  let description = [{
    A slab of groups that fits in cache gets its sums and is mapped before the next one is touched: memory is read once and written
    once. Where the elements of a vector's groups alone are too many, fixed parts of the elements are summed, and the
    map goes through them in the reverse order. Results that do not fit in cache are stored past it.

    ```mlir
    // before
    kernel.normalize %x outs(%y) …
    // after
    scf.forall (%slabs) { for groups: sums; statistics and coefficients; map, backwards }
    ```
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "Width of the target's vectors">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

def EmitGenericPass : Pass<"bn-emit-generic", "mlir::ModuleOp"> {
  let summary = "Emits loops over vectors for linalg ops and copies";
  let description = [{
    Adjacent dimensions merge where memory allows, the outer parallel ones become `scf.forall`, and one dimension becomes
    vectors: a parallel one that the output is contiguous along, or else a reduction that the inputs are contiguous along.

    ```mlir
    // before
    linalg.generic {iterator_types = ["parallel", "parallel"]} ins(%x : memref<3x5xf32>) outs(%y : memref<3x5xf32>) { body }
    // after
    scf.forall (%i) in (1) { for vectors of the 15 elements: load, body, store }
    ```
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "Width of the target's vectors">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect", "mlir::linalg::LinalgDialect"];
}

def OutlineTasksPass : Pass<"bn-outline-tasks", "mlir::ModuleOp"> {
  let summary = "Turns parallel loops into tasks that the worker pool runs in chunks";
  let description = [{
    The body of each outermost `scf.forall` becomes a function over a range of its iterations, run by `kernel.launch`; equal functions
    are kept once. The worker pool is a new argument. The number of chunks follows the loop's attribute `work`.

    ```mlir
    // before
    scf.forall (%i, %j) in (4, 6) { body(%x) }
    // after
    kernel.launch @task_0 chunks 8 on %pool(%x)
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::func::FuncDialect", "mlir::scf::SCFDialect", "mlir::LLVM::LLVMDialect",
                           "bn::kernel::KernelDialect"];
}

def ApproximateMathPass : Pass<"bn-approximate-math"> {
  let summary = "Replaces f32 functions by polynomials that stay vectors, and the rest by calls of the C library";
  let description = [{
    Polynomials of f32 are within a few units in the last place; a test holds the bound of each.

    ```mlir
    // before
    %y = math.erf %x : vector<16xf32>
    // after
    %y = x · P(x²) / Q(x²) in arith.mulf, math.fma, arith.divf : vector<16xf32>
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::vector::VectorDialect", "mlir::func::FuncDialect",
                           "mlir::scf::SCFDialect", "mlir::LLVM::LLVMDialect"];
}

def ExpandBFloat16Pass : Pass<"bn-expand-bfloat16"> {
  let summary = "Replaces conversions to and from bf16 by integer arithmetic";
  let description = [{
    For processors that have no instruction for them.

    ```mlir
    // before
    %y = arith.truncf %x : vector<16xf32> to vector<16xbf16>
    // after
    %y = upper half of (bits of %x + half a unit of its last place), or NaN
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect"];
}

def ConvertToLLVMPass : Pass<"bn-convert-to-llvm", "mlir::ModuleOp"> {
  let summary = "Converts loop form to llvm form with the entry that the runtime calls";
  let description = [{
    A memref becomes its pointer; a launch becomes a call of the runtime with its arguments in a context on the stack.

    ```mlir
    // before
    kernel.launch @task_0 chunks 8 on %pool(%x)
    // after
    llvm.call @bn_parallel_for(%pool, @task_0.entry, %context, 8, 0)
    ```
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

#endif // BN_CODEGEN_PASSES_TD
