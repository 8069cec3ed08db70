// Passes.td - the passes of Codegen, in the order in which they run.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_CODEGEN_PASSES_TD
#define BN_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"
include "bn/Codegen/MemoryPasses.td"
include "bn/Codegen/EmitPasses.td"

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
