// KernelOps.td - the ops of the kernel dialect.
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
def Kernel_AnyFloats : Kernel_Data<[AnyFloat]>;
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

def Kernel_ConvOp : Kernel_DestinationOp<"conv", [AttrSizedOperandSegments]> {
  let summary = "direct convolution of blocked activations";
  let description = [{
    init[n][o][y][x] = epilogue(bias[o] + Σ input[n][i][y·sh + kh·dh][x·sw + kw·dw] · weights[o][i][kh][kw]) over the input channels i
    of o's group. Shapes: input [N][I/b][H][W][b], weights [O/b][I/g/b][KH][KW][b of i][b of o], bias [O/b][b], init [N][O/b][OH][OW][b].

    ```mlir
    %y = kernel.conv %x, %w bias %b with(%shortcut) outs(%out) strides [2, 2] epilogue {
    ^bb0(%acc: f32, %s: f32):
      %sum = arith.addf %acc, %s : f32
      kernel.yield %sum : f32
    } : (tensor<1x4x57x57x16xf32>, tensor<8x4x3x3x16x16xf32>, tensor<8x16xf32>, tensor<1x8x28x28x16xf32>, tensor<1x8x28x28x16xf32>)
      -> tensor<1x8x28x28x16xf32>
    ```

    Constraints:
    * (C1) input of rank 5, or 4 for planes [N][I][H][W] with I ≤ b; init of rank 5, weights 6, bias 2; one b and one element type.
    * (C2) the sizes of N, O/b, I/b (1 for planes) agree; `groups` divides O/b and I/b, and weights has I/g/b.
    * (C3) the last window ends inside the input: (OH − 1)·sh + (KH − 1)·dh < H, and so for W.
    * (C4) the epilogue takes the accumulator and one element of each of `with`, and yields one, all of the element type.
    * (C5) each of `with` has init's rank, and each dimension is init's or 1.
    * (C6) `channels`, those of a group's inputs that hold data, ends in its last block: the number of planes. Lanes behind are not read.
  }];
  let arguments = (ins Kernel_Floats:$input, Kernel_Floats:$weights, Optional<Kernel_Floats>:$bias, Variadic<Kernel_Floats>:$extras,
                       Kernel_Floats:$init, DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$strides,
                       DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$dilations,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$groups,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$channels);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input `,` $weights (`bias` $bias^)? (`with` `(` $extras^ `)`)? `outs` `(` $init `)`
    (`strides` $strides^)? (`dilations` $dilations^)? (`groups` $groups^)? (`channels` $channels^)? attr-dict (`epilogue` $epilogue^)?
    `:` functional-type(operands, results)
  }];
}

def Kernel_DepthwiseConvOp : Kernel_DestinationOp<"depthwise_conv", [AttrSizedOperandSegments]> {
  let summary = "convolution of each channel with its own window";
  let description = [{
    init[n][c][y][x] = epilogue(bias[c] + Σ input[n][c][y·sh + kh·dh][x·sw + kw·dw] · weights[c][kh][kw]).
    Shapes: input [N][C/b][H][W][b], weights [C/b][KH][KW][b], bias [C/b][b], init [N][C/b][OH][OW][b].

    Constraints:
    * (C1) input, init of rank 5, weights of rank 4, bias of rank 2, with one block size b and one element type.
    * (C2) the sizes of N and C/b agree.
    * (C3), (C4), (C5) as for `kernel.conv`.
  }];
  let arguments = (ins Kernel_Floats:$input, Kernel_Floats:$weights, Optional<Kernel_Floats>:$bias, Variadic<Kernel_Floats>:$extras,
                       Kernel_Floats:$init, DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$strides,
                       DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$dilations);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input `,` $weights (`bias` $bias^)? (`with` `(` $extras^ `)`)? `outs` `(` $init `)`
    (`strides` $strides^)? (`dilations` $dilations^)? attr-dict (`epilogue` $epilogue^)? `:` functional-type(operands, results)
  }];
}

def Kernel_MatmulOp : Kernel_DestinationOp<"matmul", [AttrSizedOperandSegments]> {
  let summary = "matrix product, batched or not, of a plain or packed right side";
  let description = [{
    init[g][m][n] = epilogue(bias[n] + Σ_k lhs[g][m][k] · rhs[g][k][n]).
    Shapes: lhs [M][K] or [G][M][K]; rhs [K][N], or [G][K][N], or with `packed` [N/b][K][b], zeros behind the last column, G = 1 or a
    leading [G]; bias [N]; init [M][N] or [G][M][N]. An rhs without G serves every g.

    ```mlir
    %y = kernel.matmul %x, %w bias %b outs(%out) {packed} : (tensor<5x7xf32>, tensor<2x7x16xf32>, tensor<19xf32>, tensor<5x19xf32>)
      -> tensor<5x19xf32>
    ```

    Constraints:
    * (C1) lhs and init have one rank, 2 or 3; rhs has rank 2 or, with G, 3; one more when `packed`; bias has rank 1.
    * (C2) the sizes of G, M, K and N agree; packed, N is rounded up to b.
    * (C4), (C5) as for `kernel.conv`.
  }];
  let arguments = (ins Kernel_Floats:$lhs, Kernel_Floats:$rhs, Optional<Kernel_Floats>:$bias, Variadic<Kernel_Floats>:$extras,
                       Kernel_Floats:$init, UnitAttr:$packed);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $lhs `,` $rhs (`bias` $bias^)? (`with` `(` $extras^ `)`)? `outs` `(` $init `)` attr-dict (`epilogue` $epilogue^)?
    `:` functional-type(operands, results)
  }];
}

