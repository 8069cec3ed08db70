// Parallel loops become tasks of the worker pool.
// RUN: bn-opt --bn-outline-tasks --split-input-file %s | FileCheck %s

// Two equal loops are one task; little work is one chunk, much work as many as there are iterations, at most 32.
// CHECK-LABEL: func.func @loops(%arg0: memref<6xf32>, %arg1: memref<6xf32>, %arg2: !llvm.ptr)
// CHECK: kernel.launch @task_0 chunks 1 on %arg2(%arg0)
// CHECK: kernel.launch @task_0 chunks 1 on %arg2(%arg1)
// CHECK: kernel.launch @task_1 chunks 6 on %arg2(%arg0)
// CHECK: func.func private @task_0(%[[CHUNK:.*]]: index, %[[X:.*]]: memref<6xf32>)
// CHECK: scf.for %[[L:.*]] = 
// CHECK: arith.remui %[[L]], %c3
// CHECK: arith.divui %[[L]], %c3
// CHECK: func.func private @task_1
// CHECK-NOT: @task_2
func.func @loops(%x: memref<6xf32>, %y: memref<6xf32>) {
  %c3 = arith.constant 3 : index
  %v = arith.constant 1.0 : f32
  scf.forall (%i, %j) in (2, 3) {
    %row = arith.muli %i, %c3 : index
    %at = arith.addi %row, %j : index
    memref.store %v, %x[%at] : memref<6xf32>
  } {work = 6 : i64}
  scf.forall (%i, %j) in (2, 3) {
    %row = arith.muli %i, %c3 : index
    %at = arith.addi %row, %j : index
    memref.store %v, %y[%at] : memref<6xf32>
  } {work = 6 : i64}
  scf.forall (%i) in (6) {
    memref.store %v, %x[%i] : memref<6xf32>
  } {work = 10000000 : i64}
  return
}

// -----

// A launch says what it costs: 3·5 multiply-adds and additions of vectors of 4, casts and constants not counted, and its buffers.
// CHECK-LABEL: func.func @cost
// CHECK: kernel.launch @{{.*}} {bytes = 144 : i64, flops = 180 : i64} : !llvm.ptr, memref<3x4xf32>, memref<3x4xf64>
func.func @cost(%x: memref<3x4xf32>, %y: memref<3x4xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  scf.forall (%i) in (3) {
    %v = vector.load %x[%i, %c0] : memref<3x4xf32>, vector<4xf32>
    %sum = scf.for %k = %c0 to %c5 step %c1 iter_args(%s = %v) -> vector<4xf32> {
      %product = math.fma %s, %v, %v : vector<4xf32>
      %next = arith.addf %product, %v : vector<4xf32>
      scf.yield %next : vector<4xf32>
    }
    %wide = arith.extf %sum : vector<4xf32> to vector<4xf64>
    vector.store %wide, %y[%i, %c0] : memref<3x4xf64>, vector<4xf64>
  }
  return
}

// -----

// An array on the stack is the task's, not an iteration's.
// CHECK-LABEL: func.func @array
// CHECK: func.func private @task_0
// CHECK-NEXT: memref.alloca() : memref<3xf32>
// CHECK: scf.for
// CHECK-NOT: memref.alloca
func.func @array(%x: memref<6xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (6) {
    %array = memref.alloca() : memref<3xf32>
    %v = memref.load %x[%i] : memref<6xf32>
    memref.store %v, %array[%c0] : memref<3xf32>
  }
  return
}
