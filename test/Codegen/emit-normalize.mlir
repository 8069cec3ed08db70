// Slabs that fit in cache, parts where they would not, and stores past the cache where results are large.
// RUN: bn-opt --bn-emit-normalize -split-input-file %s | FileCheck %s

// A slab for each of 256 channels: all of them are summed and mapped by one parallel loop, in runs of 16. The first of a run is summed
// by itself, four of its rows together; then one is mapped while the next is summed; the last is mapped by itself. The output is stored
// past the cache. Where its rows do not start at multiples of a vector, slabs are done one after the other.
// CHECK-LABEL: func.func @slabs
// CHECK: scf.forall (%{{.*}}) in (16)
// CHECK: scf.if
// CHECK-COUNT-8: memref.prefetch {{.*}} read
// CHECK-NOT: vector.store {{.*}}nontemporal = true
// CHECK: vector.reduction <add>
// CHECK: memref.prefetch {{.*}} read
// CHECK: arith.addf
// CHECK: vector.store {{.*}}nontemporal = true
// CHECK-COUNT-7: memref.prefetch {{.*}} read
// CHECK: vector.reduction <add>
// CHECK-NOT: memref.prefetch
// CHECK: vector.store {{.*}}nontemporal = true
// CHECK: } else {
// CHECK: vector.reduction <add>
// CHECK: memref.extract_aligned_pointer_as_index
// CHECK: memref.prefetch {{.*}} read
// CHECK: vector.store {{.*}}nontemporal = true
// CHECK-NOT: scf.forall
// CHECK: return
func.func @slabs(%x: memref<32x256x3136xf32>, %y: memref<32x256x3136xf32>, %scratch: memref<33x256xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<32x256x3136xf32>, memref<32x256x3136xf32>, memref<33x256xf64>) -> ()
  return
}

// -----

// Rows that no vector divides: one slab after the other, fetching the next.
// CHECK-LABEL: func.func @no_vectors
// CHECK-NOT: scf.if
// CHECK: memref.prefetch {{.*}} read
// CHECK: vector.store {{.*}}nontemporal = true
// CHECK: return
func.func @no_vectors(%x: memref<32x256x3141xf32>, %y: memref<32x256x3141xf32>, %scratch: memref<33x256xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<32x256x3141xf32>, memref<32x256x3141xf32>, memref<33x256xf64>) -> ()
  return
}

// -----

// Few rows of three and a half vectors: whole ones are computed, halves are stored past the cache, since every second row starts at one.
// CHECK-LABEL: func.func @half_vectors
// CHECK: scf.if
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7] : vector<16xf32>
// CHECK: vector.store {{.*}}nontemporal = true{{.*}}vector<8xf32>
// CHECK: } else {
// CHECK-NOT: nontemporal
// CHECK: return
func.func @half_vectors(%x: memref<6x65536x56xf32>, %y: memref<6x65536x56xf32>, %scratch: memref<33x65536xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<6x65536x56xf32>, memref<6x65536x56xf32>, memref<33x65536xf64>) -> ()
  return
}

// -----

// Across groups nothing less than all rows would fit: parts are summed, combined, and mapped. What is small stays in cache.
// CHECK-LABEL: func.func @parts
// CHECK: scf.forall (%{{.*}}) in (32)
// CHECK-NOT: vector.reduction
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK: scf.forall
// CHECK: scf.for {{.*}} -> (vector<16xf64>)
// CHECK: scf.forall (%{{.*}}) in (32)
// CHECK-NOT: nontemporal
// CHECK: return
func.func @parts(%x: memref<20000x64xf32>, %y: memref<20000x64xf32>, %scratch: memref<33x64xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<20000x64xf32>, memref<20000x64xf32>, memref<33x64xf64>) -> ()
  return
}

// -----

// What comes from memory is read in the order of memory, all channels of a row at once, which the processor fetches well by itself; it is
// mapped from the last block on, 16 of them in order. A product is rounded once with its sum.
// CHECK-LABEL: func.func @long_rows
// CHECK: scf.forall (%{{.*}}) in (32)
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK-NOT: memref.prefetch
// CHECK: math.fma
// CHECK: scf.forall
// CHECK: scf.forall (%{{.*}}) in (32)
// CHECK: arith.constant 16 : index
// CHECK: arith.maxsi
// CHECK: nontemporal
// CHECK: return
func.func @long_rows(%x: memref<100352x64xf32>, %y: memref<100352x64xf32>, %scratch: memref<33x64xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0] terms {
  ^bb0(%e: f32):
    %s = arith.mulf %e, %e : f32
    kernel.yield %s : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<100352x64xf32>, memref<100352x64xf32>, memref<33x64xf64>) -> ()
  return
}

// -----

// Few rows of 28 elements are a vector of 16, one of 8 and one of 4, each of which sums 64 rows before its lanes are added. Past the cache
// they are stored in quarters of a vector: every row starts at a multiple of one.
// CHECK-LABEL: func.func @short_rows
// CHECK-NOT: memref.alloca
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<8xf32>, vector<4xf32>)
// CHECK-COUNT-3: vector.reduction <add>
// CHECK: vector.store {{.*}}nontemporal = true{{.*}}vector<4xf32>
// CHECK: return
func.func @short_rows(%x: memref<6x65536x28xf32>, %y: memref<6x65536x28xf32>, %scratch: memref<33x65536xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<6x65536x28xf32>, memref<6x65536x28xf32>, memref<33x65536xf64>) -> ()
  return
}

