// Constants that nobody reads after their module is lowered.
// RUN: bn-opt %s --split-input-file --bn-convert-to-kernel=vector-bits=128 | FileCheck %s

// The second node still finds the elements; then they are gone.
// CHECK-LABEL: @packed_twice
// CHECK-COUNT-2: kernel.constant dense<{{\[\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00, 0.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00, 0.000000e+00]]]>
// CHECK: w: "0x00000000"
func.func @packed_twice(%x: tensor<25x2xf32>, %y: tensor<37x2xf32>) -> (tensor<25x3xf32>, tensor<37x3xf32>) {
  %w = onnx.constant dense_resource<w> : tensor<2x3xf32> {onnx.transient}
  %a = onnx.mat_mul %x, %w {version = 13 : i64} : (tensor<25x2xf32>, tensor<2x3xf32>) -> tensor<25x3xf32>
  %b = onnx.mat_mul %y, %w {version = 13 : i64} : (tensor<37x2xf32>, tensor<2x3xf32>) -> tensor<37x3xf32>
  return %a, %b : tensor<25x3xf32>, tensor<37x3xf32>
}
{-#
  dialect_resources: { builtin: { w: "0x040000000000803F0000004000004040000080400000A0400000C040" } }
#-}

// -----

// Another graph may read them.
// CHECK-LABEL: @no_free_unmarked
// CHECK: unmarked: "0x040000000000803F0000004000004040000080400000A0400000C040"
func.func @no_free_unmarked(%x: tensor<25x2xf32>) -> tensor<25x3xf32> {
  %w = onnx.constant dense_resource<unmarked> : tensor<2x3xf32>
  %a = onnx.mat_mul %x, %w {version = 13 : i64} : (tensor<25x2xf32>, tensor<2x3xf32>) -> tensor<25x3xf32>
  return %a : tensor<25x3xf32>
}
{-#
  dialect_resources: { builtin: { unmarked: "0x040000000000803F0000004000004040000080400000A0400000C040" } }
#-}

// -----

// A node reads them at run time, and another has packed them.
// CHECK-LABEL: @no_free_operand
// CHECK: operand: "0x040000000000803F0000004000004040000080400000A0400000C040"
func.func @no_free_operand(%x: tensor<25x2xf32>, %z: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<25x3xf32>) {
  %w = onnx.constant dense_resource<operand> : tensor<2x3xf32> {onnx.transient}
  %s = onnx.add %z, %w {version = 14 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %a = onnx.mat_mul %x, %w {version = 13 : i64} : (tensor<25x2xf32>, tensor<2x3xf32>) -> tensor<25x3xf32>
  return %s, %a : tensor<2x3xf32>, tensor<25x3xf32>
}
{-#
  dialect_resources: { builtin: { operand: "0x040000000000803F0000004000004040000080400000A0400000C040" } }
#-}

// -----

// Kernel form has the elements themselves, in another shape.
// CHECK-LABEL: @no_free_reshaped
// CHECK: reshaped: "0x040000000000803F0000004000004040"
func.func @no_free_reshaped(%x: tensor<5x3x2xf32>) -> tensor<5x3x2xf32> {
  %w = onnx.constant dense_resource<reshaped> : tensor<3x1xf32> {onnx.transient}
  %y = onnx.add %x, %w {version = 14 : i64} : (tensor<5x3x2xf32>, tensor<3x1xf32>) -> tensor<5x3x2xf32>
  return %y : tensor<5x3x2xf32>
}
{-#
  dialect_resources: { builtin: { reshaped: "0x040000000000803F0000004000004040" } }
#-}
