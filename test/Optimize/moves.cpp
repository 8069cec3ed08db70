// moves.cpp - an affine moved through other nodes leaves the numbers as they are, and as few affines as the case says.
// SPDX-License-Identifier: Apache-2.0
//
// Cases are the body of a function of %x, in a shorthand: [2x3] is tensor<2x3xf32>; a line `$w [2x3]` makes %w a constant of
// random numbers; {4} is a list of four random numbers and {+4} one of positive ones.

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Optimize/Passes.h"
#include "bn/Reference/Interpreter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

#include <random>
#include <regex>

using namespace mlir;

namespace {

struct Case {
  const char *name, *input, *result;
  int affines; ///< that stay
  const char *body;
};

std::ostream &operator<<(std::ostream &out, const Case &c) { return out << c.name; }

struct Moves : public ::testing::TestWithParam<Case> {
  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::mt19937 random{7};

  double draw(bool positive) { return std::uniform_real_distribution<double>(positive ? 0.25 : -2, 2)(random); }

  /// Replaces each match of a regular expression by what `replacement` makes of its first group.
  static std::string replaceAll(const std::string &text, const char *regex, llvm::function_ref<std::string(const std::string &)> replacement) {
    std::regex pattern(regex);
    std::string result;
    auto at = text.begin();
    for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
      result.append(at, text.begin() + match->position());
      result += replacement(match->str(1));
      at = text.begin() + match->position() + match->length();
    }
    return result.append(at, text.end());
  }

  std::string numbers(int count, bool positive) {
    std::string list = "[";
    for (int i = 0; i < count; ++i)
      list += (i ? ", " : "") + std::to_string(draw(positive));
    return list + "]";
  }

  std::string constant(const std::string &declaration) {
    std::string name = declaration.substr(0, declaration.find(' ')), shape = declaration.substr(declaration.find('[') + 1);
    shape.pop_back();
    int64_t count = 1;
    SmallVector<StringRef> dims;
    StringRef(shape).split(dims, 'x');
    for (StringRef dim : dims)
      count *= std::stoll(dim.str());
    std::vector<float> values(count);
    for (float &value : values)
      value = draw(false);
    std::string bytes(reinterpret_cast<const char *>(values.data()), count * sizeof(float));
    return "%" + name + " = onnx.constant dense<\"0x" + llvm::toHex(bytes) + "\"> : [" + shape + "] {onnx.outputs = [\"" + name + "\"]}";
  }

  std::string makeModel(const Case &c) {
    std::string text = std::string("func.func @main(%x: ") + c.input + ") -> " + c.result + " {\n  %none = onnx.absent\n" + c.body +
                       "\n  return %y : " + c.result + "\n}\n";
    text = replaceAll(text, "\\$(\\w+ \\[[0-9x]+\\])", [&](const std::string &declaration) { return constant(declaration); });
    text = replaceAll(text, "\\{\\+(\\d+)\\}", [&](const std::string &count) { return numbers(std::stoi(count), true); });
    text = replaceAll(text, "\\{(\\d+)\\}", [&](const std::string &count) { return numbers(std::stoi(count), false); });
    return replaceAll(text, "\\[(\\d+(?:x\\d+)+|\\d+)\\](?!\\})", [](const std::string &shape) { return "tensor<" + shape + "xf32>"; });
  }

  std::vector<double> run(ModuleOp module) {
    std::mt19937 drawInput{11};
    std::uniform_real_distribution<double> uniform(-1, 1);
    auto function = *module.getOps<func::FuncOp>().begin();
    auto type = cast<RankedTensorType>(function.getArgumentTypes().front());
    bn::reference::Tensor x = bn::reference::makeTensor(type.getElementType(), type.getShape());
    for (double &value : x.mutableReals())
      value = uniform(drawInput);
    auto results = bn::reference::interpret(function, {x});
    EXPECT_TRUE(succeeded(results));
    return succeeded(results) ? std::vector<double>(results->front().reals()) : std::vector<double>();
  }
};

