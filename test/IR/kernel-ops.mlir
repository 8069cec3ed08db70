// The kernel dialect's ops survive a round trip, on tensors and on memrefs.
// RUN: bn-opt --verify-roundtrip %s

func.func @conv(%x: tensor<1x4x7x9x8xf32>, %w: tensor<3x4x3x5x8x8xf32>, %b: tensor<3x8xf32>, %out: tensor<1x3x3x3x8xf32>)
    -> tensor<1x3x3x3x8xf32> {
  %y = kernel.conv %x, %w bias %b outs(%out) strides [2, 2] channels 27
     : (tensor<1x4x7x9x8xf32>, tensor<3x4x3x5x8x8xf32>, tensor<3x8xf32>, tensor<1x3x3x3x8xf32>) -> tensor<1x3x3x3x8xf32>
  return %y : tensor<1x3x3x3x8xf32>
}

func.func @conv_planes(%x: tensor<2x3x7x9xf32>, %w: tensor<5x1x3x5x8x8xf32>, %out: tensor<2x5x5x5x8xf32>) -> tensor<2x5x5x5x8xf32> {
  %y = kernel.conv %x, %w outs(%out) channels 3
     : (tensor<2x3x7x9xf32>, tensor<5x1x3x5x8x8xf32>, tensor<2x5x5x5x8xf32>) -> tensor<2x5x5x5x8xf32>
  return %y : tensor<2x5x5x5x8xf32>
}

func.func @conv_grouped_epilogue(%x: tensor<2x4x3x5x8xf32>, %w: tensor<6x2x1x1x8x8xf32>, %s: tensor<2x6x1x1x8xf32>,
                                 %out: tensor<2x6x3x5x8xf32>) -> tensor<2x6x3x5x8xf32> {
  %y = kernel.conv %x, %w with(%s) outs(%out) groups 2 epilogue {
  ^bb0(%acc: f32, %scale: f32):
    %scaled = arith.mulf %acc, %scale : f32
    kernel.yield %scaled : f32
  } : (tensor<2x4x3x5x8xf32>, tensor<6x2x1x1x8x8xf32>, tensor<2x6x1x1x8xf32>, tensor<2x6x3x5x8xf32>) -> tensor<2x6x3x5x8xf32>
  return %y : tensor<2x6x3x5x8xf32>
}

func.func @grouped_conv(%x: tensor<1x2x5x7x8xf32>, %w: tensor<2x4x3x3x8xf32>, %out: tensor<1x2x3x5x8xf32>) -> tensor<1x2x3x5x8xf32> {
  %y = kernel.grouped_conv %x, %w outs(%out)
     : (tensor<1x2x5x7x8xf32>, tensor<2x4x3x3x8xf32>, tensor<1x2x3x5x8xf32>) -> tensor<1x2x3x5x8xf32>
  return %y : tensor<1x2x3x5x8xf32>
}

func.func @matmul_packed(%x: tensor<3x5x7xf32>, %b: tensor<19xf32>, %out: tensor<3x5x19xf32>) -> tensor<3x5x19xf32> {
  %w = kernel.constant dense<1.0> : tensor<3x7x8xf32>
  %y = kernel.matmul %x, %w bias %b outs(%out) {packed}
     : (tensor<3x5x7xf32>, tensor<3x7x8xf32>, tensor<19xf32>, tensor<3x5x19xf32>) -> tensor<3x5x19xf32>
  return %y : tensor<3x5x19xf32>
}

func.func @matmul_batched(%x: tensor<3x5x7xf64>, %w: tensor<3x7x2xf64>, %out: tensor<3x5x2xf64>) -> tensor<3x5x2xf64> {
  %y = kernel.matmul %x, %w outs(%out) : (tensor<3x5x7xf64>, tensor<3x7x2xf64>, tensor<3x5x2xf64>) -> tensor<3x5x2xf64>
  return %y : tensor<3x5x2xf64>
}

// Four bytes fill a lane; sums are of 32 bits, and the epilogue stores them as it likes.
func.func @matmul_integers(%x: tensor<5x8xi8>, %w: tensor<3x2x32xi8>, %b: tensor<19xi32>, %s: tensor<1x19xf32>, %out: tensor<5x19xf32>)
    -> tensor<5x19xf32> {
  %y = kernel.matmul %x, %w bias %b with(%s) outs(%out) {packed} epilogue {
  ^bb0(%acc: i32, %scale: f32):
    %real = arith.sitofp %acc : i32 to f32
    %scaled = arith.mulf %real, %scale : f32
    kernel.yield %scaled : f32
  } : (tensor<5x8xi8>, tensor<3x2x32xi8>, tensor<19xi32>, tensor<1x19xf32>, tensor<5x19xf32>) -> tensor<5x19xf32>
  return %y : tensor<5x19xf32>
}

