// Sequences whose elements are known are gone; the others stay.
// RUN: bn-opt %s --bn-resolve-sequences | FileCheck %s

// Positions count from either end; an element that nobody takes is a result that nobody uses.
// CHECK-LABEL: func.func @split_by_list(
// CHECK-SAME:      %[[X:.*]]: tensor<2x7xf32>)
// CHECK:         %[[SIZES:.*]] = onnx.constant dense<[1, 4, 2]>
// CHECK:         %[[PIECES:.*]]:3 = onnx.node "Split"(%[[X]], %[[SIZES]]) version 13 {axis = 1 : i64}
// CHECK:         return %[[PIECES]]#0, %[[PIECES]]#2
func.func @split_by_list(%x: tensor<2x7xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %sizes = onnx.constant dense<[1, 4, 2]> : tensor<3xi64>
  %first = onnx.constant dense<0> : tensor<i64>
  %last = onnx.constant dense<-1> : tensor<i64>
  %s = onnx.node "SplitToSequence"(%x, %sizes) version 11 {axis = 1 : i64} : (tensor<2x7xf32>, tensor<3xi64>) -> !onnx.seq<tensor<*xf32>>
  %y = onnx.node "SequenceAt"(%s, %first) version 11 : (!onnx.seq<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  %z = onnx.node "SequenceAt"(%s, %last) version 11 : (!onnx.seq<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return %y, %z : tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func.func @split_by_size
// CHECK:         onnx.constant dense<[3, 3, 1]>
// CHECK:         onnx.node "Split"
func.func @split_by_size(%x: tensor<2x7xf32>) -> tensor<*xf32> {
  %size = onnx.constant dense<3> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64>
  %s = onnx.node "SplitToSequence"(%x, %size) version 11 {axis = -1 : i64} : (tensor<2x7xf32>, tensor<i64>) -> !onnx.seq<tensor<*xf32>>
  %y = onnx.node "SequenceAt"(%s, %one) version 11 : (!onnx.seq<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// CHECK-LABEL: func.func @split_into_slices
// CHECK:         onnx.constant dense<1> : tensor<2xi64>
// CHECK:         %[[PIECES:.*]]:2 = onnx.node "Split"
// CHECK:         %[[Y:.*]] = onnx.node "Squeeze"(%[[PIECES]]#1,
// CHECK:         return %[[Y]]
func.func @split_into_slices(%x: tensor<2x7xf32>) -> tensor<*xf32> {
  %one = onnx.constant dense<1> : tensor<i64>
  %s = onnx.node "SplitToSequence"(%x) version 11 {keepdims = 0 : i64} : (tensor<2x7xf32>) -> !onnx.seq<tensor<*xf32>>
  %y = onnx.node "SequenceAt"(%s, %one) version 11 : (!onnx.seq<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// CHECK-LABEL: func.func @concatenate(
// CHECK-SAME:      %[[X:.*]]: tensor<2x7xf32>, %[[Y:.*]]: tensor<2x5xf32>)
// CHECK:         %[[Z:.*]] = onnx.node "Concat"(%[[X]], %[[Y]]) version 13 {axis = 1 : i64}
// CHECK:         return %[[Z]], %[[Y]]
func.func @concatenate(%x: tensor<2x7xf32>, %y: tensor<2x5xf32>) -> (tensor<2x12xf32>, tensor<*xf32>) {
  %one = onnx.constant dense<1> : tensor<i64>
  %s = onnx.node "SequenceConstruct"(%x, %y) version 11 : (tensor<2x7xf32>, tensor<2x5xf32>) -> !onnx.seq<tensor<*xf32>>
  %z = onnx.node "ConcatFromSequence"(%s) version 11 {axis = 1 : i64} : (!onnx.seq<tensor<*xf32>>) -> tensor<2x12xf32>
  %e = onnx.node "SequenceAt"(%s, %one) version 11 : (!onnx.seq<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return %z, %e : tensor<2x12xf32>, tensor<*xf32>
}

// CHECK-LABEL: func.func @stack
// CHECK-COUNT-2: onnx.node "Unsqueeze"
// CHECK:         onnx.node "Concat"
func.func @stack(%x: tensor<2x7xf32>, %y: tensor<2x7xf32>) -> tensor<2x2x7xf32> {
  %s = onnx.node "SequenceConstruct"(%x, %y) version 11 : (tensor<2x7xf32>, tensor<2x7xf32>) -> !onnx.seq<tensor<*xf32>>
  %z = onnx.node "ConcatFromSequence"(%s) version 11 {axis = 0 : i64, new_axis = 1 : i64} : (!onnx.seq<tensor<*xf32>>) -> tensor<2x2x7xf32>
  return %z : tensor<2x2x7xf32>
}

// The position is a value of the model.
// CHECK-LABEL: func.func @no_split_at_a_computed_position
// CHECK:         onnx.node "SplitToSequence"
func.func @no_split_at_a_computed_position(%x: tensor<2x7xf32>, %i: tensor<i64>) -> tensor<*xf32> {
  %s = onnx.node "SplitToSequence"(%x) version 11 : (tensor<2x7xf32>) -> !onnx.seq<tensor<*xf32>>
  %y = onnx.node "SequenceAt"(%s, %i) version 11 : (!onnx.seq<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// There is no third slice: that is for the run to say.
// CHECK-LABEL: func.func @no_split_behind_the_end
// CHECK:         onnx.node "SplitToSequence"
func.func @no_split_behind_the_end(%x: tensor<2x7xf32>) -> tensor<*xf32> {
  %two = onnx.constant dense<2> : tensor<i64>
  %s = onnx.node "SplitToSequence"(%x) version 11 : (tensor<2x7xf32>) -> !onnx.seq<tensor<*xf32>>
  %y = onnx.node "SequenceAt"(%s, %two) version 11 : (!onnx.seq<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// The number of slices is not known.
// CHECK-LABEL: func.func @no_split_of_unknown_size
// CHECK:         onnx.node "SplitToSequence"
func.func @no_split_of_unknown_size(%x: tensor<?x7xf32>) -> tensor<*xf32> {
  %one = onnx.constant dense<1> : tensor<i64>
  %s = onnx.node "SplitToSequence"(%x) version 11 : (tensor<?x7xf32>) -> !onnx.seq<tensor<*xf32>>
  %y = onnx.node "SequenceAt"(%s, %one) version 11 : (!onnx.seq<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// CHECK-LABEL: func.func @no_split_that_is_an_output
// CHECK:         onnx.node "SplitToSequence"
func.func @no_split_that_is_an_output(%x: tensor<2x7xf32>) -> !onnx.seq<tensor<*xf32>> {
  %s = onnx.node "SplitToSequence"(%x) version 11 : (tensor<2x7xf32>) -> !onnx.seq<tensor<*xf32>>
  return %s : !onnx.seq<tensor<*xf32>>
}

// CHECK-LABEL: func.func @no_concatenation_of_an_input
// CHECK:         onnx.node "ConcatFromSequence"
func.func @no_concatenation_of_an_input(%s: !onnx.seq<tensor<*xf32>>) -> tensor<*xf32> {
  %z = onnx.node "ConcatFromSequence"(%s) version 11 {axis = 1 : i64} : (!onnx.seq<tensor<*xf32>>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}
