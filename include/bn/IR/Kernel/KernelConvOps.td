// KernelConvOps.td - ops whose windows slide over blocked activations: convolutions, direct or by Winograd's method, and pooling.
// SPDX-License-Identifier: Apache-2.0
//
// KernelOps.td includes this file and has what the ops are made of.

#ifndef BN_IR_KERNEL_KERNELCONVOPS_TD
#define BN_IR_KERNEL_KERNELCONVOPS_TD

def Kernel_ConvOp : Kernel_DestinationOp<"conv", [AttrSizedOperandSegments]> {
  let summary = "direct convolution of blocked activations";
  let description = [{
    init[n][o][y][x] = epilogue(bias[o] + Σ input[n][i][y·sh + kh·dh][x·sw + kw·dw] · weights[o][i][kh][kw]) over the input channels i
    of o's group. Shapes: input [N][I/b][H][W][b], weights [O/b][I/g/b][KH][KW][b of i][b of o], bias [O/b][b], init [N][O/b][OH][OW][b].
    Integers and bf16 are as for `kernel.matmul`, weights [O/b][I/g/b][KH][KW][b/q][b·q] in the order [b of o][q of i].

    ```mlir
    %y = kernel.conv %x, %w bias %b with(%shortcut) outs(%out) strides [2, 2] epilogue {
    ^bb0(%acc: f32, %s: f32):
      %sum = arith.addf %acc, %s : f32
      kernel.yield %sum : f32
    } : (tensor<1x4x57x57x16xf32>, tensor<8x4x3x3x16x16xf32>, tensor<8x16xf32>, tensor<1x8x28x28x16xf32>, tensor<1x8x28x28x16xf32>)
      -> tensor<1x8x28x28x16xf32>
    ```

    Constraints:
    * (C1) input of rank 5, or 4 for planes [N][I][H][W] of f32 or f64 with I ≤ b; init of rank 5, weights 6, bias 2; one b.
    * (C2) the sizes of N, O/b, I/b (1 for planes) agree; `groups` divides O/b and I/b, and weights has I/g/b.
    * (C3) the last window ends inside the input: (OH − 1)·sh + (KH − 1)·dh < H, and so for W.
    * (C4) the epilogue takes the accumulator and one element of each of `with`, and yields one of init's element type.
    * (C5) each of `with` has init's rank, and each dimension is init's or 1.
    * (C6) `channels`, those of a group's inputs that hold data, ends in its last block: the number of planes. Lanes behind are not read.
    * (C7) input and weights have one element type, sums and bias that type or, of integers, i32 and, of bf16, f32; q divides b and
      `channels`.
  }];
  let arguments = (ins Kernel_Factors:$input, Kernel_Factors:$weights, Optional<Kernel_Sums>:$bias, Variadic<Kernel_Any>:$extras,
                       Kernel_Any:$init, DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$strides,
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

def Kernel_StrassenConvOp : Kernel_DestinationOp<"strassen_conv", [AttrSizedOperandSegments]> {
  let summary = "1×1 convolution by one level of Strassen's method, in Winograd's form: seven products for eight";
  let description = [{
    init[n][o][y][x] = epilogue(bias[o] + Σ_i input[n][i][y][x] · w[o][i]). Inputs, outputs and positions have a first half and a second
    one: the input is a matrix of quarters A, w of quarters B and init of quarters C, indexed by positions and inputs, by inputs and
    outputs, by positions and outputs. With

        S1 = A21 + A22    S2 = S1 − A11    S3 = A11 − A21    S4 = A12 − S2
        T1 = B12 − B11    T2 = B22 − T1    T3 = B22 − B12    T4 = T2 − B21

    C11 = A11·B11 + A12·B21, C21 = U − A22·T4, C22 = U + S1·T1 and C12 = A11·B11 + S2·T2 + S1·T1 + S4·B22, where
    U = A11·B11 + S2·T2 + S3·T3.
    Shapes: input [N][I/b][H][W][b], weights [O/2b][7][I/2][b] in the order B11, B21, T2, T3, −T4, T1, B22, bias [O/b][b],
    init [N][O/b][H][W][b].

    Constraints:
    * (C1) input of rank 5, init of rank 5, weights 4, bias 2; one b and one element type.
    * (C2) the sizes of N, H, W, I and O agree; I/b and O/b are even.
    * (C4), (C5) as for `kernel.conv`.
  }];
  let arguments = (ins Kernel_Floats:$input, Kernel_Floats:$weights, Optional<Kernel_Floats>:$bias, Variadic<Kernel_Floats>:$extras,
                       Kernel_Floats:$init);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input `,` $weights (`bias` $bias^)? (`with` `(` $extras^ `)`)? `outs` `(` $init `)` attr-dict (`epilogue` $epilogue^)?
    `:` functional-type(operands, results)
  }];
}

