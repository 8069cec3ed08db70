// Buffers share the arena when their lives do not overlap.
// RUN: bn-opt --bn-plan-memory --allow-unregistered-dialect -split-input-file -verify-diagnostics %s | FileCheck %s

// %a ends where %b is written from it, so %c takes its place; %b lives with both. A view keeps its buffer alive.
// CHECK: module attributes {kernel.arena_size = 192 : i64}
// CHECK-LABEL: func.func @chain(%arg0: memref<16xf32>, %arg1: memref<192xi8>)
// CHECK-DAG: %[[A:.*]] = memref.view %arg1[%c0{{.*}}][] : memref<192xi8> to memref<32xf32>
// CHECK-DAG: %[[B:.*]] = memref.view %arg1[%c128{{.*}}][] : memref<192xi8> to memref<16xf32>
// CHECK-DAG: %[[C:.*]] = memref.view %arg1[%c0{{.*}}][] : memref<192xi8> to memref<16xf32>
// CHECK-NOT: memref.alloc
func.func @chain(%out: memref<16xf32>) {
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() : memref<32xf32>
  linalg.fill ins(%zero : f32) outs(%a : memref<32xf32>)
  %half = memref.subview %a[0] [16] [1] : memref<32xf32> to memref<16xf32, strided<[1]>>
  %b = memref.alloc() : memref<16xf32>
  memref.copy %half, %b : memref<16xf32, strided<[1]>> to memref<16xf32>
  %c = memref.alloc() : memref<16xf32>
  memref.copy %b, %c : memref<16xf32> to memref<16xf32>
  memref.copy %c, %out : memref<16xf32> to memref<16xf32>
  return
}

// -----

// What a loop touches from outside lives as long as the loop: nothing in it takes the place of %a, which the loop carries and which is read
// behind it. %b and %c live together.
// CHECK: module attributes {kernel.arena_size = 192 : i64}
// CHECK-LABEL: func.func @loop
// CHECK-DAG: memref.view %arg1[%c0{{.*}}][] : memref<192xi8> to memref<3xf32>
// CHECK-DAG: memref.view %arg1[%c64{{.*}}][] : memref<192xi8> to memref<3xf32>
// CHECK-DAG: memref.view %arg1[%c128{{.*}}][] : memref<192xi8> to memref<3xf32>
// CHECK-NOT: memref.alloc
func.func @loop(%out: memref<3xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() : memref<3xf32>
  linalg.fill ins(%zero : f32) outs(%a : memref<3xf32>)
  %last = scf.for %i = %c0 to %c5 step %c1 iter_args(%now = %a) -> memref<3xf32> {
    %b = memref.alloc() : memref<3xf32>
    memref.copy %now, %b : memref<3xf32> to memref<3xf32>
    %c = memref.alloc() : memref<3xf32>
    memref.copy %b, %c : memref<3xf32> to memref<3xf32>
    memref.copy %c, %now : memref<3xf32> to memref<3xf32>
    scf.yield %now : memref<3xf32>
  }
  memref.copy %last, %out : memref<3xf32> to memref<3xf32>
  return
}

// -----

// Buffers of an iteration share as those of a straight line do: %c takes the place of %a, and both lie beside %all, which other iterations
// read.
// CHECK: module attributes {kernel.arena_size = 320 : i64}
// CHECK-LABEL: func.func @iteration
// CHECK: memref.view %arg1[%c256{{.*}}][] : memref<320xi8> to memref<5x3xf32>
// CHECK: scf.for
// CHECK: memref.view %arg1[%c0{{.*}}][] : memref<320xi8> to memref<32xf32>
// CHECK: memref.view %arg1[%c128{{.*}}][] : memref<320xi8> to memref<31xf32>
// CHECK: memref.view %arg1[%c0{{.*}}][] : memref<320xi8> to memref<30xf32>
// CHECK-NOT: memref.alloc
func.func @iteration(%out: memref<5x3xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f32
  %all = memref.alloc() : memref<5x3xf32>
  scf.for %i = %c0 to %c5 step %c1 {
    %a = memref.alloc() : memref<32xf32>
    linalg.fill ins(%zero : f32) outs(%a : memref<32xf32>)
    %b = memref.alloc() : memref<31xf32>
    "test.make"(%a, %b) : (memref<32xf32>, memref<31xf32>) -> ()
    %c = memref.alloc() : memref<30xf32>
    "test.make"(%b, %c) : (memref<31xf32>, memref<30xf32>) -> ()
    %now = memref.subview %all[%i, 0] [1, 3] [1, 1] : memref<5x3xf32> to memref<1x3xf32, strided<[3, 1], offset: ?>>
    "test.make"(%c, %now) : (memref<30xf32>, memref<1x3xf32, strided<[3, 1], offset: ?>>) -> ()
  }
  memref.copy %all, %out : memref<5x3xf32> to memref<5x3xf32>
  return
}

// -----

// What an iteration hands to the next one outlives it: %b lies beside %a and %c.
// CHECK: module attributes {kernel.arena_size = 192 : i64}
// CHECK-LABEL: func.func @handed_on
// CHECK-NOT: memref.alloc
func.func @handed_on(%out: memref<3xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc() : memref<3xf32>
  linalg.fill ins(%zero : f32) outs(%a : memref<3xf32>)
  %last = scf.for %i = %c0 to %c5 step %c1 iter_args(%now = %a) -> memref<3xf32> {
    %b = memref.alloc() : memref<3xf32>
    memref.copy %now, %b : memref<3xf32> to memref<3xf32>
    scf.yield %b : memref<3xf32>
  }
  %c = memref.alloc() : memref<3xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<3xf32>)
  memref.copy %last, %out : memref<3xf32> to memref<3xf32>
  memref.copy %c, %out : memref<3xf32> to memref<3xf32>
  return
}

// -----

func.func @no_dynamic_size(%n: index) {
  %zero = arith.constant 0.0 : f32
  // expected-error@+1 {{expected a buffer of static shape, got 'memref<?xf32>'}}
  %a = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%a : memref<?xf32>)
  return
}
