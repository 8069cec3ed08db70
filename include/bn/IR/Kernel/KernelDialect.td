// KernelDialect.td - the kernel dialect: the work that must be fast, with layouts and destinations explicit.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_KERNEL_KERNELDIALECT_TD
#define BN_IR_KERNEL_KERNELDIALECT_TD

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::bn::kernel";
  let summary = "dense and grouped convolution, matrix product, pooling and the changes of layout between them";
  let description = [{
    Conventions of all ops:
    * **Destination passing**: the result is written into `outs`, all of it; what was there before is not read. On
      memrefs there is no result.
    * **Blocked layout**: an activation is [N][C/b][H][W][b] with C/b rounded up; b is the last dimension of the type, one vector
      of the target. A 1-d image has H = 1. The lanes behind the last channel, the *tail*, hold finite values: `kernel.pack`
      writes zeros, weights and biases are zero there, and an epilogue must map finite to finite. A consumer that
      sums over channels meets zero weights in the tail.
    * **Halo**: a convolution reads no element outside its input; padding is part of the input (`tensor.pad` in front of it).
    * **Epilogue**: a region of scalar ops over the accumulator and one element of each of `with`, ending in
      `kernel.yield`. An operand in `with` has the output's rank, and each dimension is the output's or 1, which repeats it.
    * Shapes are static.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

def Kernel_PoolKind : I32EnumAttr<"PoolKind", "what a window is reduced to",
                                  [I32EnumAttrCase<"Max", 0, "max">, I32EnumAttrCase<"Average", 1, "average">,
                                   I32EnumAttrCase<"AverageWithPads", 2, "average_with_pads">]> {
  let cppNamespace = "::bn::kernel";
  let genSpecializedAttr = 0;
}
def Kernel_PoolKindAttr : EnumAttr<Kernel_Dialect, Kernel_PoolKind, "pool_kind">;

#endif // BN_IR_KERNEL_KERNELDIALECT_TD
