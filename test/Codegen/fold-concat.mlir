// Parts of a concatenation that are written where they belong.
// RUN: bn-opt --bn-fold-concat %s | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>

// A block whose concatenations begin alike: one whole of 13 columns; the argument is copied, what is computed is not.
// CHECK-LABEL: func.func @fronts
// CHECK: %[[W:.*]] = tensor.empty() : tensor<2x13xf32>
// CHECK: %[[P0:.*]] = tensor.extract_slice %[[W]][0, 0] [2, 5]
// CHECK: %[[A:.*]] = linalg.generic {{.*}} outs(%[[P0]] : tensor<2x5xf32>)
// CHECK: %[[W1:.*]] = tensor.insert_slice %[[A]] into %[[W]][0, 0]
// CHECK: %[[W2:.*]] = tensor.insert_slice %arg1 into %[[W1]][0, 5]
// CHECK: %[[FRONT:.*]] = tensor.extract_slice %[[W2]][0, 0] [2, 8]
// CHECK: linalg.generic {{.*}} ins(%[[FRONT]] : tensor<2x8xf32>)
// CHECK: %[[P2:.*]] = tensor.extract_slice %[[W2]][0, 8] [2, 5]
// CHECK: %[[B:.*]] = linalg.generic {{.*}} outs(%[[P2]] : tensor<2x5xf32>)
// CHECK: %[[W3:.*]] = tensor.insert_slice %[[B]] into %[[W2]][0, 8]
// CHECK-NOT: tensor.concat
// CHECK: return %[[W3]]
func.func @fronts(%x: tensor<2x5xf32>, %z: tensor<2x3xf32>) -> tensor<2x13xf32> {
  %e = tensor.empty() : tensor<2x5xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<2x5xf32>) outs(%e : tensor<2x5xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.negf %i : f32
    linalg.yield %n : f32
  } -> tensor<2x5xf32>
  %c1 = tensor.concat dim(1) %a, %z : (tensor<2x5xf32>, tensor<2x3xf32>) -> tensor<2x8xf32>
  %e1 = tensor.empty() : tensor<2x8xf32>
  %f = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%c1 : tensor<2x8xf32>) outs(%e1 : tensor<2x8xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = math.exp %i : f32
    linalg.yield %n : f32
  } -> tensor<2x8xf32>
  %s = tensor.extract_slice %f[0, 1] [2, 5] [1, 1] : tensor<2x8xf32> to tensor<2x5xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<2x5xf32>) outs(%e : tensor<2x5xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = math.absf %i : f32
    linalg.yield %n : f32
  } -> tensor<2x5xf32>
  %c2 = tensor.concat dim(1) %a, %z, %b : (tensor<2x5xf32>, tensor<2x3xf32>, tensor<2x5xf32>) -> tensor<2x13xf32>
  return %c2 : tensor<2x13xf32>
}

// The first part is read while the second one is written: a buffer of its own, copied at the end.
// CHECK-LABEL: func.func @no_place_for_what_is_read_later
// CHECK: %[[A:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<2x5xf32>)
// CHECK: %[[B:.*]] = linalg.generic {{.*}} ins(%[[A]] : tensor<2x5xf32>) outs(%[[P:.*]] : tensor<2x5xf32>)
// CHECK: %[[W:.*]] = tensor.insert_slice %[[B]] into %{{.*}}[0, 5]
// CHECK: tensor.insert_slice %[[A]] into %[[W]][0, 0]
func.func @no_place_for_what_is_read_later(%x: tensor<2x5xf32>) -> tensor<2x10xf32> {
  %e = tensor.empty() : tensor<2x5xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<2x5xf32>) outs(%e : tensor<2x5xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.negf %i : f32
    linalg.yield %n : f32
  } -> tensor<2x5xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<2x5xf32>) outs(%e : tensor<2x5xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = math.exp %i : f32
    linalg.yield %n : f32
  } -> tensor<2x5xf32>
  %c = tensor.concat dim(1) %a, %b : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x10xf32>
  return %c : tensor<2x10xf32>
}

// The same part twice: written once, copied once.
// CHECK-LABEL: func.func @part_twice
// CHECK: %[[A:.*]] = linalg.generic
// CHECK: %[[W:.*]] = tensor.insert_slice %[[A]] into %{{.*}}[0, 0]
// CHECK: tensor.insert_slice %[[A]] into %[[W]][0, 5]
func.func @part_twice(%x: tensor<2x5xf32>) -> tensor<2x10xf32> {
  %e = tensor.empty() : tensor<2x5xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<2x5xf32>) outs(%e : tensor<2x5xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.negf %i : f32
    linalg.yield %n : f32
  } -> tensor<2x5xf32>
  %c = tensor.concat dim(1) %a, %a : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x10xf32>
  return %c : tensor<2x10xf32>
}
