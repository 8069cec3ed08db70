// LayerTest.h - a fixture with an engine for layers, tensors of the test's inputs and their comparison.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_TEST_LAYERS_LAYERTEST_H
#define BN_TEST_LAYERS_LAYERTEST_H

#include "bn/Driver/Elements.h"
#include "bn/Driver/LayerEngine.h"
#include "bn/Driver/Npy.h"
#include "bn/Layers/BatchNormalization.h"
#include "llvm/Support/MemoryBuffer.h"

#include "gtest/gtest.h"

#include <cmath>

/// A tensor with these elements.
inline bn::HostTensor makeReals(mlir::Type type, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values) {
  bn::HostTensor tensor = llvm::cantFail(bn::driver::makeTensor(mlir::RankedTensorType::get(shape, type)));
  for (auto [i, value] : llvm::enumerate(values))
    bn::driver::setReal(tensor, i, value);
  return tensor;
}

inline std::vector<double> getReals(const bn::HostTensor &tensor) {
  std::vector<double> values;
  for (int64_t i = 0; i < tensor.type.getNumElements(); ++i)
    values.push_back(bn::driver::getReal(tensor, i));
  return values;
}

/// Expects every element within `tolerance` of the tensor's scale, its largest element or 1.
inline void expectNear(llvm::ArrayRef<double> actual, llvm::ArrayRef<double> expected, double tolerance, const std::string &what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double scale = 1;
  for (double value : expected)
    scale = std::max(scale, std::abs(value));
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], tolerance * scale) << what << ", element " << i;
}

class LayerTest : public ::testing::Test {
protected:
  using Layer = bn::layers::BatchNormalization;

  /// A layer that the test expects to be possible.
  Layer make(bn::layers::Arguments arguments) { return llvm::cantFail(Layer::create(std::move(arguments), context, compiler)); }

  /// A tensor of the layer's default type.
  bn::HostTensor real(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values) {
    return makeReals(mlir::Float32Type::get(context), shape, values);
  }

  /// The message of an error; empty where there is none.
  static std::string getMessage(llvm::Error error) { return error ? llvm::toString(std::move(error)) : ""; }
  template <typename T> static std::string getMessage(llvm::Expected<T> value) { return getMessage(value.takeError()); }

  bn::driver::Session session;
  mlir::MLIRContext *context = session.getContext();
  bn::layers::Compiler compiler = bn::driver::makeLayerCompiler(session, {bn::driver::EngineKind::Reference, 1});
};

/// A file of the test's inputs, parsed as JSON.
inline llvm::json::Value readJson(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? llvm::cantFail(llvm::json::parse((*buffer)->getBuffer())) : llvm::json::Value(nullptr);
}

#endif // BN_TEST_LAYERS_LAYERTEST_H