// -----

// Many rows of 28 elements, 16 groups of which fill 28 vectors: sums are kept for each position of these 448, four blocks together, and are
// added up by group in the end, without those of the next group. Each slab is mapped while the next is summed, in whole vectors, from what
// its groups have been repeated to.
// CHECK-LABEL: func.func @strips
// CHECK: scf.forall (%{{.*}}) in (32)
// CHECK-COUNT-2: memref.alloca() {alignment = 64 : i64} : memref<464xf32>
// CHECK: scf.if
// CHECK: vector.load {{.*}} : memref<464xf32>, vector<16xf32>
// CHECK-COUNT-4: memref.prefetch {{.*}} read
// CHECK: vector.store {{.*}} : memref<464xf32>, vector<16xf32>
// CHECK: arith.select {{.*}} : vector<16xi1>, vector<16xf32>
// CHECK: vector.reduction <add>
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-8: vector.store {{.*}}nontemporal = true{{.*}}vector<16xf32>
// CHECK: return
func.func @strips(%x: memref<32x14336x28xf32>, %y: memref<32x14336x28xf32>, %scratch: memref<33x14336xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<32x14336x28xf32>, memref<32x14336x28xf32>, memref<33x14336xf64>) -> ()
  return
}

// -----

// Rows of 12 vectors and a quarter: the vectors of one group have its constant and sums in registers, and at each end of them one is shared.
// CHECK-LABEL: func.func @own_vectors
// CHECK-COUNT-2: memref.alloca() {alignment = 64 : i64} : memref<800xf32>
// CHECK: vector.load {{.*}} : memref<800xf32>, vector<16xf32>
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>)
// CHECK-NOT: memref<800xf32>
// CHECK: scf.yield {{.*}} : vector<16xf32>, vector<16xf32>
// CHECK: vector.store {{.*}} : memref<800xf32>, vector<16xf32>
// CHECK: scf.if
// CHECK: vector.load {{.*}} : memref<800xf32>, vector<16xf32>
// CHECK: return
func.func @own_vectors(%x: memref<32x1024x196xf32>, %y: memref<32x1024x196xf32>, %scratch: memref<33x1024xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<32x1024x196xf32>, memref<32x1024x196xf32>, memref<33x1024xf64>) -> ()
  return
}

// -----

// Groups that fill no whole vectors together.
// CHECK-LABEL: func.func @no_strips
// CHECK-NOT: memref.alloca
// CHECK: return
func.func @no_strips(%x: memref<32x14337x28xf32>, %y: memref<32x14337x28xf32>, %scratch: memref<33x14337xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0, 2] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<32x14337x28xf32>, memref<32x14337x28xf32>, memref<33x14337xf64>) -> ()
  return
}

// -----

// Rows of 57 KB: slabs of runs of 1 KB, which wait in the cache that workers share; the next one's rows are fetched.
// CHECK-LABEL: func.func @far_rows
// CHECK: scf.forall (%{{.*}}) in (8)
// CHECK: memref.prefetch
// CHECK: vector.store {{.*}}nontemporal = true
// CHECK-NOT: scf.forall
// CHECK: return
func.func @far_rows(%x: memref<1792x14336xf32>, %y: memref<1792x14336xf32>, %scratch: memref<33x14336xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<1792x14336xf32>, memref<1792x14336xf32>, memref<33x14336xf64>) -> ()
  return
}

// -----

// The same in rows of 4 KB, where the runs of a slab are 6 MB.
// CHECK-LABEL: func.func @near_rows
// CHECK: scf.forall (%{{.*}}) in (4)
// CHECK: return
func.func @near_rows(%x: memref<6272x1024xf32>, %y: memref<6272x1024xf32>, %scratch: memref<33x1024xf64>) {
  kernel.normalize(%x) outs(%y, %scratch) reduced [0] terms {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } finish {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } map {
  ^bb0(%e: f32, %c: f32):
    %z = arith.subf %e, %c : f32
    kernel.yield %z : f32
  } : (memref<6272x1024xf32>, memref<6272x1024xf32>, memref<33x1024xf64>) -> ()
  return
}

// -----

// A sample of eight rows is enough for 200; those that come soon are fetched where slabs do not stay in the nearest caches.
// CHECK-LABEL: func.func @sample
// CHECK: arith.constant 8 : index
// CHECK: arith.minui
// CHECK: memref.prefetch {{.*}} read
// CHECK: return
func.func @sample(%x: memref<200x2048xf32>, %m: memref<1x2048xf64>, %scratch: memref<33x2048xf64>) {
  kernel.normalize(%x) outs(%m, %scratch) reduced [0] sample {
  ^bb0(%e: f32):
    kernel.yield %e : f32
  } center {
  ^bb0(%sum: f64):
    %c = arith.truncf %sum : f64 to f32
    kernel.yield %c : f32
  } terms {
  ^bb0(%e: f32, %c: f32):
    %d = arith.subf %e, %c : f32
    kernel.yield %d : f32
  } finish {
  ^bb0(%c: f32, %sum: f64):
    kernel.yield %sum : f64
  } : (memref<200x2048xf32>, memref<1x2048xf64>, memref<33x2048xf64>) -> ()
  return
}
