// mutations.cpp - damaged models give a clean error or a valid module, never a crash.
// SPDX-License-Identifier: Apache-2.0
//
// usage: mutations COUNT MODEL...
// Every model is damaged COUNT times, in a way that depends on the number of the attempt alone: cut off, bits flipped, or a
// piece overwritten by another piece.

#include "bn/Onnx/Export.h"
#include "bn/Onnx/Import.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <random>

using namespace llvm;

static void damage(std::string &bytes, unsigned attempt) {
  std::mt19937 random(attempt);
  auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  if (attempt % 3 == 0)
    return bytes.resize(below(bytes.size()));
  if (attempt % 3 == 1) {
    for (size_t i = 0, flips = 1 + below(8); i < flips; ++i)
      bytes[below(bytes.size())] ^= static_cast<char>(1u << below(8));
    return;
  }
  size_t length = 1 + below(std::min<size_t>(bytes.size() / 2, 64));
  bytes.replace(below(bytes.size() - length), length, bytes.substr(below(bytes.size() - length), length));
}

/// What is wrong with how the file is taken; empty if nothing is.
static std::string check(StringRef path, StringRef copy) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = bn::onnx::importModel(path, &context);
  Error error = module ? Error::success() : module.takeError();
  if (!error && failed(mlir::verify(**module)))
    return "the module is invalid";
  if (!error)
    error = bn::onnx::exportModel(**module, copy);
  std::string problem;
  handleAllErrors(std::move(error), [&](const ErrorInfoBase &info) {
    std::error_code code = info.convertToErrorCode();
    if (code != std::errc::bad_message && code != std::errc::not_supported)
      problem = "code " + code.message() + ": " + info.message();
    else if (StringRef(info.message()).contains('\n'))
      problem = "several lines: " + info.message();
  });
  return problem;
}

int main(int argc, char **argv) {
  unsigned failures = 0, attempts = argc > 1 ? std::stoul(argv[1]) : 0;
  SmallString<128> path, copy;
  if (argc < 3 || sys::fs::createTemporaryFile("mutation", "onnx", path) || sys::fs::createTemporaryFile("mutation", "onnx", copy))
    return 2;
  for (int i = 2; i < argc; ++i) {
    auto original = MemoryBuffer::getFile(argv[i]);
    if (!original) {
      errs() << argv[i] << ": " << original.getError().message() << "\n";
      return 2;
    }
    for (unsigned attempt = 0; attempt < attempts; ++attempt) {
      std::string bytes = (*original)->getBuffer().str();
      damage(bytes, attempt);
      std::error_code code;
      raw_fd_ostream(path, code) << bytes;
      if (std::string problem = check(path, copy); !problem.empty()) {
        outs() << argv[i] << ", attempt " << attempt << ": " << problem << "\n";
        ++failures;
      }
    }
  }
  sys::fs::remove(path);
  sys::fs::remove(copy);
  outs() << attempts << " attempts, " << failures << " failures\n";
  return failures != 0;
}