TEST_P(Moves, keep_the_numbers) {
  context.loadDialect<func::FuncDialect, bn::BNDialect, bn::onnx::OnnxDialect>();
  auto module = parseSourceString<ModuleOp>(makeModel(GetParam()), &context);
  ASSERT_TRUE(module) << makeModel(GetParam());
  std::vector<double> expected = run(*module);
  PassManager passes(&context);
  passes.addNestedPass<func::FuncOp>(bn::createAbsorbAffinePass());
  ASSERT_TRUE(succeeded(passes.run(*module)));
  std::vector<double> actual = run(*module);
  double largest = 0, difference = 0;
  for (auto [a, e] : llvm::zip_equal(actual, expected)) {
    largest = std::max(largest, std::abs(e));
    difference = std::max(difference, std::abs(a - e));
  }
  EXPECT_LT(difference / largest, 1e-6);
  int affines = 0;
  module->walk([&](bn::AffineOp) { ++affines; });
  EXPECT_EQ(affines, GetParam().affines);
}

/// A convolution with bias of %x, [1x3x5x6] to [1x4x5x6].
#define CONV                                                                                                                                \
  "$w [4x3x1x1]\n$b [4]\n"                                                                                                                  \
  "%c = onnx.conv %x, %w, %b {version = 11 : i64} : ([1x3x5x6], [4x3x1x1], [4]) -> [1x4x5x6]\n"
#define CONV2                                                                                                                               \
  "$w2 [4x3x1x1]\n$b2 [4]\n"                                                                                                                \
  "%d = onnx.conv %x, %w2, %b2 {version = 11 : i64} : ([1x3x5x6], [4x3x1x1], [4]) -> [1x4x5x6]\n"
/// An affine of a value `in`, the last one.
#define AFFINE(in, type) "%y = bn.affine %" in " scale {4} offset {4} axis 1 : " type
#define POSITIVE(in, offset, type) "%y = bn.affine %" in " scale {+4} offset " offset " axis 1 : " type
#define ZEROS "[0.0, 0.0, 0.0, 0.0]"

