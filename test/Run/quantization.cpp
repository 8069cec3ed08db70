// quantization.cpp - integers that stand for reals: one scale, one per channel, one per block.
// SPDX-License-Identifier: Apache-2.0

#include "Comparison.h"

#include <gtest/gtest.h>

using namespace bn::test;

namespace {
const Tolerance positive = {2e-5, 2e-5, 0.5, 4}; // scales are not zero
}

TEST(Quantization, quantize) {
  compareNode("\"QuantizeLinear\"($) version 13", "tensor<2x5x7xf32>;tensor<f32>;tensor<ui8>", "tensor<2x5x7xui8>", positive);
  compareNode("\"QuantizeLinear\"($) version 13 {axis = 1 : i64}", "tensor<2x5x7xf32>;tensor<5xf32>;tensor<5xi8>", "tensor<2x5x7xi8>", positive);
  compareNode("\"QuantizeLinear\"($) version 21 {axis = 1 : i64, block_size = 3 : i64}", "tensor<2x5x7xf32>;tensor<2x2x7xf32>;tensor<2x2x7xi16>",
              "tensor<2x5x7xi16>", positive);
  compareNode("\"QuantizeLinear\"($) version 21", "tensor<2x5x7xf32>;tensor<i32>;tensor<ui8>", "tensor<2x5x7xui8>", positive);
}

TEST(Quantization, dequantize) {
  compareNode("\"DequantizeLinear\"($) version 13", "tensor<2x5x7xi8>;tensor<f32>;tensor<i8>", "tensor<2x5x7xf32>", positive);
  compareNode("\"DequantizeLinear\"($) version 13 {axis = 2 : i64}", "tensor<2x5x7xui8>;tensor<7xf32>;tensor<7xui8>", "tensor<2x5x7xf32>", positive);
  compareNode("\"DequantizeLinear\"($) version 19", "tensor<3x5xi32>;tensor<f16>", "tensor<3x5xf16>", {1e-2, 1e-2, 0.5, 4});
}

TEST(Quantization, products) {
  compareNode("\"QLinearMatMul\"($) version 10",
              "tensor<3x5xui8>;tensor<f32>;tensor<ui8>;tensor<5x7xui8>;tensor<f32>;tensor<ui8>;tensor<f32>;tensor<ui8>", "tensor<3x7xui8>", positive);
  compareNode("\"QLinearConv\"($) version 10 {pads = array<i64: 1, 0, 1, 0>}",
              "tensor<1x2x5x7xui8>;tensor<f32>;tensor<ui8>;tensor<3x2x3x3xi8>;tensor<3xf32>;tensor<3xi8>;tensor<f32>;tensor<ui8>;tensor<3xi32>",
              "tensor<1x3x5x5xui8>", positive);
}
