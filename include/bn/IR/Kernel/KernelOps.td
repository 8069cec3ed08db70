// KernelOps.td - the ops of the kernel dialect: what all are made of, matrix products, layouts, constants and launches.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_KERNEL_KERNELOPS_TD
#define BN_IR_KERNEL_KERNELOPS_TD

include "bn/IR/Kernel/KernelDialect.td"
include "mlir/Dialect/LLVMIR/LLVMTypes.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits>;

/// A tensor, or the memref that it became; static shapes.
class Kernel_Data<list<Type> elements> : AnyTypeOf<[StaticShapeTensorOf<elements>, StaticShapeMemRefOf<elements>]>;
def Kernel_Floats : Kernel_Data<[F32, F64]>;
/// What products multiply, and what they add up to.
def Kernel_Factors : Kernel_Data<[F32, F64, BF16, I8, I16]>;
def Kernel_Sums : Kernel_Data<[F32, F64, I32]>;
def Kernel_AnyFloats : Kernel_Data<[AnyFloat]>;
/// What is stored in half the bytes may be read, and is computed with as f32.
def Kernel_StoredFloats : Kernel_Data<[F32, F64, BF16]>;
def Kernel_Any : Kernel_Data<[AnyType]>;

def Kernel_Sizes2 : ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<2>, DenseArrayStrictlyPositive<DenseI64ArrayAttr>]>;
def Kernel_Pads2 : ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<4>, DenseArrayNonNegative<DenseI64ArrayAttr>]>;

/// An op that writes all of `init` and nothing else; on tensors its result is the new value of `init`.
class Kernel_DestinationOp<string mnemonic, list<Trait> traits = []>
    : Kernel_Op<mnemonic, [DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>] # traits> {
  let results = (outs Optional<AnyRankedTensor>:$result);
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
  let extraClassDefinition = [{
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::SideEffects::EffectInstance<::mlir::MemoryEffects::Effect>> &effects) {
      ::bn::kernel::getDestinationEffects(*this, effects);
    }
  }];
  let hasVerifier = 1;
}