func.func @conv_integers(%x: tensor<1x4x7x9x8xi16>, %w: tensor<3x4x3x5x4x16xi16>, %out: tensor<1x3x5x5x8xi32>) -> tensor<1x3x5x5x8xi32> {
  %y = kernel.conv %x, %w outs(%out) channels 26
     : (tensor<1x4x7x9x8xi16>, tensor<3x4x3x5x4x16xi16>, tensor<1x3x5x5x8xi32>) -> tensor<1x3x5x5x8xi32>
  return %y : tensor<1x3x5x5x8xi32>
}

func.func @pool(%x: memref<1x2x5x7x8xf32>, %out: memref<1x2x3x4x8xf32>) {
  kernel.pool max %x outs(%out) window [3, 3] strides [2, 2] pads [1, 1, 1, 1] : (memref<1x2x5x7x8xf32>, memref<1x2x3x4x8xf32>) -> ()
  return
}

func.func @softmax(%x: tensor<5x7xf32>, %out: tensor<5x7xf32>) -> tensor<5x7xf32> {
  %y = kernel.softmax %x outs(%out) : (tensor<5x7xf32>, tensor<5x7xf32>) -> tensor<5x7xf32>
  return %y : tensor<5x7xf32>
}

func.func @normalize(%x: tensor<2x3x5xf32>, %g: tensor<1x3x1xf16>, %r: tensor<2x1x5xf32>, %out: tensor<2x3x5xf32>, %mean: tensor<1x3x1xf32>,
                     %scratch: tensor<66x3xf64>) -> (tensor<2x3x5xf32>, tensor<1x3x1xf32>) {
  %y, %m, %s = kernel.normalize(%x) groups(%g) with(%r) outs(%out, %mean, %scratch) reduced [0, 2] sample {
  ^bb0(%e: f32, %scale: f16):
    kernel.yield %e, %e : f32, f32
  } center {
  ^bb0(%scale: f16, %sum: f64, %count: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } terms {
  ^bb0(%e: f32, %scale: f16, %center: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%scale: f16, %center: f32, %sum: f64):
    kernel.yield %center, %center : f32, f32
  } map {
  ^bb0(%e: f32, %residual: f32, %scale: f16, %center: f32, %factor: f32):
    %z = math.fma %e, %factor, %residual : f32
    kernel.yield %z : f32
  } : (tensor<2x3x5xf32>, tensor<1x3x1xf16>, tensor<2x1x5xf32>, tensor<2x3x5xf32>, tensor<1x3x1xf32>, tensor<66x3xf64>)
    -> (tensor<2x3x5xf32>, tensor<1x3x1xf32>, tensor<66x3xf64>)
  return %y, %m : tensor<2x3x5xf32>, tensor<1x3x1xf32>
}

func.func @layouts(%x: tensor<1x19x5x7xf32>, %blocked: tensor<1x3x5x7x8xf32>, %plain: tensor<1x19x5x7xf32>) -> tensor<1x19x5x7xf32> {
  %p = kernel.pack %x outs(%blocked) : (tensor<1x19x5x7xf32>, tensor<1x3x5x7x8xf32>) -> tensor<1x3x5x7x8xf32>
  %u = kernel.unpack %p outs(%plain) : (tensor<1x3x5x7x8xf32>, tensor<1x19x5x7xf32>) -> tensor<1x19x5x7xf32>
  return %u : tensor<1x19x5x7xf32>
}

func.func @row(%x: memref<3x5xf32, strided<[5, 1], offset: ?>>) -> memref<15xf32> {
  %r = kernel.row %x : memref<3x5xf32, strided<[5, 1], offset: ?>> to memref<15xf32>
  return %r : memref<15xf32>
}

func.func private @task(%chunk: index, %x: memref<3xf32>)

func.func @launch(%pool: !llvm.ptr, %x: memref<3xf32>) {
  kernel.launch @task chunks 5 on %pool (%x) : !llvm.ptr, memref<3xf32>
  return
}
