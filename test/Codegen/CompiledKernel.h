// CompiledKernel.h - kernel form as text, compiled and run: the fixture of Codegen's number tests.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_TEST_CODEGEN_COMPILEDKERNEL_H
#define BN_TEST_CODEGEN_COMPILEDKERNEL_H

#include "bn/Codegen/Passes.h"
#include "bn/Codegen/Target.h"
#include "bn/Pipelines.h"
#include "bn/Runtime/Engine.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <random>

namespace bn::test {

/// A module in kernel form, compiled for plain vectors of so many bits, or with 0 for all that this machine has.
class CompiledKernel {
public:
  explicit CompiledKernel(const std::string &text, unsigned threads = 1, unsigned vectorBits = 512) {
    mlir::DialectRegistry registry;
    registerCodegenDialects(registry);
    context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
    module = mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
    if (!module)
      return;
    mlir::PassManager passes(context.get());
    buildCodegenPipeline(passes, vectorBits ? &targetOf(vectorBits) : nullptr);
    if (mlir::failed(passes.run(*module)))
      return;
    auto created = Engine::create(*module, {threads});
    if (created)
      engine = std::move(*created);
    else
      ADD_FAILURE() << llvm::toString(created.takeError());
  }

  /// Runs on buffers of any element types, in the order of the signature.
  void run(llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs) {
    ASSERT_TRUE(engine);
    llvm::Error error = engine->run(inputs, outputs);
    ASSERT_FALSE(static_cast<bool>(error)) << llvm::toString(std::move(error));
  }

  /// A number that the compiled module says of itself.
  int64_t getNumber(llvm::StringRef attribute) { return module.get()->getAttrOfType<mlir::IntegerAttr>(attribute).getInt(); }

private:
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Engine> engine;
};

/// The values of a function of `x` and, where `body` reads %b, of `y`; %one is 1. Computed on vectors and, in the last elements, scalars.
inline std::vector<float> computeElements(const std::string &body, const std::vector<float> &x, std::vector<float> y = {}) {
  std::string type = "tensor<" + std::to_string(x.size()) + "xf32>";
  CompiledKernel kernel("func.func @main(%x: " + type + ", %y: " + type + ") -> " + type +
                        " {\n %one = arith.constant 1.0 : f32\n %init = tensor.empty() : " + type +
                        "\n %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], "
                        "iterator_types = [\"parallel\"]} ins(%x, %y : " +
                        type + ", " + type + ") outs(%init : " + type + ") {\n^bb0(%a: f32, %b: f32, %o: f32):\n" + body +
                        "\n linalg.yield %r : f32\n } -> " + type + "\n return %z : " + type + "\n}\n");
  y.resize(x.size());
  std::vector<float> z(x.size());
  kernel.run({x.data(), y.data()}, {z.data()});
  return z;
}

/// Values in [-1, 1], the same for the same seed.
inline std::vector<float> randomValues(size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> distribution(-1, 1);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution(generator);
  return values;
}

/// Compares with a tolerance relative to the largest expected value.
inline void expectNear(llvm::ArrayRef<float> got, llvm::ArrayRef<float> expected, float tolerance = 1e-6f) {
  ASSERT_EQ(got.size(), expected.size());
  float largest = 0;
  for (float value : expected)
    largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(got[i], expected[i], tolerance * std::max(largest, 1e-3f)) << "element " << i;
}

} // namespace bn::test

#endif // BN_TEST_CODEGEN_COMPILEDKERNEL_H
