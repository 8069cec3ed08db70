// What the kernel dialect's verifiers refuse.
// RUN: bn-opt -verify-diagnostics -split-input-file %s

func.func @conv_c1(%x: tensor<7x9x8xf32>, %w: tensor<3x4x3x5x8x8xf32>, %out: tensor<1x3x5x5x8xf32>) {
  // expected-error@+1 {{expected input of rank 5, got 'tensor<7x9x8xf32>'}}
  %y = kernel.conv %x, %w outs(%out) : (tensor<7x9x8xf32>, tensor<3x4x3x5x8x8xf32>, tensor<1x3x5x5x8xf32>) -> tensor<1x3x5x5x8xf32>
  return
}

// -----

func.func @conv_c6_planes(%x: tensor<1x3x7x9xf32>, %w: tensor<3x1x3x5x8x8xf32>, %out: tensor<1x3x5x5x8xf32>) {
  // expected-error@+1 {{expected dimension 1 of input to be 4, got 3}}
  %y = kernel.conv %x, %w outs(%out) channels 4 : (tensor<1x3x7x9xf32>, tensor<3x1x3x5x8x8xf32>, tensor<1x3x5x5x8xf32>) -> tensor<1x3x5x5x8xf32>
  return
}

// -----

func.func @conv_c2_groups(%x: tensor<1x4x7x9x8xf32>, %w: tensor<3x2x3x5x8x8xf32>, %out: tensor<1x3x5x5x8xf32>) {
  // expected-error@+1 {{expected 'groups' to divide the channel blocks 4 and 3, got 2}}
  %y = kernel.conv %x, %w outs(%out) groups 2
     : (tensor<1x4x7x9x8xf32>, tensor<3x2x3x5x8x8xf32>, tensor<1x3x5x5x8xf32>) -> tensor<1x3x5x5x8xf32>
  return
}

// -----

func.func @conv_c2_weights(%x: tensor<1x4x7x9x8xf32>, %w: tensor<3x5x3x5x8x8xf32>, %out: tensor<1x3x5x5x8xf32>) {
  // expected-error@+1 {{expected dimension 1 of weights to be 4, got 5}}
  %y = kernel.conv %x, %w outs(%out) : (tensor<1x4x7x9x8xf32>, tensor<3x5x3x5x8x8xf32>, tensor<1x3x5x5x8xf32>) -> tensor<1x3x5x5x8xf32>
  return
}

// -----

func.func @conv_c3(%x: tensor<1x4x7x9x8xf32>, %w: tensor<3x4x3x5x8x8xf32>, %out: tensor<1x3x6x5x8xf32>) {
  // expected-error@+1 {{expected dimension 2 of input to be above 7, got 7}}
  %y = kernel.conv %x, %w outs(%out) : (tensor<1x4x7x9x8xf32>, tensor<3x4x3x5x8x8xf32>, tensor<1x3x6x5x8xf32>) -> tensor<1x3x6x5x8xf32>
  return
}

// -----

func.func @conv_c4(%x: tensor<1x4x7x9x8xf32>, %w: tensor<3x4x3x5x8x8xf32>, %out: tensor<1x3x5x5x8xf32>) {
  // expected-error@+1 {{expected an epilogue of 1 arguments, got 2}}
  %y = kernel.conv %x, %w outs(%out) epilogue {
  ^bb0(%acc: f32, %more: f32):
    kernel.yield %acc : f32
  } : (tensor<1x4x7x9x8xf32>, tensor<3x4x3x5x8x8xf32>, tensor<1x3x5x5x8xf32>) -> tensor<1x3x5x5x8xf32>
  return
}

// -----

func.func @conv_c5(%x: tensor<1x4x7x9x8xf32>, %w: tensor<3x4x3x5x8x8xf32>, %s: tensor<1x3x5x2x8xf32>, %out: tensor<1x3x5x5x8xf32>) {
  // expected-error@+1 {{expected an operand in 'with' to repeat to 'tensor<1x3x5x5x8xf32>', got 'tensor<1x3x5x2x8xf32>'}}
  %y = kernel.conv %x, %w with(%s) outs(%out) epilogue {
  ^bb0(%acc: f32, %more: f32):
    kernel.yield %acc : f32
  } : (tensor<1x4x7x9x8xf32>, tensor<3x4x3x5x8x8xf32>, tensor<1x3x5x2x8xf32>, tensor<1x3x5x5x8xf32>) -> tensor<1x3x5x5x8xf32>
  return
}

