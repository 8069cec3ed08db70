// EmitPasses.td - the passes that emit each kernel's loops over vectors.
// SPDX-License-Identifier: Apache-2.0
//
// Passes.td includes this file.

#ifndef BN_CODEGEN_EMITPASSES_TD
#define BN_CODEGEN_EMITPASSES_TD

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

def EmitStrassenPass : Pass<"bn-emit-strassen", "mlir::ModuleOp"> {
  let summary = "Emits the loops of kernel.strassen_conv";
  let description = [{
    Sums of quarters of the input go to the worker's stack; a tile of accumulators goes through the seven products.

    ```mlir
    // before
    kernel.strassen_conv %x, %w bias %b outs(%y)
    // after
    scf.forall (%image, %rows, %blocks) { sums of the input; for tiles: for 7 products: for i: sums += x · w; store four outputs }
    ```
  }];
  let options = [Option<"registers", "registers", "unsigned", "32", "Vector registers of the target">];
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

#endif // BN_CODEGEN_EMITPASSES_TD
