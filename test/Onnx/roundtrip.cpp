// roundtrip.cpp - imports and exports every model below the given folders; the messages must be equal.
// SPDX-License-Identifier: Apache-2.0
//
// usage: roundtrip [--expect N] PATH...   (N: how many models there must be at least)

#include "bn/Onnx/Export.h"
#include "bn/Onnx/Import.h"

#include "onnx/onnx_pb.h"

#include "google/protobuf/util/message_differencer.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

static std::vector<std::string> findModels(StringRef root) {
  if (!sys::fs::is_directory(root))
    return {root.str()};
  std::vector<std::string> paths;
  std::error_code code;
  for (sys::fs::recursive_directory_iterator it(root, code), end; it != end && !code; it.increment(code))
    if (StringRef(it->path()).ends_with(".onnx"))
      paths.push_back(it->path());
  llvm::sort(paths);
  return paths;
}

/// Parses a file with protobuf alone.
static bool parse(StringRef path, onnx::ModelProto &model) {
  auto buffer = MemoryBuffer::getFile(path, false, false);
  return buffer && model.ParseFromArray((*buffer)->getBufferStart(), static_cast<int>((*buffer)->getBufferSize()));
}

/// Why the model does not come out as it went in; empty if it does.
static std::string checkModel(StringRef path, StringRef copy) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = bn::onnx::importModel(path, &context);
  if (!module)
    return "import: " + toString(module.takeError());
  if (failed(mlir::verify(**module)))
    return "the module is invalid";
  if (Error error = bn::onnx::exportModel(**module, copy))
    return "export: " + toString(std::move(error));
  onnx::ModelProto before, after;
  if (!parse(path, before) || !parse(copy, after))
    return "protobuf cannot read one of the files";
  // Equal bytes first: a NaN differs from itself.
  if (before.SerializeAsString() == after.SerializeAsString())
    return "";
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  return differencer.Compare(before, after) ? "" : difference.substr(0, 600);
}

int main(int argc, char **argv) {
  size_t expected = 1, count = 0, failures = 0;
  SmallString<128> copy;
  if (sys::fs::createTemporaryFile("roundtrip", "onnx", copy))
    return 2;
  for (int i = 1; i < argc; ++i) {
    if (StringRef(argv[i]) == "--expect" && i + 1 < argc) {
      expected = std::stoul(argv[++i]);
      continue;
    }
    for (const std::string &path : findModels(argv[i])) {
      ++count;
      if (std::string message = checkModel(path, copy); !message.empty()) {
        outs() << path << ": " << message << "\n";
        ++failures;
      }
    }
  }
  sys::fs::remove(copy);
  outs() << count << " models, " << failures << " failures\n";
  return failures || count < expected;
}