INSTANTIATE_TEST_SUITE_P(
    Backward, Moves,
    ::testing::Values(
        Case{"transpose", "[1x3x5x6]", "[1x5x6x4]", 0,
             CONV "%t = onnx.transpose %c {perm = array<i64: 0, 2, 3, 1>, version = 13 : i64} : ([1x4x5x6]) -> [1x5x6x4]\n"
                  "%y = bn.affine %t scale {4} offset {4} axis 3 : [1x5x6x4]"},
        Case{"flatten_channels_last", "[2x3x5]", "[6x4]", 1, // a product has no bias: the shift stays behind it
             "$w [5x4]\n%c = onnx.mat_mul %x, %w {version = 13 : i64} : ([2x3x5], [5x4]) -> [2x3x4]\n"
             "%f = onnx.flatten %c {axis = 2 : i64, version = 13 : i64} : ([2x3x4]) -> [6x4]\n" AFFINE("f", "[6x4]")},
        Case{"split_channels", "[1x3x5x6]", "[1x2x2x30]", 0, // varies along both halves of the channels, then along one axis again
             CONV "%s = onnx.constant dense<[1, 2, 2, 30]> : tensor<4xi64>\n"
                  "%r = onnx.reshape %c, %s {version = 14 : i64} : ([1x4x5x6], tensor<4xi64>) -> [1x2x2x30]\n"
                  "%y = bn.affine %r scale {2} offset {2} axis 2 : [1x2x2x30]"},
        Case{"joined_channels", "[1x3x5x6]", "[4x30]", 0,
             CONV "%s = onnx.constant dense<[4, 30]> : tensor<2xi64>\n"
                  "%r = onnx.reshape %c, %s {version = 14 : i64} : ([1x4x5x6], tensor<2xi64>) -> [4x30]\n"
                  "%y = bn.affine %r scale {4} offset {4} axis 0 : [4x30]"},
        Case{"no_channel_axis_lost", "[1x3x5x6]", "[1x20x6]", 1, // 20 numbers, one for each channel and row
             CONV "%s = onnx.constant dense<[1, 20, 6]> : tensor<3xi64>\n"
                  "%r = onnx.reshape %c, %s {version = 14 : i64} : ([1x4x5x6], tensor<3xi64>) -> [1x20x6]\n"
                  "%y = bn.affine %r scale {20} offset {20} axis 1 : [1x20x6]"},
        Case{"squeeze_unsqueeze", "[1x3x5x6]", "[4x1x5x6]", 0,
             CONV "%a = onnx.constant dense<0> : tensor<1xi64>\n%a2 = onnx.constant dense<1> : tensor<1xi64>\n"
                  "%q = onnx.squeeze %c, %a {version = 13 : i64} : ([1x4x5x6], tensor<1xi64>) -> [4x5x6]\n"
                  "%u = onnx.unsqueeze %q, %a2 {version = 13 : i64} : ([4x5x6], tensor<1xi64>) -> [4x1x5x6]\n"
                  "%y = bn.affine %u scale {4} offset {4} axis 0 : [4x1x5x6]"},
        Case{"residual", "[1x3x5x6]", "[1x4x5x6]", 0,
             CONV CONV2 "%s = onnx.sub %c, %d {version = 14 : i64} : ([1x4x5x6], [1x4x5x6]) -> [1x4x5x6]\n" AFFINE("s", "[1x4x5x6]")},
        Case{"residual_constant", "[1x3x5x6]", "[1x4x5x6]", 0,
             CONV "$k [4x5x1]\n%s = onnx.add %k, %c {version = 14 : i64} : ([4x5x1], [1x4x5x6]) -> [1x4x5x6]\n" AFFINE("s", "[1x4x5x6]")},
        Case{"no_residual_of_input", "[1x4x5x6]", "[1x4x5x6]", 1,
             "$w [4x4x1x1]\n%c = onnx.conv %x, %w, %none {version = 11 : i64} : ([1x4x5x6], [4x4x1x1], none) -> [1x4x5x6]\n"
             "%s = onnx.add %c, %x {version = 14 : i64} : ([1x4x5x6], [1x4x5x6]) -> [1x4x5x6]\n" AFFINE("s", "[1x4x5x6]")},
        Case{"no_diamond", "[1x3x5x6]", "[1x4x5x6]", 1,
             CONV "%s = onnx.add %c, %c {version = 14 : i64} : ([1x4x5x6], [1x4x5x6]) -> [1x4x5x6]\n" AFFINE("s", "[1x4x5x6]")},
        Case{"concat", "[1x3x5x6]", "[1x8x5x6]", 0,
             CONV CONV2 "%s = onnx.concat %c, %d {axis = 1 : i64, version = 13 : i64} : ([1x4x5x6], [1x4x5x6]) -> [1x8x5x6]\n"
                        "%y = bn.affine %s scale {8} offset {8} axis 1 : [1x8x5x6]"},
        Case{"concat_rows", "[1x3x5x6]", "[1x4x10x6]", 0,
             CONV CONV2 "%s = onnx.concat %c, %d {axis = -2 : i64, version = 13 : i64} : ([1x4x5x6], [1x4x5x6]) -> [1x4x10x6]\n" AFFINE(
                 "s", "[1x4x10x6]")},
        Case{"no_concat_of_input", "[1x3x5x6]", "[1x7x5x6]", 1,
             CONV "%s = onnx.concat %c, %x {axis = 1 : i64, version = 13 : i64} : ([1x4x5x6], [1x3x5x6]) -> [1x7x5x6]\n"
                  "%y = bn.affine %s scale {7} offset {7} axis 1 : [1x7x5x6]"},
        Case{"split", "[1x3x5x6]", "[1x3x5x6]", 0, // the other part is read as it is
             CONV "%n = onnx.constant dense<[1, 3]> : tensor<2xi64>\n"
                  "%s:2 = onnx.split %c, %n {axis = 1 : i64, version = 13 : i64} : ([1x4x5x6], tensor<2xi64>) -> ([1x1x5x6], [1x3x5x6])\n"
                  "%a = bn.affine %s#1 scale {3} offset {3} axis 1 : [1x3x5x6]\n"
                  "%y = onnx.mul %s#0, %a {version = 14 : i64} : ([1x1x5x6], [1x3x5x6]) -> [1x3x5x6]"},
        Case{"slice", "[1x3x5x6]", "[1x2x5x6]", 0,
             CONV "%f = onnx.constant dense<-1> : tensor<1xi64>\n%t = onnx.constant dense<-4> : tensor<1xi64>\n"
                  "%a = onnx.constant dense<1> : tensor<1xi64>\n%n = onnx.constant dense<-2> : tensor<1xi64>\n"
                  "%s = onnx.slice %c, %f, %t, %a, %n {version = 13 : i64} : ([1x4x5x6], tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> [1x2x5x6]\n"
                  "%y = bn.affine %s scale {2} offset {2} axis 1 : [1x2x5x6]"},
        Case{"relu", "[1x3x5x6]", "[1x4x5x6]", 0,
             CONV "%r = onnx.relu %c {version = 14 : i64} : ([1x4x5x6]) -> [1x4x5x6]\n" POSITIVE("r", ZEROS, "[1x4x5x6]")},
        Case{"no_relu_with_shift", "[1x3x5x6]", "[1x4x5x6]", 1,
             CONV "%r = onnx.relu %c {version = 14 : i64} : ([1x4x5x6]) -> [1x4x5x6]\n" POSITIVE("r", "{4}", "[1x4x5x6]")},
        Case{"no_leaky_relu_with_negative_scale", "[1x3x5x6]", "[1x4x5x6]", 1,
             CONV "%r = onnx.leaky_relu %c {version = 16 : i64} : ([1x4x5x6]) -> [1x4x5x6]\n"
                  "%y = bn.affine %r scale [1.0, 2.0, -1.0, 0.0] offset " ZEROS " axis 1 : [1x4x5x6]"},
        Case{"max_pool", "[1x3x5x6]", "[1x4x5x6]", 0,
             CONV "%p, %i = onnx.max_pool %c {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, version = 12 : i64} : ([1x4x5x6]) -> ([1x4x5x6], none)\n" POSITIVE(
                 "p", "{4}", "[1x4x5x6]")},
        Case{"no_max_pool_with_negative_scale", "[1x3x5x6]", "[1x4x4x5]", 1,
             CONV "%p, %i = onnx.max_pool %c {kernel_shape = array<i64: 2, 2>, version = 12 : i64} : ([1x4x5x6]) -> ([1x4x4x5], none)\n" AFFINE("p", "[1x4x4x5]")},
        Case{"average_pool", "[1x3x5x6]", "[1x4x5x6]", 0,
             CONV "%p = onnx.average_pool %c {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, version = 11 : i64} : ([1x4x5x6]) -> [1x4x5x6]\n" AFFINE(
                 "p", "[1x4x5x6]")},
        Case{"no_average_pool_that_counts_zeros", "[1x3x5x6]", "[1x4x5x6]", 1,
             CONV "%p = onnx.average_pool %c {count_include_pad = 1 : i64, kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, version = 11 : i64} : ([1x4x5x6]) -> [1x4x5x6]\n" AFFINE(
                 "p", "[1x4x5x6]")},
        Case{"reduce_mean", "[1x3x5x6]", "[1x4]", 0,
             CONV "%p = onnx.reduce_mean %c, %none {axes = array<i64: 2, -1>, keepdims = 0 : i64, version = 13 : i64} : ([1x4x5x6], none) -> [1x4]\n" AFFINE("p", "[1x4]")},
        Case{"pad", "[1x3x5x6]", "[1x4x7x6]", 0, // what is inserted is scaled, too
             CONV "%n = onnx.constant dense<[0, 0, 1, 0, 0, 0, 1, 0]> : tensor<8xi64>\n$v [1]\n"
                  "%s = onnx.constant dense<0.5> : tensor<f32>\n"
                  "%p = onnx.pad %c, %n, %s, %none {version = 13 : i64} : ([1x4x5x6], tensor<8xi64>, tensor<f32>, none) -> [1x4x7x6]\n"
                  "%y = bn.affine %p scale [2.0, 2.0, 2.0, 2.0] offset [3.0, 3.0, 3.0, 3.0] axis 1 : [1x4x7x6]"},
        Case{"no_pad_by_channel", "[1x3x5x6]", "[1x4x7x6]", 1,
             CONV "%n = onnx.constant dense<[0, 0, 1, 0, 0, 0, 1, 0]> : tensor<8xi64>\n"
                  "%p = onnx.pad %c, %n, %none, %none {version = 13 : i64} : ([1x4x5x6], tensor<8xi64>, none, none) -> [1x4x7x6]\n" AFFINE("p", "[1x4x7x6]")},
        Case{"product", "[1x3x5x6]", "[1x4x5x6]", 0, // only one factor has the channels
             CONV "%t = onnx.reduce_mean %c, %none {axes = array<i64: 1>, version = 13 : i64} : ([1x4x5x6], none) -> [1x1x5x6]\n"
             CONV2 "%m = onnx.mul %t, %d {version = 14 : i64} : ([1x1x5x6], [1x4x5x6]) -> [1x4x5x6]\n"
             "%y = bn.affine %m scale {4} offset " ZEROS " axis 1 : [1x4x5x6]"},
        Case{"through_a_shift", "[2x3x5]", "[2x3x4]", 1, // the scale passes the shift that a product cannot take
             "$w [5x4]\n%c = onnx.mat_mul %x, %w {version = 13 : i64} : ([2x3x5], [5x4]) -> [2x3x4]\n"
             "%s = bn.affine %c scale [1.0, 1.0, 1.0, 1.0] offset {4} axis 2 : [2x3x4]\n"
             "%f = onnx.transpose %s {perm = array<i64: 1, 0, 2>, version = 13 : i64} : ([2x3x4]) -> [3x2x4]\n"
             "%a = bn.affine %f scale {4} offset {4} axis 2 : [3x2x4]\n"
             "%y = onnx.transpose %a {perm = array<i64: 1, 0, 2>, version = 13 : i64} : ([3x2x4]) -> [2x3x4]"}),
    [](const auto &info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Forward, Moves,
    ::testing::Values(
        Case{"into_conv", "[1x4x5x6]", "[1x6x4x4]", 0,
             "%a = bn.affine %x scale {4} offset {4} axis 1 : [1x4x5x6]\n$w [6x2x2x3]\n$b [6]\n"
             "%y = onnx.conv %a, %w, %b {group = 2 : i64, version = 11 : i64} : ([1x4x5x6], [6x2x2x3], [6]) -> [1x6x4x4]"},
        Case{"into_padded_conv", "[1x4x5x6]", "[1x3x5x6]", 0,
             "%a = bn.affine %x scale {4} offset " ZEROS " axis 1 : [1x4x5x6]\n$w [3x4x3x3]\n"
             "%y = onnx.conv %a, %w, %none {pads = array<i64: 1, 1, 1, 1>, version = 11 : i64} : ([1x4x5x6], [3x4x3x3], none) -> [1x3x5x6]"},
        Case{"no_shift_into_padded_conv", "[1x4x5x6]", "[1x3x5x6]", 1,
             "%a = bn.affine %x scale [1.0, 1.0, 1.0, 1.0] offset {4} axis 1 : [1x4x5x6]\n$w [3x4x3x3]\n"
             "%y = onnx.conv %a, %w, %none {pads = array<i64: 1, 1, 1, 1>, version = 11 : i64} : ([1x4x5x6], [3x4x3x3], none) -> [1x3x5x6]"},
        Case{"into_conv_transpose", "[1x4x5x6]", "[1x6x6x8]", 0,
             "%a = bn.affine %x scale {4} offset " ZEROS " axis 1 : [1x4x5x6]\n$w [4x3x2x3]\n"
             "%y = onnx.conv_transpose %a, %w, %none {group = 2 : i64, version = 11 : i64} : ([1x4x5x6], [4x3x2x3], none) -> [1x6x6x8]"},
        Case{"into_gemm", "[3x4]", "[3x5]", 0,
             "%a = bn.affine %x scale {4} offset {4} axis 1 : [3x4]\n$w [4x5]\n$b [5]\n"
             "%y = onnx.gemm %a, %w, %b {alpha = 0.5 : f32, beta = 3.0 : f32, version = 13 : i64} : ([3x4], [4x5], [5]) -> [3x5]"},
        Case{"into_transposed_gemm", "[4x3]", "[3x5]", 0,
             "%a = bn.affine %x scale {4} offset {4} axis 0 : [4x3]\n$w [5x4]\n"
             "%y = onnx.gemm %a, %w, %none {alpha = 0.5 : f32, transA = 1 : i64, transB = 1 : i64, version = 13 : i64} : ([4x3], [5x4], none) -> [3x5]"},
        Case{"into_mat_mul_and_its_shift", "[2x3x4]", "[2x3x5]", 1,
             "%a = bn.affine %x scale {4} offset {4} axis 2 : [2x3x4]\n$w [4x5]\n"
             "%m = onnx.mat_mul %a, %w {version = 13 : i64} : ([2x3x4], [4x5]) -> [2x3x5]\n"
             "%y = bn.affine %m scale [1.0, 1.0, 1.0, 1.0, 1.0] offset {5} axis 2 : [2x3x5]"},
        Case{"into_left_mat_mul", "[2x4x3]", "[2x5x3]", 0,
             "%a = bn.affine %x scale {4} offset " ZEROS " axis 1 : [2x4x3]\n$w [5x4]\n"
             "%y = onnx.mat_mul %w, %a {version = 13 : i64} : ([5x4], [2x4x3]) -> [2x5x3]"},
        Case{"into_all_readers", "[1x4x5x6]", "[1x3x5x6]", 0,
             "%a = bn.affine %x scale {+4} offset " ZEROS " axis 1 : [1x4x5x6]\n$w [3x4x1x1]\n$v [3x4x1x1]\n"
             "%r = onnx.relu %a {version = 14 : i64} : ([1x4x5x6]) -> [1x4x5x6]\n"
             "%c = onnx.conv %a, %w, %none {version = 11 : i64} : ([1x4x5x6], [3x4x1x1], none) -> [1x3x5x6]\n"
             "%d = onnx.conv %r, %v, %none {version = 11 : i64} : ([1x4x5x6], [3x4x1x1], none) -> [1x3x5x6]\n"
             "%y = onnx.add %c, %d {version = 14 : i64} : ([1x3x5x6], [1x3x5x6]) -> [1x3x5x6]"},
        Case{"no_reader_forgotten", "[1x4x5x6]", "[1x4x5x6]", 1,
             "%a = bn.affine %x scale {4} offset " ZEROS " axis 1 : [1x4x5x6]\n$w [4x4x1x1]\n"
             "%c = onnx.conv %a, %w, %none {version = 11 : i64} : ([1x4x5x6], [4x4x1x1], none) -> [1x4x5x6]\n"
             "%y = onnx.add %a, %c {version = 14 : i64} : ([1x4x5x6], [1x4x5x6]) -> [1x4x5x6]"},
        Case{"through_pool_and_flatten", "[1x4x5x6]", "[1x5]", 0,
             "%a = bn.affine %x scale {4} offset {4} axis 1 : [1x4x5x6]\n$w [4x5]\n"
             "%p = onnx.global_average_pool %a {version = 1 : i64} : ([1x4x5x6]) -> [1x4x1x1]\n"
             "%f = onnx.flatten %p {version = 13 : i64} : ([1x4x1x1]) -> [1x4]\n"
             "%y = onnx.gemm %f, %w, %none {version = 13 : i64} : ([1x4], [4x5], none) -> [1x5]"},
        Case{"through_concat_and_product", "[1x4x5x6]", "[1x3x5x6]", 0,
             "%a = bn.affine %x scale {4} offset " ZEROS " axis 1 : [1x4x5x6]\n$w [3x8x1x1]\n"
             "%m = onnx.mul %a, %x {version = 14 : i64} : ([1x4x5x6], [1x4x5x6]) -> [1x4x5x6]\n"
             "%t = onnx.concat %x, %m {axis = 1 : i64, version = 13 : i64} : ([1x4x5x6], [1x4x5x6]) -> [1x8x5x6]\n"
             "%y = onnx.conv %t, %w, %none {version = 11 : i64} : ([1x8x5x6], [3x8x1x1], none) -> [1x3x5x6]"},
        Case{"through_split_and_transpose", "[1x5x4]", "[1x5x2]", 0,
             "%a = bn.affine %x scale {4} offset {4} axis 2 : [1x5x4]\n$w [2x1x1]\n$v [2x3x1]\n$b [2]\n"
             "%n = onnx.constant dense<[1, 3]> : tensor<2xi64>\n"
             "%t = onnx.transpose %a {perm = array<i64: 0, 2, 1>, version = 13 : i64} : ([1x5x4]) -> [1x4x5]\n"
             "%s:2 = onnx.split %t, %n {axis = 1 : i64, version = 13 : i64} : ([1x4x5], tensor<2xi64>) -> ([1x1x5], [1x3x5])\n"
             "%c = onnx.conv %s#0, %w, %b {version = 11 : i64} : ([1x1x5], [2x1x1], [2]) -> [1x2x5]\n"
             "%d = onnx.conv %s#1, %v, %none {version = 11 : i64} : ([1x3x5], [2x3x1], none) -> [1x2x5]\n"
             "%e = onnx.add %c, %d {version = 14 : i64} : ([1x2x5], [1x2x5]) -> [1x2x5]\n"
             "%y = onnx.transpose %e {perm = array<i64: 0, 2, 1>, version = 13 : i64} : ([1x2x5]) -> [1x5x2]"},
        Case{"scale_forward_shift_stays", "[1x4x5x6]", "[1x3x5x6]", 1, // worth two nodes before, one after
             "%a = bn.affine %x scale {4} offset {4} axis 1 : [1x4x5x6]\n$w [3x4x3x3]\n"
             "%y = onnx.conv %a, %w, %none {pads = array<i64: 1, 1, 1, 1>, version = 11 : i64} : ([1x4x5x6], [3x4x3x3], none) -> [1x3x5x6]"},
        Case{"scale_forward_shift_backward", "[1x3x5x6]", "[1x3x5x6]", 0,
             "$k [4x3x1x1]\n%c = onnx.conv %x, %k, %none {version = 11 : i64} : ([1x3x5x6], [4x3x1x1], none) -> [1x4x5x6]\n"
             "%p = onnx.average_pool %c {kernel_shape = array<i64: 1, 1>, version = 11 : i64} : ([1x4x5x6]) -> [1x4x5x6]\n"
             "%a = bn.affine %p scale {4} offset {4} axis 1 : [1x4x5x6]\n$w [3x4x3x3]\n"
             "%y = onnx.conv %a, %w, %none {pads = array<i64: 1, 1, 1, 1>, version = 11 : i64} : ([1x4x5x6], [3x4x3x3], none) -> [1x3x5x6]"},
        Case{"shift_forward_scale_backward", "[1x3x5x6]", "[1x3x5x6]", 0, // scales pass a ReLU, shifts do not
             CONV "%r = onnx.relu %c {version = 14 : i64} : ([1x4x5x6]) -> [1x4x5x6]\n"
                  "%a = bn.affine %r scale {+4} offset {4} axis 1 : [1x4x5x6]\n$w3 [3x4x1x1]\n"
                  "%y = onnx.conv %a, %w3, %none {version = 11 : i64} : ([1x4x5x6], [3x4x1x1], none) -> [1x3x5x6]"}),
    [](const auto &info) { return std::string(info.param.name); });

} // namespace
