// storage.cpp - memory of weights in files may go and come back; that of others stays.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/StorageInterface.h"
#include "bn/Onnx/Import.h"

#include "onnx/onnx_pb.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace llvm;

namespace {

TEST(Storage, released_bytes_stay_readable) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  model.mutable_graph()->set_name("g");
  onnx::TensorProto &tensor = *model.mutable_graph()->add_initializer();
  constexpr int64_t count = 100000;
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::UINT8);
  tensor.add_dims(count);
  for (int64_t i = 0; i < count; ++i)
    tensor.mutable_raw_data()->push_back(static_cast<char>(i % 251));

  SmallString<128> path;
  int fd;
  ASSERT_FALSE(sys::fs::createTemporaryFile("storage", "onnx", fd, path));
  FileRemover remover(path);
  raw_fd_ostream(fd, true) << model.SerializeAsString();

  mlir::DialectRegistry registry;
  bn::onnx::registerSchemaInterface(registry);
  mlir::MLIRContext context(registry);
  auto module = bn::onnx::importModel(path, &context);
  ASSERT_TRUE(bool(module)) << toString(module.takeError());
  auto *storage = context.getLoadedDialect<bn::onnx::OnnxDialect>()->getRegisteredInterface<bn::onnx::StorageInterface>();
  ASSERT_TRUE(storage);

  bool seen = false;
  (*module)->walk([&](bn::onnx::ConstantOp constant) {
    ArrayRef<char> bytes = cast<mlir::DenseResourceElementsAttr>(constant.getValue()).getData();
    storage->release(bytes);
    EXPECT_EQ(StringRef(bytes.data(), bytes.size()), tensor.raw_data());
    seen = true;
  });
  EXPECT_TRUE(seen);
  std::vector<char> elsewhere(count, 7);
  storage->release(elsewhere);
  EXPECT_EQ(std::count(elsewhere.begin(), elsewhere.end(), 7), count);
}

} // namespace
