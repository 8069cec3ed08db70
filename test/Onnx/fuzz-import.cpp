// fuzz-import.cpp - a libFuzzer target: any bytes are imported or refused, and what is imported can be exported.
// SPDX-License-Identifier: Apache-2.0
//
// In the asan preset: build/asan/bin/fuzz-import -max_total_time=600 CORPUS, where CORPUS holds some small models.

#include "bn/Onnx/Export.h"
#include "bn/Onnx/Import.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <unistd.h>

using namespace llvm;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string path = "/tmp/fuzz-import-" + std::to_string(getpid()) + ".onnx", copy = path + ".copy";
  std::error_code code;
  raw_fd_ostream(path, code).write(reinterpret_cast<const char *>(data), size);
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = bn::onnx::importModel(path, &context);
  if (!module) {
    consumeError(module.takeError());
    return 0;
  }
  if (failed(mlir::verify(**module)))
    abort();
  consumeError(bn::onnx::exportModel(**module, copy));
  sys::fs::remove(copy);
  sys::fs::remove(path);
  return 0;
}
