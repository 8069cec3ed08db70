// stored.cpp - operators on stored values against the same in double.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Reference/Stored.h"

#include "InterpreterTest.h"

#include <random>

using namespace mlir;
using namespace bn::reference;

namespace {

class StoredTest : public InterpreterTest {
protected:
  /// Tensors of an element type with few different values: ties, zeros of both signs and, of floats, a NaN.
  Tensor draw(Type type, ArrayRef<int64_t> shape, bool withNaN = false) {
    Tensor tensor = makeTensor(type, shape);
    if (isa<FloatType>(type))
      for (double &value : tensor.mutableReals())
        value = (int(random() % 9) - 4) * 0.5 * (random() % 2 ? 1 : -1);
    else
      for (int64_t &value : tensor.mutableIntegers())
        value = wrapToType(type, int(random() % 9) - 4);
    if (withNaN)
      tensor.mutableReals()[tensor.getNumElements() / 2] = std::nan("");
    return tensor;
  }
  Tensor uniform(ArrayRef<int64_t> shape, double low, double high) {
    Tensor tensor = makeTensor(Float32Type::get(&context), shape);
    std::uniform_real_distribution<float> distribution(low, high);
    for (double &value : tensor.mutableReals())
      value = distribution(random);
    return tensor;
  }

  /// Both evaluations of one node give the same, reals up to a rounding.
  void compare(StringRef op, int version, ArrayRef<Tensor> inputs, StringRef attributes = "", unsigned results = 1) {
    std::string text = "func.func @f(", names, types, outputs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      text += (i ? ", %x" : "%x") + std::to_string(i) + ": !onnx.any";
      names += (i ? ", %x" : "%x") + std::to_string(i);
      types += i ? ", !onnx.any" : "!onnx.any";
    }
    for (unsigned i = 0; i < results; ++i)
      outputs += i ? ", !onnx.any" : "!onnx.any";
    text += ") {\n  %y:" + std::to_string(results) + " = onnx.node \"" + op.str() + "\"(" + names + ") version " + std::to_string(version) + " " +
            attributes.str() + " : (" + types + ") -> (" + outputs + ")\n  return\n}";
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    Operation *node = &(*module->getOps<func::FuncOp>().begin()).getBody().front().front();
    std::vector<bn::HostTensor> stored;
    SmallVector<const Tensor *> operands;
    SmallVector<const bn::HostTensor *> storedOperands;
    for (const Tensor &input : inputs) {
      operands.push_back(&input);
      stored.push_back(toHost(input));
    }
    for (const bn::HostTensor &input : stored)
      storedOperands.push_back(&input);
    SmallVector<Tensor> expected;
    SmallVector<bn::HostTensor> got;
    ASSERT_TRUE(succeeded(evaluate(node, operands, expected))) << message;
    ASSERT_TRUE(evaluateStored(node, storedOperands, got)) << op.str();
    ASSERT_EQ(got.size(), expected.size());
    for (auto [a, e] : llvm::zip_equal(got, expected)) {
      Tensor actual = fromHost(a);
      ASSERT_EQ(actual.shape, e.shape);
      if (isa<FloatType>(e.elementType))
        for (auto [x, y] : llvm::zip_equal(actual.reals(), e.reals()))
          EXPECT_TRUE((std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= 1e-5 * (1 + std::abs(y))) << x << " and " << y;
      else
        EXPECT_EQ(actual.integers(), e.integers());
    }
  }