def Kernel_TileSize : ConfinedAttr<I64Attr, [IntPositive]>;

def Kernel_WinogradInputOp : Kernel_DestinationOp<"winograd_input"> {
  let summary = "the input of a 3×3 convolution by Winograd's method: Bᵀ d B of every tile";
  let description = [{
    init[α·p + q][t][c] = (Bᵀ d B)[p][q] with d the α×α elements of channel c that tile t reads, α = m + 2 (Winograd.h). Tile
    t = (n·th + ty)·tw + tx reads from input[n][c/b][ty·m][tx·m]. A kernel.matmul with the transformed filter, one matrix for each of the
    α² positions, and kernel.winograd_output make this a convolution of stride 1.
    Shapes: input [N][C/b][H][W][b], init [α²][N·th·tw][C], C whole blocks.

    ```mlir
    %v = kernel.winograd_input %x outs(%out) tile 4 tiles [14, 14]
       : (tensor<1x4x58x58x16xf32>, tensor<36x196x64xf32>) -> tensor<36x196x64xf32>
    ```

    Constraints:
    * (C1) input of rank 5, init of rank 3, one element type; m is 2, 3 or 4.
    * (C2) the sizes of init follow from input's, `tile` and `tiles`.
    * (C3) the last tile ends inside the input: th·m + 2 ≤ H, and so for W.
  }];
  let arguments = (ins Kernel_Floats:$input, Kernel_Floats:$init, Kernel_TileSize:$tile, Kernel_Sizes2:$tiles);
  let assemblyFormat = "$input `outs` `(` $init `)` `tile` $tile `tiles` $tiles attr-dict `:` functional-type(operands, results)";
}

def Kernel_WinogradOutputOp : Kernel_DestinationOp<"winograd_output", [AttrSizedOperandSegments]> {
  let summary = "the output of a 3×3 convolution by Winograd's method: Aᵀ m A of every tile";
  let description = [{
    init[n][o][ty·m + y][tx·m + x] = epilogue(bias[o] + (Aᵀ p A)[y][x]) with p the α×α products input[·][t][o] of tile
    t = (n·th + ty)·tw + tx, th = ⌈OH/m⌉, tw = ⌈OW/m⌉. What a tile has behind the output's border is not stored.
    Shapes: input [α²][N·th·tw][O], O whole blocks, bias [O/b][b], init [N][O/b][OH][OW][b].

    Constraints:
    * (C1) input of rank 3, bias of rank 2, init of rank 5, one element type; m is 2, 3 or 4.
    * (C2) the sizes of input and bias follow from init's and `tile`.
    * (C4), (C5) as for `kernel.conv`.
  }];
  let arguments = (ins Kernel_Floats:$input, Optional<Kernel_Floats>:$bias, Variadic<Kernel_Floats>:$extras, Kernel_Floats:$init,
                       Kernel_TileSize:$tile);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input (`bias` $bias^)? (`with` `(` $extras^ `)`)? `outs` `(` $init `)` `tile` $tile attr-dict (`epilogue` $epilogue^)?
    `:` functional-type(operands, results)
  }];
}

