// The loops that linalg ops become.
// RUN: bn-opt --bn-emit-generic %s | FileCheck %s

// Both dimensions are contiguous: one row of 15 full vectors and a rest of 5.
// CHECK-LABEL: func.func @merged_dimensions
// CHECK: scf.forall
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %c240
// CHECK: vector.load {{.*}} vector<16xf32>
// CHECK: arith.negf {{.*}} : vector<16xf32>
// CHECK: vector.load {{.*}} vector<5xf32>
func.func @merged_dimensions(%x: memref<5x49xf32>, %y: memref<5x49xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<5x49xf32>) outs(%y : memref<5x49xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  }
  return
}

// A row that repeats keeps the dimensions apart.
// CHECK-LABEL: func.func @repeated_row
// CHECK: scf.forall (%[[I:.*]]) in (5)
// CHECK: vector.load {{.*}} vector<16xf32>
func.func @repeated_row(%x: memref<48xf32>, %y: memref<5x48xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<48xf32>) outs(%y : memref<5x48xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// What long rows share stays in the first cache: three strips of 1360 elements, 16 KB of all operands, each for all rows.
// CHECK-LABEL: func.func @repeated_long_row
// CHECK: scf.forall (%[[STRIP:.*]], %[[I:.*]]) in (3, 5)
// CHECK: scf.for %[[J:.*]] = %c0{{.*}} to %c1360
func.func @repeated_long_row(%x: memref<5x4080xf32>, %v: memref<4080xf32>, %y: memref<5x4080xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x, %v : memref<5x4080xf32>, memref<4080xf32>) outs(%y : memref<5x4080xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    linalg.yield %p : f32
  }
  return
}

// Partial maxima in a vector, combined at the end.
// CHECK-LABEL: func.func @reduced_row
// CHECK: scf.forall (%{{.*}}) in (5)
// CHECK: scf.for {{.*}} -> (vector<16xf32>
// CHECK: vector.reduction <maxnumf>
func.func @reduced_row(%x: memref<5x128xf32>, %y: memref<5xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<5x128xf32>) outs(%y : memref<5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maxnumf %a, %o : f32
    linalg.yield %m : f32
  }
  return
}

// What is read across its rows is transposed in registers: tiles of 16 × 16, 16 × 5, 3 × 16 and 3 × 5.
// CHECK-LABEL: func.func @transposed
// CHECK: scf.forall (%{{.*}}, %{{.*}}) in (2, 2)
// CHECK-COUNT-16: vector.load %{{.*}} vector<16xf32>
// CHECK: vector.shuffle
// CHECK-COUNT-16: arith.addf %{{.*}} : vector<16xf32>
// CHECK: scf.forall
// CHECK-COUNT-5: vector.load {{.*}} vector<16xf32>
// CHECK: scf.forall
// CHECK-COUNT-16: vector.load {{.*}} vector<3xf32>
// CHECK: scf.forall
// CHECK-COUNT-5: vector.load {{.*}} vector<3xf32>
func.func @transposed(%x: memref<37x35xf32>, %v: memref<37xf32>, %y: memref<35x37xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x, %v : memref<37x35xf32>, memref<37xf32>) outs(%y : memref<35x37xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  return
}

// A body that reads memory by a computed index stays scalar.
// CHECK-LABEL: func.func @no_vectors_for_lookup
// CHECK-NOT: vector
// CHECK: return
func.func @no_vectors_for_lookup(%table: memref<7xf32>, %x: memref<32xindex>, %y: memref<32xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : memref<32xindex>) outs(%y : memref<32xf32>) {
  ^bb0(%i: index, %o: f32):
    %v = memref.load %table[%i] : memref<7xf32>
    linalg.yield %v : f32
  }
  return
}

// A large result goes past the cache: whole vectors where those are aligned, and what is before and behind them, in a row of 12 and a
// quarter, in quarters, if the rows start at multiples of one.
// CHECK-LABEL: func.func @streams
// CHECK: vector.store {{.*}}nontemporal = true{{.*}}vector<4xf32>
// CHECK: memref.store
// CHECK: vector.store {{.*}}nontemporal = true{{.*}}vector<16xf32>
// CHECK: vector.store {{.*}}nontemporal = true{{.*}}vector<4xf32>
// CHECK: memref.store
// CHECK: return
func.func @streams(%x: memref<32x1024x196xf32>, %a: memref<1024xf32>, %y: memref<32x1024x196xf32>) {
  linalg.generic {indexing_maps = [affine_map<(n, c, i) -> (n, c, i)>, affine_map<(n, c, i) -> (c)>, affine_map<(n, c, i) -> (n, c, i)>],
                  iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %a : memref<32x1024x196xf32>, memref<1024xf32>) outs(%y : memref<32x1024x196xf32>) {
  ^bb0(%e: f32, %f: f32, %o: f32):
    %p = arith.mulf %e, %f : f32
    linalg.yield %p : f32
  }
  return
}
