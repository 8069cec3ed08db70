// external_data.cpp - weights in files beside the model: read, written again, moved out, and not read from elsewhere.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Onnx/Export.h"
#include "bn/Onnx/Import.h"

#include "onnx/onnx_pb.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <numeric>

using namespace llvm;

namespace {
class ExternalData : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(sys::fs::createUniqueDirectory("external", folder));
    ASSERT_FALSE(sys::fs::create_directory(folder + "/model"));
    model.set_ir_version(8);
    model.add_opset_import()->set_version(17);
    model.mutable_graph()->set_name("g");
  }
  void TearDown() override { sys::fs::remove_directories(folder); }

  std::string at(const Twine &path) { return (folder + "/" + path).str(); }

  void write(const Twine &path, StringRef bytes) {
    std::error_code code;
    raw_fd_ostream(at(path), code) << bytes;
    ASSERT_FALSE(code);
  }
  std::string read(const Twine &path) {
    auto buffer = MemoryBuffer::getFile(at(path));
    return buffer ? (*buffer)->getBuffer().str() : "missing";
  }

  /// Adds an initializer of `count` floats at the place that `entries` say.
  void addTensor(StringRef name, int64_t count, std::vector<std::pair<std::string, std::string>> entries) {
    onnx::TensorProto &tensor = *model.mutable_graph()->add_initializer();
    tensor.set_name(name.str());
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(count);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    for (auto &[key, value] : entries) {
      tensor.add_external_data()->set_key(key);
      tensor.mutable_external_data()->rbegin()->set_value(value);
    }
  }

  /// Imports model/m.onnx and exports it as `target`.
  Error convert(const Twine &target, bool externalData = false) {
    write("model/m.onnx", model.SerializeAsString());
    mlir::MLIRContext context;
    auto module = bn::onnx::importModel(at("model/m.onnx"), &context);
    if (!module)
      return module.takeError();
    return bn::onnx::exportModel(**module, at(target), {externalData});
  }

  void expectRefused(StringRef part) {
    Error error = convert("out.onnx");
    ASSERT_TRUE(bool(error));
    std::string message = toString(std::move(error));
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_FALSE(sys::fs::exists(at("out.onnx")));
  }

  SmallString<128> folder;
  onnx::ModelProto model;
};

std::string makeFloats(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.0f);
  return {reinterpret_cast<const char *>(values.data()), count * sizeof(float)};
}
} // namespace

// Two files, one of them in a folder of its own; offsets, a gap, and no length.
TEST_F(ExternalData, StaysWhereItWas) {
  ASSERT_FALSE(sys::fs::create_directory(at("model/deep")));
  write("model/a.bin", std::string(16, '\0') + makeFloats(500));
  write("model/deep/b.bin", makeFloats(3));
  addTensor("large", 500, {{"location", "a.bin"}, {"offset", "16"}, {"length", "2000"}, {"checksum", "0"}});
  addTensor("small", 3, {{"location", "deep/b.bin"}});
  ASSERT_FALSE(sys::fs::create_directory(at("copy")));
  ASSERT_FALSE(errorToErrorCode(convert("copy/m.onnx")));
  onnx::ModelProto copy;
  ASSERT_TRUE(copy.ParseFromString(read("copy/m.onnx")));
  EXPECT_EQ(copy.SerializeAsString(), model.SerializeAsString());
  EXPECT_EQ(read("copy/a.bin"), read("model/a.bin"));
  EXPECT_EQ(read("copy/deep/b.bin"), read("model/deep/b.bin"));
}

TEST_F(ExternalData, FileWithOtherContentsIsNotOverwritten) {
  write("model/a.bin", makeFloats(500));
  addTensor("large", 500, {{"location", "a.bin"}, {"length", "2000"}});
  ASSERT_FALSE(sys::fs::create_directory(at("copy")));
  write("copy/a.bin", "precious");
  ASSERT_FALSE(errorToErrorCode(convert("copy/m.onnx")));
  EXPECT_EQ(read("copy/a.bin"), "precious");
  onnx::ModelProto copy;
  ASSERT_TRUE(copy.ParseFromString(read("copy/m.onnx")));
  EXPECT_EQ(copy.graph().initializer(0).raw_data(), makeFloats(500));
}

