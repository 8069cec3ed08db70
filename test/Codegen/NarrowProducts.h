// NarrowProducts.h - products of factors narrower than 32 bits, several of which share a lane of a vector.
// SPDX-License-Identifier: Apache-2.0
//
// `Factors` are the numbers of a tensor: `values[i]`, `data()` for their bits in order, `arrange(count, placeOf)` for them at other places.

#ifndef BN_TEST_CODEGEN_NARROWPRODUCTS_H
#define BN_TEST_CODEGEN_NARROWPRODUCTS_H

#include "CompiledKernel.h"

namespace bn::test {

inline std::string tensor(llvm::ArrayRef<int> shape, const std::string &element) {
  std::string text = "tensor<";
  for (int size : shape)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

/// Lanes of 32 bits in the vectors of a target; 0 bits for all that this machine has.
inline int lanesOf(unsigned vectorBits) { return (vectorBits ? vectorBits : hostTarget().vectorBits) / 32; }

/// Where element i of an image [C][area] lies in [C/b][area][b].
inline auto imagePlaces(size_t area, size_t b) {
  return [=](size_t i) { return (i / area / b * area + i % area) * b + i / area % b; };
}

/// Where element i of a filter [O][I][taps] lies in [O/b][I/b][taps][b/q][b·q], with q factors to a lane.
inline auto filterPlaces(size_t inputs, size_t taps, size_t b, size_t q) {
  return [=, blocks = (inputs + b - 1) / b](size_t i) {
    size_t t = i % taps, channel = i / taps % inputs, o = i / taps / inputs;
    return ((((o / b * blocks + channel / b) * taps + t) * (b / q) + channel % b / q) * b + o % b) * q + channel % q;
  };
}

/// Where element i of matrices [G][K][N] lies in [G][N/b][K/q][b·q].
inline auto matrixPlaces(size_t depth, size_t columns, size_t b, size_t q) {
  return [=, blocks = (columns + b - 1) / b](size_t i) {
    size_t n = i % columns, k = i / columns % depth, g = i / columns / depth;
    return (((g * blocks + n / b) * (depth / q) + k / q) * b + n % b) * q + k % q;
  };
}

/// Products of matrices; `depth` is whole lanes.
struct Product {
  int matrices = 1, rows = 5, depth = 8, columns = 19;
  bool bias = true;
  unsigned threads = 1;
};

/// What the kernel makes of a product of factors of type `element`, `q` to a lane, on vectors of so many bits.
template <typename Factors, typename Sum>
std::vector<Sum> multiply(const Product &p, const std::string &element, int q, unsigned vectorBits, Factors &left, Factors &right,
                          const std::vector<Sum> &bias) {
  int b = lanesOf(vectorBits), blocks = (p.columns + b - 1) / b;
  std::string sum = std::is_same_v<Sum, int> ? "i32" : "f32";
  std::string l = tensor({p.matrices, p.rows, p.depth}, element), r = tensor({p.matrices, blocks, p.depth / q, b * q}, element);
  std::string added = tensor({p.columns}, sum), y = tensor({p.matrices, p.rows, p.columns}, sum);
  std::string text = "func.func @main(%l: " + l + ", %r: " + r + ", %b: " + added + ") -> " + y + " {\n %out = tensor.empty() : " + y;
  text += std::string("\n %y = kernel.matmul %l, %r") + (p.bias ? " bias %b" : "") + " outs(%out) {packed} : (" + l + ", " + r;
  text += (p.bias ? ", " + added : "") + ", " + y + ") -> " + y + "\n return %y : " + y + "\n}\n";
  std::vector<Sum> got(p.matrices * p.rows * p.columns);
  CompiledKernel kernel(text, p.threads, vectorBits);
  kernel.run({left.data(), right.arrange(p.matrices * blocks * p.depth * b, matrixPlaces(p.depth, p.columns, b, q)), bias.data()},
             {got.data()});
  return got;
}

/// The same by plain loops, each sum taken in `Wide`.
template <typename Wide, typename Factors, typename Sum>
std::vector<Sum> multiplyPlainly(const Product &p, const Factors &left, const Factors &right, const std::vector<Sum> &bias) {
  std::vector<Sum> expected;
  for (int g = 0; g < p.matrices; ++g)
    for (int m = 0; m < p.rows; ++m)
      for (int n = 0; n < p.columns; ++n) {
        Wide sum = p.bias ? bias[n] : 0;
        for (int k = 0; k < p.depth; ++k)
          sum += Wide(left[(g * p.rows + m) * p.depth + k]) * right[(g * p.depth + k) * p.columns + n];
        expected.push_back(sum);
      }
  return expected;
}

} // namespace bn::test

#endif // BN_TEST_CODEGEN_NARROWPRODUCTS_H