// -----

func.func @conv_c6(%x: tensor<1x4x7x9x8xf32>, %w: tensor<3x4x3x5x8x8xf32>, %out: tensor<1x3x5x5x8xf32>) {
  // expected-error@+1 {{expected 'channels' in the last block, from 25 to 32, got 24}}
  %y = kernel.conv %x, %w outs(%out) channels 24
     : (tensor<1x4x7x9x8xf32>, tensor<3x4x3x5x8x8xf32>, tensor<1x3x5x5x8xf32>) -> tensor<1x3x5x5x8xf32>
  return
}

// -----

func.func @strassen_conv_c2(%x: tensor<1x3x5x7x8xf32>, %w: tensor<2x7x12x8xf32>, %out: tensor<1x4x5x7x8xf32>) {
  // expected-error@+1 {{expected even numbers of channel blocks, got 3 and 4}}
  %y = kernel.strassen_conv %x, %w outs(%out) : (tensor<1x3x5x7x8xf32>, tensor<2x7x12x8xf32>, tensor<1x4x5x7x8xf32>) -> tensor<1x4x5x7x8xf32>
  return
}

// -----

func.func @strassen_conv_c2_weights(%x: tensor<1x2x5x7x8xf32>, %w: tensor<2x6x8x8xf32>, %out: tensor<1x4x5x7x8xf32>) {
  // expected-error@+1 {{expected dimension 1 of weights to be 7, got 6}}
  %y = kernel.strassen_conv %x, %w outs(%out) : (tensor<1x2x5x7x8xf32>, tensor<2x6x8x8xf32>, tensor<1x4x5x7x8xf32>) -> tensor<1x4x5x7x8xf32>
  return
}

// -----

func.func @grouped_conv_c2(%x: tensor<1x2x5x7x8xf32>, %w: tensor<3x1x3x3x8xf32>, %out: tensor<1x2x3x5x8xf32>) {
  // expected-error@+1 {{expected dimension 0 of weights to be 2, got 3}}
  %y = kernel.grouped_conv %x, %w outs(%out) : (tensor<1x2x5x7x8xf32>, tensor<3x1x3x3x8xf32>, tensor<1x2x3x5x8xf32>) -> tensor<1x2x3x5x8xf32>
  return
}

// -----

func.func @grouped_conv_group(%x: tensor<1x2x5x7x8xf32>, %w: tensor<2x3x3x3x8xf32>, %out: tensor<1x2x3x5x8xf32>) {
  // expected-error@+1 {{expected a group to divide the block of 8 channels, got 3}}
  %y = kernel.grouped_conv %x, %w outs(%out)
     : (tensor<1x2x5x7x8xf32>, tensor<2x3x3x3x8xf32>, tensor<1x2x3x5x8xf32>) -> tensor<1x2x3x5x8xf32>
  return
}

// -----

func.func @winograd_input_c3(%x: tensor<1x1x16x17x16xf32>, %out: tensor<81x4x16xf32>) {
  // expected-error@+1 {{expected dimension 2 of input to be at least 17, got 16}}
  %v = kernel.winograd_input %x outs(%out) tile 4 stride 2 tiles [2, 2] : (tensor<1x1x16x17x16xf32>, tensor<81x4x16xf32>) -> tensor<81x4x16xf32>
  return
}

// -----

func.func @winograd_output_tile(%m: tensor<25x4x16xf32>, %out: tensor<1x1x8x8x16xf32>) {
  // expected-error@+1 {{attribute 'tile' failed to satisfy constraint}}
  %y = kernel.winograd_output %m outs(%out) tile 5 : (tensor<25x4x16xf32>, tensor<1x1x8x8x16xf32>) -> tensor<1x1x8x8x16xf32>
  return
}

// -----

func.func @matmul_c1(%x: tensor<5x7xf32>, %w: tensor<2x3x7x8xf32>, %out: tensor<5x19xf32>) {
  // expected-error@+1 {{expected rhs of rank 3, got 'tensor<2x3x7x8xf32>'}}
  %y = kernel.matmul %x, %w outs(%out) {packed} : (tensor<5x7xf32>, tensor<2x3x7x8xf32>, tensor<5x19xf32>) -> tensor<5x19xf32>
  return
}

// -----

func.func @matmul_c2(%x: tensor<5x7xf32>, %w: tensor<2x7x8xf32>, %out: tensor<5x19xf32>) {
  // expected-error@+1 {{expected dimension 0 of rhs to be 3, got 2}}
  %y = kernel.matmul %x, %w outs(%out) {packed} : (tensor<5x7xf32>, tensor<2x7x8xf32>, tensor<5x19xf32>) -> tensor<5x19xf32>
  return
}