TEST_F(ExternalData, MovesOutWhenAsked) {
  onnx::TensorProto &tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(300);
  tensor.set_raw_data(makeFloats(300));
  ASSERT_FALSE(errorToErrorCode(convert("out.onnx", /*externalData=*/true)));
  EXPECT_EQ(read("out.onnx.data"), makeFloats(300));
  onnx::ModelProto copy;
  ASSERT_TRUE(copy.ParseFromString(read("out.onnx")));
  EXPECT_FALSE(copy.graph().initializer(0).has_raw_data());
  EXPECT_EQ(copy.graph().initializer(0).external_data(0).value(), "out.onnx.data");
}

// The file is sparse, so the test needs no disk; inside the model these weights have no room.
TEST_F(ExternalData, MoreThanTwoGigabytes) {
  constexpr int64_t count = 600'000'000;
  int fd;
  ASSERT_FALSE(sys::fs::openFileForWrite(at("model/huge.bin"), fd));
  ASSERT_FALSE(sys::fs::resize_file_sparse(fd, count * sizeof(float)));
  ASSERT_FALSE(sys::fs::closeFile(fd));
  addTensor("w", count, {{"location", "huge.bin"}});
  EXPECT_FALSE(errorToErrorCode(convert("model/copy.onnx")));
  onnx::ModelProto copy;
  ASSERT_TRUE(copy.ParseFromString(read("model/copy.onnx")));
  EXPECT_EQ(copy.SerializeAsString(), model.SerializeAsString());

  ASSERT_FALSE(sys::fs::create_directory(at("copy")));
  write("copy/huge.bin", "precious");
  EXPECT_EQ(errorToErrorCode(convert("copy/m.onnx")), std::errc::not_supported);
  EXPECT_FALSE(sys::fs::exists(at("copy/m.onnx")));
}

TEST_F(ExternalData, no_PlaceOutsideTheFolder) {
  write("secret.bin", makeFloats(3));
  for (const std::string &location : {std::string("../secret.bin"), at("secret.bin"), std::string("deep/../../secret.bin")}) {
    model.mutable_graph()->clear_initializer();
    addTensor("w", 3, {{"location", location}});
    expectRefused("inside the model's folder");
  }
}

TEST_F(ExternalData, no_LinkOutOfTheFolder) {
  write("secret.bin", makeFloats(3));
  ASSERT_FALSE(sys::fs::create_link(at("secret.bin"), at("model/link.bin")));
  addTensor("w", 3, {{"location", "link.bin"}});
  expectRefused("a link out of it");
}

TEST_F(ExternalData, no_PlacePastTheEnd) {
  write("model/a.bin", makeFloats(3));
  for (auto [offset, length] : {std::pair("4", "12"), {"13", "0"}, {"18446744073709551615", "12"}}) {
    model.mutable_graph()->clear_initializer();
    addTensor("w", 3, {{"location", "a.bin"}, {"offset", offset}, {"length", length}});
    expectRefused("tensor 'w': expected external data within the 12 bytes of 'a.bin'");
  }
}

TEST_F(ExternalData, no_NumberThatIsNone) {
  write("model/a.bin", makeFloats(3));
  addTensor("w", 3, {{"location", "a.bin"}, {"offset", "-1"}});
  expectRefused("expected external data to have a number as offset, got '-1'");
}

TEST_F(ExternalData, no_MissingFile) {
  addTensor("w", 3, {{"location", "gone.bin"}});
  write("model/m.onnx", model.SerializeAsString());
  mlir::MLIRContext context;
  auto module = bn::onnx::importModel(at("model/m.onnx"), &context);
  ASSERT_FALSE(bool(module));
  EXPECT_EQ(errorToErrorCode(module.takeError()), std::errc::no_such_file_or_directory);
}
