// KernelNormalizeOps.td - ops that sum parts of a tensor and rescale them by the sums.
// SPDX-License-Identifier: Apache-2.0
//
// KernelOps.td includes this file and has what the ops are made of.

#ifndef BN_IR_KERNEL_KERNELNORMALIZEOPS_TD
#define BN_IR_KERNEL_KERNELNORMALIZEOPS_TD

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

#endif // BN_IR_KERNEL_KERNELNORMALIZEOPS_TD