// -----

func.func @conv_c1_integers(%x: tensor<1x4x7x9xi16>, %w: tensor<3x1x3x5x4x16xi16>, %out: tensor<1x3x5x5x8xi32>) {
  // expected-error@+1 {{expected blocks of 'i16', got 'tensor<1x4x7x9xi16>'}}
  %y = kernel.conv %x, %w outs(%out) channels 4 : (tensor<1x4x7x9xi16>, tensor<3x1x3x5x4x16xi16>, tensor<1x3x5x5x8xi32>) -> tensor<1x3x5x5x8xi32>
  return
}

// -----

func.func @conv_c7(%x: tensor<1x4x7x9x8xi8>, %w: tensor<3x4x3x5x2x32xi8>, %out: tensor<1x3x5x5x8xi32>) {
  // expected-error@+1 {{expected blocks and 'channels' to be multiples of 4, got 8 and 26}}
  %y = kernel.conv %x, %w outs(%out) channels 26
     : (tensor<1x4x7x9x8xi8>, tensor<3x4x3x5x2x32xi8>, tensor<1x3x5x5x8xi32>) -> tensor<1x3x5x5x8xi32>
  return
}

// -----

func.func @matmul_c7_factors(%x: tensor<5x8xi8>, %w: tensor<3x2x32xi16>, %out: tensor<5x19xi32>) {
  // expected-error@+1 {{expected rhs of elements of type 'i8', got 'tensor<3x2x32xi16>'}}
  %y = kernel.matmul %x, %w outs(%out) {packed} : (tensor<5x8xi8>, tensor<3x2x32xi16>, tensor<5x19xi32>) -> tensor<5x19xi32>
  return
}

// -----

func.func @matmul_c7_bias(%x: tensor<5x8xi8>, %w: tensor<3x2x32xi8>, %b: tensor<19xf32>, %out: tensor<5x19xi32>) {
  // expected-error@+1 {{expected a bias of elements of type 'i32', got 'tensor<19xf32>'}}
  %y = kernel.matmul %x, %w bias %b outs(%out) {packed} : (tensor<5x8xi8>, tensor<3x2x32xi8>, tensor<19xf32>, tensor<5x19xi32>) -> tensor<5x19xi32>
  return
}

// -----

func.func @matmul_c7_sums(%x: tensor<5x8xi8>, %w: tensor<3x2x32xi8>, %out: tensor<5x19xi8>) {
  // expected-error@+1 {{expected init of elements of type 'i32', got 'tensor<5x19xi8>'}}
  %y = kernel.matmul %x, %w outs(%out) {packed} : (tensor<5x8xi8>, tensor<3x2x32xi8>, tensor<5x19xi8>) -> tensor<5x19xi8>
  return
}

// -----

func.func @matmul_c8(%x: tensor<5x7xi8>, %w: tensor<3x2x32xi8>, %out: tensor<5x19xi32>) {
  // expected-error@+1 {{expected 'i8' to be packed, and K a multiple of 4, got 'tensor<3x2x32xi8>'}}
  %y = kernel.matmul %x, %w outs(%out) {packed} : (tensor<5x7xi8>, tensor<3x2x32xi8>, tensor<5x19xi32>) -> tensor<5x19xi32>
  return
}

// -----

func.func @matmul_c9(%x: tensor<5x14xf32>, %w: tensor<3x7x8xf32>, %out: tensor<5x24xf32>) {
  // expected-error@+1 {{expected 2 groups of packed f32 or f64 in whole blocks, got 'tensor<3x7x8xf32>'}}
  %y = kernel.matmul %x, %w outs(%out) groups 2 {packed} : (tensor<5x14xf32>, tensor<3x7x8xf32>, tensor<5x24xf32>) -> tensor<5x24xf32>
  return
}

// -----

func.func @matmul_c4(%x: tensor<5x8xi8>, %w: tensor<3x2x32xi8>, %s: tensor<5x19xf32>, %out: tensor<5x19xi32>) {
  // expected-error@+1 {{expected the epilogue's argument to be 'f32', got 'i32'}}
  %y = kernel.matmul %x, %w with(%s) outs(%out) {packed} epilogue {
  ^bb0(%acc: i32, %more: i32):
    kernel.yield %acc : i32
  } : (tensor<5x8xi8>, tensor<3x2x32xi8>, tensor<5x19xf32>, tensor<5x19xi32>) -> tensor<5x19xi32>
  return
}

