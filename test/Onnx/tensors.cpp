// tensors.cpp - elements of every width come out of TensorProto files as HostTensor stores them.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/Onnx.h"
#include "bn/Onnx/TestData.h"

#include "onnx/onnx-data.pb.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace llvm;
using onnx::TensorProto;

static Expected<bn::HostTensor> read(const google::protobuf::MessageLite &message, mlir::MLIRContext &context) {
  SmallString<128> path;
  int fd;
  if (std::error_code code = sys::fs::createTemporaryFile("tensor", "pb", fd, path))
    return errorCodeToError(code);
  FileRemover remover(path);
  raw_fd_ostream(fd, true) << message.SerializeAsString();
  return bn::onnx::readTensor(path, &context);
}

static TensorProto makeTensor(int type, std::vector<int64_t> dims) {
  TensorProto tensor;
  tensor.set_data_type(type);
  for (int64_t dim : dims)
    tensor.add_dims(dim);
  return tensor;
}

TEST(Tensors, RawAndTypedFieldsAgree) {
  mlir::MLIRContext context;
  TensorProto raw = makeTensor(TensorProto::FLOAT, {2, 1}), typed = raw;
  const float values[] = {1.5f, -2.0f};
  raw.set_raw_data(values, sizeof(values));
  typed.add_float_data(1.5f);
  typed.add_float_data(-2.0f);
  auto a = read(raw, context), b = read(typed, context);
  ASSERT_TRUE(bool(a)) << toString(a.takeError());
  ASSERT_TRUE(bool(b)) << toString(b.takeError());
  EXPECT_EQ(a->bytes, b->bytes);
  EXPECT_EQ(a->type, mlir::RankedTensorType::get({2, 1}, mlir::Float32Type::get(&context)));
}

// Elements below 8 bits lie lowest bits first; here 3 elements fill one byte and a part of the next.
TEST(Tensors, SmallElementsTakeAByteEach) {
  mlir::MLIRContext context;
  const struct {
    int type;
    std::string packed;
    bn::HostBytes bytes;
  } cases[] = {{TensorProto::UINT4, "\x21\x0f", {1, 2, 15}},
               {TensorProto::INT4, "\x8f\x07", {15, 8, 7}},
               {TensorProto::UINT2, "\x39", {1, 2, 3}},
               {TensorProto::FLOAT6E2M3, std::string("\x81\x30\x00", 3), {1, 2, 3}}};
  for (const auto &[type, packed, bytes] : cases) {
    TensorProto tensor = makeTensor(type, {3});
    tensor.set_raw_data(packed);
    auto result = read(tensor, context);
    ASSERT_TRUE(bool(result)) << toString(result.takeError());
    EXPECT_EQ(result->bytes, bytes) << TensorProto::DataType_Name(type);
  }
}

TEST(Tensors, Strings) {
  mlir::MLIRContext context;
  TensorProto tensor = makeTensor(TensorProto::STRING, {2});
  tensor.add_string_data("a");
  tensor.add_string_data("");
  auto result = read(tensor, context);
  ASSERT_TRUE(bool(result)) << toString(result.takeError());
  EXPECT_EQ(result->strings, (std::vector<std::string>{"a", ""}));
}

TEST(Tensors, no_DataOfAnotherSize) {
  mlir::MLIRContext context;
  TensorProto tensor = makeTensor(TensorProto::FLOAT, {2, 3});
  tensor.set_raw_data("1234");
  auto result = read(tensor, context);
  ASSERT_FALSE(bool(result));
  std::string message = toString(result.takeError());
  EXPECT_NE(message.find("expected 24 bytes of data, got 4"), std::string::npos) << message;
}

TEST(Tensors, no_DimensionsThatOverflow) {
  mlir::MLIRContext context;
  for (auto dims : {std::vector<int64_t>{int64_t(1) << 40, int64_t(1) << 40}, {2, -1}}) {
    auto result = read(makeTensor(TensorProto::FLOAT, dims), context);
    ASSERT_FALSE(bool(result));
    EXPECT_EQ(errorToErrorCode(result.takeError()), std::errc::bad_message);
  }
}

TEST(Tensors, no_Sequences) {
  mlir::MLIRContext context;
  onnx::SequenceProto sequence;
  sequence.set_elem_type(onnx::SequenceProto::TENSOR);
  *sequence.add_tensor_values() = makeTensor(TensorProto::FLOAT, {0});
  auto result = read(sequence, context);
  ASSERT_FALSE(bool(result));
  EXPECT_EQ(errorToErrorCode(result.takeError()), std::errc::not_supported);
}