def Kernel_GroupedConvOp : Kernel_DestinationOp<"grouped_conv", [AttrSizedOperandSegments]> {
  let summary = "convolution whose groups lie within a block of channels";
  let description = [{
    init[n][c][y][x] = epilogue(bias[c] + Σ input[n][⌊c/g⌋·g + i][y·sh + kh·dh][x·sw + kw·dw] · weights[c][i][kh][kw]) over the g
    channels i of c's group; with g = 1 a depthwise convolution.
    Shapes: input [N][C/b][H][W][b], weights [C/b][g][KH][KW][b], bias [C/b][b], init [N][C/b][OH][OW][b].

    Constraints:
    * (C1) input, init, weights of rank 5, bias of rank 2, with one block size b. Weights and bias have the input's element type, or f32
      where it is bf16.
    * (C2) the sizes of N and C/b agree; g divides b.
    * (C3), (C4), (C5) as for `kernel.conv`.
  }];
  let arguments = (ins Kernel_StoredFloats:$input, Kernel_Floats:$weights, Optional<Kernel_Floats>:$bias,
                       Variadic<Kernel_StoredFloats>:$extras, Kernel_StoredFloats:$init,
                       DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$strides, DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$dilations);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input `,` $weights (`bias` $bias^)? (`with` `(` $extras^ `)`)? `outs` `(` $init `)`
    (`strides` $strides^)? (`dilations` $dilations^)? attr-dict (`epilogue` $epilogue^)? `:` functional-type(operands, results)
  }];
}

def Kernel_TileSize : ConfinedAttr<I64Attr, [IntMinValue<2>, IntMaxValue<4>]>;
def Kernel_TileStride : DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive, IntMaxValue<2>]>, "1">;

def Kernel_WinogradInputOp : Kernel_DestinationOp<"winograd_input"> {
  let summary = "the input of a 3×3 convolution by Winograd's method: Bᵀ d B of every tile";
  let description = [{
    init[α·p + q][t][c] = (Bᵀ d B)[p][q] with d the α×α elements of channel c that tile t reads, α = (m − 1)·s + 3 (Winograd.h). Tile
    t = (n·th + ty)·tw + tx reads from input[n][c/b][ty·m·s][tx·m·s]. A kernel.matmul with the transformed filter, one matrix for each
    of the α² positions, and kernel.winograd_output make this a convolution of stride s.
    Shapes: input [N][C/b][H][W][b], init [α²][N·th·tw][C], C whole blocks.

    ```mlir
    %v = kernel.winograd_input %x outs(%out) tile 4 tiles [14, 14]
       : (tensor<1x4x58x58x16xf32>, tensor<36x196x64xf32>) -> tensor<36x196x64xf32>
    ```

    Constraints:
    * (C1) input of rank 5, init of rank 3, one element type once bf16 counts as f32, in which it is computed; m is 2, 3 or 4, s is 1 or 2.
    * (C2) the sizes of init follow from input's, `tile`, `stride` and `tiles`.
    * (C3) the last tile ends inside the input: (th·m − 1)·s + 3 ≤ H, and so for W.
  }];
  let arguments = (ins Kernel_StoredFloats:$input, Kernel_StoredFloats:$init, Kernel_TileSize:$tile, Kernel_TileStride:$stride,
                       Kernel_Sizes2:$tiles);
  let assemblyFormat = [{
    $input `outs` `(` $init `)` `tile` $tile (`stride` $stride^)? `tiles` $tiles attr-dict `:` functional-type(operands, results)
  }];
}

def Kernel_WinogradOutputOp : Kernel_DestinationOp<"winograd_output", [AttrSizedOperandSegments]> {
  let summary = "the output of a 3×3 convolution by Winograd's method: Aᵀ m A of every tile";
  let description = [{
    init[n][o][ty·m + y][tx·m + x] = epilogue(bias[o] + (Aᵀ p A)[y][x]) with p the α×α products input[·][t][o] of tile
    t = (n·th + ty)·tw + tx, th = ⌈OH/m⌉, tw = ⌈OW/m⌉. What a tile has behind the output's border is not stored.
    Shapes: input [α²][N·th·tw][O], O whole blocks, bias [O/b][b], init [N][O/b][OH][OW][b].

    Constraints:
    * (C1) input of rank 3, bias of rank 2, init of rank 5; input and bias have one element type; m is 2, 3 or 4, s is 1 or 2.
    * (C2) the sizes of input and bias follow from init's, `tile` and `stride`.
    * (C4), (C5) as for `kernel.conv`.
  }];
  let arguments = (ins Kernel_Floats:$input, Optional<Kernel_Floats>:$bias, Variadic<Kernel_StoredFloats>:$extras,
                       Kernel_StoredFloats:$init, Kernel_TileSize:$tile, Kernel_TileStride:$stride);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input (`bias` $bias^)? (`with` `(` $extras^ `)`)? `outs` `(` $init `)` `tile` $tile (`stride` $stride^)?
    attr-dict (`epilogue` $epilogue^)? `:` functional-type(operands, results)
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
    * (C1) input and init of rank 5, with one block size b, and one element type once bf16 counts as f32, in which it is computed.
    * (C2) the sizes of N and C/b agree.
    * (C3) every window holds an element of the input. `pads` are top, left, bottom, right.
  }];
  let arguments = (ins Kernel_PoolKindAttr:$kind, Kernel_StoredFloats:$input, Kernel_StoredFloats:$init, Kernel_Sizes2:$window,
                       DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$strides,
                       DefaultValuedAttr<Kernel_Sizes2, "{1, 1}">:$dilations,
                       DefaultValuedAttr<Kernel_Pads2, "{0, 0, 0, 0}">:$pads);
  let assemblyFormat = [{
    $kind $input `outs` `(` $init `)` `window` $window (`strides` $strides^)? (`dilations` $dilations^)? (`pads` $pads^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

#endif // BN_IR_KERNEL_KERNELCONVOPS_TD