// -----

func.func @pool_c3(%x: memref<1x2x5x7x8xf32>, %out: memref<1x2x4x4x8xf32>) {
  // expected-error@+1 {{expected every window to hold an element of the input}}
  kernel.pool max %x outs(%out) window [1, 3] strides [2, 2] : (memref<1x2x5x7x8xf32>, memref<1x2x4x4x8xf32>) -> ()
  return
}

// -----

func.func @softmax_c1(%x: memref<2x5x7xf32>, %out: memref<2x5x7xf32>) {
  // expected-error@+1 {{expected input of rank 2, got 'memref<2x5x7xf32>'}}
  kernel.softmax %x outs(%out) : (memref<2x5x7xf32>, memref<2x5x7xf32>) -> ()
  return
}

// -----

func.func @softmax_c2(%x: memref<5x7xf32>, %out: memref<5x6xf32>) {
  // expected-error@+1 {{expected dimension 1 of init to be 7, got 6}}
  kernel.softmax %x outs(%out) : (memref<5x7xf32>, memref<5x6xf32>) -> ()
  return
}

// -----

func.func @pack_c2(%x: tensor<1x19x5x7xf32>, %out: tensor<1x2x5x7x8xf32>) {
  // expected-error@+1 {{expected dimension 1 of init to be 3, got 2}}
  %p = kernel.pack %x outs(%out) : (tensor<1x19x5x7xf32>, tensor<1x2x5x7x8xf32>) -> tensor<1x2x5x7x8xf32>
  return
}

// -----

func.func private @task(%chunk: index, %x: memref<3xf32>)

func.func @launch_c1(%pool: !llvm.ptr) {
  // expected-error@+1 {{expected @task to take an index and the types of the arguments}}
  kernel.launch @task chunks 5 on %pool () : !llvm.ptr
  return
}

// -----

func.func @normalize_c2(%x: memref<2x3x5xf32>, %m: memref<2x3x1xf32>, %s: memref<32x3xf64>) {
  // expected-error@+1 {{expected an operand of groups to repeat to the elements 'memref<2x3x5xf32>', got 'memref<2x3x1xf32>'}}
  kernel.normalize(%x) outs(%m, %s) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } : (memref<2x3x5xf32>, memref<2x3x1xf32>, memref<32x3xf64>) -> ()
  return
}

// -----

func.func @normalize_c1(%x: memref<2x3x5xf32>, %w: memref<3x5xf32>, %m: memref<1x3x1xf32>, %s: memref<32x3xf64>) {
  // expected-error@+1 {{expected an operand to repeat to the elements 'memref<2x3x5xf32>', got 'memref<3x5xf32>'}}
  kernel.normalize(%x, %w) outs(%m, %s) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } : (memref<2x3x5xf32>, memref<3x5xf32>, memref<1x3x1xf32>, memref<32x3xf64>) -> ()
  return
}

// -----

func.func @normalize_c3(%x: memref<2x3x5xf32>, %m: memref<1x3x1xf32>, %s: memref<32x3xf64>) {
  // expected-error@+1 {{expected 'terms' to have 1 arguments, got 2}}
  kernel.normalize(%x) outs(%m, %s) reduced [0, 2] terms {
  ^bb0(%e: f32, %w: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } : (memref<2x3x5xf32>, memref<1x3x1xf32>, memref<32x3xf64>) -> ()
  return
}

// -----

func.func @normalize_c3_statistics(%x: memref<2x3x5xf32>, %m: memref<1x3x1xf32>, %s: memref<32x3xf64>) {
  // expected-error@+1 {{expected 'finish' to yield 1 statistics, got 0 values}}
  kernel.normalize(%x) outs(%m, %s) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    "kernel.yield"() : () -> ()
  } : (memref<2x3x5xf32>, memref<1x3x1xf32>, memref<32x3xf64>) -> ()
  return
}

// -----

func.func @normalize_c4(%x: memref<2x3x5xf32>, %m: memref<1x3x1xf32>, %s: memref<31x3xf64>) {
  // expected-error@+1 {{expected a scratch of 32x3, got 'memref<31x3xf64>'}}
  kernel.normalize(%x) outs(%m, %s) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } : (memref<2x3x5xf32>, memref<1x3x1xf32>, memref<31x3xf64>) -> ()
  return
}
