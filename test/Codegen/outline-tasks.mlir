// Parallel loops become tasks of the worker pool.
// RUN: bn-opt --bn-outline-tasks %s | FileCheck %s

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