def Kernel_PoolOp : Kernel_DestinationOp<"pool"> {
  let summary = "maximum or average over windows of blocked activations";
  let description = [{
    Windows are clamped at the input's borders. `average` divides by the number of elements inside the input,
    `average_with_pads` by those inside the input with its pads. Shapes: input [N][C/b][H][W][b], init [N][C/b][OH][OW][b].

    ```mlir
    %y = kernel.pool max %x outs(%out) window [3, 3] strides [2, 2] pads [1, 1, 1, 1]
       : (tensor<1x4x112x112x16xf32>, tensor<1x4x56x56x16xf32>) -> tensor<1x4x56x56x16xf32>
    ```

    Constraints:
    * (C1) input and init of rank 5, with one block size b and one element type.
    * (C2) the sizes of N and C/b agree.
    * (C3) every window holds an element of the input. `pads` are top, left, bottom, right.
  }];
  let arguments = (ins Kernel_PoolKindAttr:$kind, Kernel_Floats:$input, Kernel_Floats:$init, Kernel_Sizes2:$window,
                       DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$strides,
                       DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$dilations,
                       DefaultValuedAttr<Kernel_Pads2, "{0, 0, 0, 0}">:$pads);
  let assemblyFormat = [{
    $kind $input `outs` `(` $init `)` `window` $window (`strides` $strides^)? (`dilations` $dilations^)? (`pads` $pads^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def Kernel_SoftmaxOp : Kernel_DestinationOp<"softmax"> {
  let summary = "exponentials of the elements of rows, divided by their sums";
  let description = [{
    init[r][i] = e^(input[r][i] − m) / Σ_j e^(input[r][j] − m), m the largest element of row r. NaN in a row makes all of it NaN.

    ```mlir
    %y = kernel.softmax %x outs(%out) : (tensor<784x196xf32>, tensor<784x196xf32>) -> tensor<784x196xf32>
    ```

    Constraints:
    * (C1) input and init of rank 2 and f32.
    * (C2) their sizes agree.
  }];
  let arguments = (ins Kernel_Data<[F32]>:$input, Kernel_Data<[F32]>:$init);
  let assemblyFormat = "$input `outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
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

def Kernel_NormalizeOp
    : Kernel_Op<"normalize", [AttrSizedOperandSegments, DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "sums over some dimensions and a map that reads them, while the data is in cache";
  let description = [{
    A *group* is what the dimensions that are not `reduced` tell apart. For each group, with sums over its elements in f64:

        centers = center(groups, Σ sample(elements, groups))         a part of the elements is enough
        sums    = Σ terms(elements, groups, centers)
        statistics, coefficients = finish(groups, centers, sums)
        init[0] = map(elements, extras, groups, centers, coefficients)

    All operands have the rank of the elements; each dimension is theirs or 1, which repeats it. `groups` and statistics are 1 along
    `reduced`. `inits` are map's output (none where there is no map), the statistics, and last a scratch of f64 in which what
    belongs to groups waits. Halves are computed in f32, and a term of f32 is summed in f32 along short runs only.

    ```mlir
    %y, %mean, %s = kernel.normalize (%x) outs(%y0, %mean0, %s0) reduced [0, 2]
      terms { ^bb0(%e: f32): kernel.yield %e : f32 }
      finish { ^bb0(%sum: f64): ... kernel.yield %m : f32 }
      map { ^bb0(%e: f32, %c: f32): ... kernel.yield %z : f32 } : (tensor<2x3x5xf32>, ...) -> (...)
    ```

    Constraints:
    * (C1) operands but the scratch have one rank, and each dimension is the first element's or 1.
    * (C2) groups and statistics are 1 along `reduced`.
    * (C3) the regions take and yield what the formulas say.
    * (C4) the scratch is `slots` × groups of f64, `slots` as `getScratchSlots` counts them.
  }];
  let arguments = (ins Variadic<Kernel_AnyFloats>:$elements, Variadic<Kernel_AnyFloats>:$groups, Variadic<Kernel_AnyFloats>:$extras,
                       Variadic<Kernel_AnyFloats>:$inits, DenseI64ArrayAttr:$reduced);
  let regions = (region MaxSizedRegion<1>:$sample, MaxSizedRegion<1>:$center, MaxSizedRegion<1>:$terms, MaxSizedRegion<1>:$finish,
                        MaxSizedRegion<1>:$map);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let assemblyFormat = [{
    `(` $elements `)` (`groups` `(` $groups^ `)`)? (`with` `(` $extras^ `)`)? `outs` `(` $inits `)` `reduced` $reduced attr-dict
    (`sample` $sample^)? (`center` $center^)? `terms` $terms `finish` $finish (`map` $map^)? `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// The parts that the elements of large groups are summed in; fixed, so that no result depends on the number of threads.
    static constexpr int64_t kParts = 32;
    /// Values a group needs in the scratch: sums of each part, centers and coefficients.
    static int64_t getScratchSlots(int64_t samples, int64_t terms, int64_t centers, int64_t coefficients) {
      return std::max(samples, terms) * kParts + centers + coefficients;
    }
    /// How many values a region yields; none where it is empty.
    static int64_t countYields(::mlir::Region &region);
    int64_t getNumStatistics() { return static_cast<int64_t>(getInits().size()) - 1 - !getMap().empty(); }
    ::mlir::Value getScratch() { return getInits().back(); }
    ::mlir::OperandRange getStatistics() { return getInits().drop_back().drop_front(!getMap().empty()); }
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
  }];
  let extraClassDefinition = [{
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::SideEffects::EffectInstance<::mlir::MemoryEffects::Effect>> &effects) {
      ::bn::kernel::getDestinationEffects(*this, effects);
    }
  }];
  let hasVerifier = 1;
}

def Kernel_YieldOp
    : Kernel_Op<"yield", [Pure, Terminator, ReturnLike,
                          ParentOneOf<["ConvOp", "DepthwiseConvOp", "MatmulOp", "NormalizeOp", "WinogradOutputOp"]>]> {
  let summary = "the values that a region computes; of an epilogue, the one that is stored";
  let arguments = (ins Variadic<AnyFloat>:$values);
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

#endif // BN_IR_KERNEL_KERNELOPS_TD