  Type f32 = Float32Type::get(&context), f64 = Float64Type::get(&context), i1 = IntegerType::get(&context, 1),
       i8 = IntegerType::get(&context, 8), i32 = IntegerType::get(&context, 32), i64 = IntegerType::get(&context, 64),
       u8 = IntegerType::get(&context, 8, IntegerType::Unsigned), u64 = IntegerType::get(&context, 64, IntegerType::Unsigned);
  std::mt19937 random{1};
};

TEST_F(StoredTest, topK) {
  for (Type type : {f32, f64, i8, i32, i64, u8, u64})
    for (int64_t k : {0, 1, 3, 11})
      for (const char *largest : {"0", "1"}) {
        std::string attributes = std::string("{axis = 1 : i64, largest = ") + largest + " : i64}";
        compare("TopK", 11, {draw(type, {2, 11, 3}, isa<FloatType>(type)), integer({1}, {k})}, attributes, 2);
      }
}

// Few of many: a heap, and stretches without one better element.
TEST_F(StoredTest, topK_of_a_long_lane) {
  compare("TopK", 11, {uniform({1, 700}, -1, 1), integer({1}, {5})}, "", 2);
  compare("TopK", 11, {uniform({700, 2}, -1, 1), integer({1}, {40})}, "{axis = 0 : i64, largest = 0 : i64}", 2);
}

TEST_F(StoredTest, nonZero) {
  for (Type type : {f32, f64, i1, i8, i64, u8})
    compare("NonZero", 13, {draw(type, {2, 3, 7})});
  compare("NonZero", 13, {draw(f32, {0, 3})});
}

TEST_F(StoredTest, compress) {
  Tensor condition = makeTensor(i1, {4});
  condition.mutableIntegers() = {0, 1, 1, 0};
  for (Type type : {f32, i1, i64})
    for (const char *attributes : {"", "{axis = 0 : i64}", "{axis = -1 : i64}"})
      compare("Compress", 11, {draw(type, {5, 2, 7}), condition}, attributes);
}

TEST_F(StoredTest, nonMaxSuppression) {
  for (const char *attributes : {"", "{center_point_box = 1 : i64}"}) {
    compare("NonMaxSuppression", 11, {uniform({2, 40, 4}, 0, 5), uniform({2, 3, 40}, 0, 1), integer({1}, {6}), real({1}, {0.25}), real({1}, {0.5})},
            attributes);
    compare("NonMaxSuppression", 11, {uniform({1, 19, 4}, 0, 5), draw(f32, {1, 2, 19}), integer({1}, {30})}, attributes);
  }
}

TEST_F(StoredTest, roiAlign) {
  for (const char *attributes :
       {"{output_height = 3 : i64, output_width = 2 : i64, sampling_ratio = 2 : i64}", "{output_height = 2 : i64, output_width = 3 : i64}",
        "{output_height = 3 : i64, output_width = 2 : i64, mode = \"max\"}",
        "{output_height = 3 : i64, output_width = 2 : i64, coordinate_transformation_mode = \"output_half_pixel\", spatial_scale = 0.5 : f32}"})
    compare("RoiAlign", 16, {uniform({2, 3, 7, 5}, -1, 1), uniform({4, 4}, -2, 9), integer({4}, {1, 0, 1, 0})}, attributes);
}

TEST_F(StoredTest, maxRoiPool) {
  Tensor rois = uniform({5, 5}, 0, 7);
  for (int64_t r = 0; r < 5; ++r)
    rois.mutableReals()[r * 5] = r % 2;
  compare("MaxRoiPool", 1, {uniform({2, 3, 7, 5}, -1, 1), rois}, "{pooled_shape = array<i64: 3, 2>}");
}

// What the interpreter refuses, and what has no form here, is left to it.
TEST_F(StoredTest, no_result_of_other_types_or_of_errors) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(func.func @f(%x: !onnx.any, %k: !onnx.any) {
    %y:2 = onnx.node "TopK"(%x, %k) version 11 : (!onnx.any, !onnx.any) -> (!onnx.any, !onnx.any)
    return
  })", &context);
  Operation *node = &(*module->getOps<func::FuncOp>().begin()).getBody().front().front();
  SmallVector<bn::HostTensor> results;
  bn::HostTensor half = toHost(draw(Float16Type::get(&context), {5})), x = toHost(draw(f32, {5}));
  bn::HostTensor two = toHost(integer({1}, {2})), six = toHost(integer({1}, {6}));
  EXPECT_FALSE(evaluateStored(node, {&half, &two}, results));
  EXPECT_FALSE(evaluateStored(node, {&x, &six}, results));
  EXPECT_TRUE(evaluateStored(node, {&x, &two}, results));
}

} // namespace