def Kernel_ConstantOp : Kernel_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a value that is known before the first run, kept out of the code";
  let description = [{
    Weights and tables. `value` is any elements attribute; a large one is a resource, possibly a file mapped into memory.

    ```mlir
    %w = kernel.constant dense_resource<conv1_weight> : tensor<4x1x3x3x16x16xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs StaticShapeTensorOf<[AnyType]>:$result);
  let assemblyFormat = "attr-dict $value";
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), "build($_builder, $_state, value.getShapedType(), value);">];
  let hasFolder = 1;
}

def Kernel_MatmulOp : Kernel_DestinationOp<"matmul", [AttrSizedOperandSegments]> {
  let summary = "matrix product, batched or not, of a plain or packed right side";
  let description = [{
    init[g][m][n] = epilogue(bias[n] + Σ_k lhs[g][m][k] · rhs[g][k][n]).
    Shapes: lhs [M][K] or [G][M][K]; rhs [K][N], or [G][K][N], or with `packed` [N/b][K][b], zeros behind the last column, G = 1 or a
    leading [G]; bias [N]; init [M][N] or [G][M][N]. An rhs without G serves every g.
    `groups` γ divide k and n as those of a convolution divide its channels: rhs has K/γ rows, with which column n takes those of lhs from
    ⌊n·γ/N⌋·K/γ on.

    Integers add up in i32, without saturation. i16 are signed; of i8, those of lhs are unsigned and those of rhs signed. bf16 add up in
    f32. The q = 2 or 4 factors that fill 32 bits lie together, rhs [N/b][K/q][b·q] in the order [b][q]: an instruction multiplies and
    adds them at once.

    ```mlir
    %y = kernel.matmul %x, %w bias %b outs(%out) {packed} : (tensor<5x7xf32>, tensor<2x7x16xf32>, tensor<19xf32>, tensor<5x19xf32>)
      -> tensor<5x19xf32>
    ```

    Constraints:
    * (C1) lhs and init have one rank, 2 or 3; rhs has rank 2 or, with G, 3; one more when `packed`; bias has rank 1.
    * (C2) the sizes of G, M, K and N agree; packed, N is rounded up to b.
    * (C4), (C5), (C7) as for `kernel.conv`.
    * (C8) factors that share a lane are packed, and q divides K.
    * (C9) with more than one of `groups`, f32 or f64, packed; N/γ is a multiple of b.
  }];
  let arguments = (ins Kernel_Factors:$lhs, Kernel_Factors:$rhs, Optional<Kernel_Sums>:$bias, Variadic<Kernel_Any>:$extras,
                       Kernel_Any:$init, UnitAttr:$packed, DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$groups);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $lhs `,` $rhs (`bias` $bias^)? (`with` `(` $extras^ `)`)? `outs` `(` $init `)` (`groups` $groups^)? attr-dict
    (`epilogue` $epilogue^)? `:` functional-type(operands, results)
  }];
}

def Kernel_PackOp : Kernel_DestinationOp<"pack"> {
  let summary = "from [N][C][H][W] to [N][C/b][H][W][b], zeros in the tail";
  let description = [{
    ```mlir
    %y = kernel.pack %x outs(%out) : (tensor<1x3x5x7xf32>, tensor<1x1x5x7x16xf32>) -> tensor<1x1x5x7x16xf32>
    ```

    Constraints:
    * (C1) input of rank 4, init of rank 5, one element type.
    * (C2) N, H, W agree, and init's second size is C/b rounded up.
  }];
  let arguments = (ins Kernel_Any:$input, Kernel_Any:$init);
  let assemblyFormat = "$input `outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
}

def Kernel_UnpackOp : Kernel_DestinationOp<"unpack"> {
  let summary = "from [N][C/b][H][W][b] to [N][C][H][W], without the tail";
  let description = [{
    Constraints:
    * (C1) input of rank 5, init of rank 4, one element type.
    * (C2) N, H, W agree, and input's second size is C/b rounded up.
  }];
  let arguments = (ins Kernel_Any:$input, Kernel_Any:$init);
  let assemblyFormat = Kernel_PackOp.assemblyFormat;
}

def Kernel_RowOp : Kernel_Op<"row", [Pure, AllElementTypesMatch<["source", "result"]>]> {
  let summary = "what begins at a view's first element, as a row";
  let description = [{
    A view into a buffer whose offset is a value of the running model, as a step of a sequence is, becomes memory that begins there.
    The row is as long as the view reaches.

    ```mlir
    %r = kernel.row %step : memref<3x5xf32, strided<[5, 1], offset: ?>> to memref<15xf32>
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$source);
  let results = (outs MemRefRankOf<[AnyType], [1]>:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
}

def Kernel_YieldOp
    : Kernel_Op<"yield", [Pure, Terminator, ReturnLike,
                          ParentOneOf<["ConvOp", "GroupedConvOp", "MatmulOp", "NormalizeOp", "StrassenConvOp", "WinogradOutputOp"]>]> {
  let summary = "the values that a region computes; of an epilogue, the one that is stored";
  let arguments = (ins Variadic<AnyTypeOf<[AnyFloat, AnySignlessInteger]>>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

def Kernel_LaunchOp : Kernel_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a task once for each chunk, on all workers, and waits";
  let description = [{
    `task` is a function of the chunk's index and `args`; chunks may run at once and in any order. `flops` counts the floating-point
    operations of all chunks, a fused multiply-add as two and a function as one; `bytes` is the size of the buffers among `args`.

    ```mlir
    kernel.launch @conv_0 chunks 56 on %pool (%x, %w, %y) : memref<1x4x58x58x16xf32>, memref<4x4x3x3x16x16xf32>, memref<1x4x56x56x16xf32>
    ```

    Constraints:
    * (C1) `task` is a function of `index` and the types of `args`, without results.
  }];
  let arguments = (ins FlatSymbolRefAttr:$task, ConfinedAttr<I64Attr, [IntPositive]>:$chunks, LLVM_AnyPointer:$pool,
                       Variadic<AnyType>:$args, DefaultValuedAttr<I64Attr, "0">:$flops, DefaultValuedAttr<I64Attr, "0">:$bytes);
  let assemblyFormat = "$task `chunks` $chunks `on` $pool `(` $args `)` attr-dict `:` type($pool) (`,` type($args)^)?";
}

include "bn/IR/Kernel/KernelConvOps.td"
include "bn/IR/Kernel/KernelNormalizeOps.td"

#endif // BN_IR_KERNEL_KERNELOPS_TD
