// CodeCache.cpp - compiled code that one process leaves for the next.
// SPDX-License-Identifier: Apache-2.0

#include "CodeCache.h"

#include "ProgramPath.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/StorageInterface.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
/// A stream that keeps nothing but the hash of what goes through it. Where constants lie in mapped files, their pages leave memory at once:
/// where the code is kept, nobody reads them again.
class HashStream : public llvm::raw_ostream {
public:
  explicit HashStream(const onnx::StorageInterface *storage) : storage(storage) { SetBufferSize(1 << 14); }
  ~HashStream() override { flush(); }
  std::string finish() {
    flush();
    return llvm::toHex(hash.final<16>(), /*LowerCase=*/true);
  }

private:
  void write_impl(const char *bytes, size_t size) override {
    hash.update({reinterpret_cast<const uint8_t *>(bytes), size});
    written += size;
    if (storage && size > GetBufferSize()) // no copy in the stream's buffer
      storage->release({bytes, size});
  }
  uint64_t current_pos() const override { return written; }

  const onnx::StorageInterface *storage;
  llvm::BLAKE3 hash;
  uint64_t written = 0;
};
} // namespace

/// This program: another build may compile differently.
static void writeProgram(raw_ostream &os) {
  llvm::sys::fs::file_status status;
  if (!llvm::sys::fs::status(getProgramPath(), status))
    os << status.getSize() << ' ' << status.getLastModificationTime().time_since_epoch().count() << '\n';
}

/// The processor that code is made for.
static void writeProcessor(raw_ostream &os) {
  os << llvm::sys::getHostCPUName() << '\n';
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    os << (feature.getValue() ? "+" : "-") << feature.getKey() << ' ';
}

static std::optional<SmallString<128>> findFolder() {
  SmallString<128> folder;
  if (std::optional<std::string> cache = llvm::sys::Process::GetEnv("BN_CACHE"); cache && !cache->empty())
    folder = *cache;
  else if (llvm::sys::path::cache_directory(folder))
    llvm::sys::path::append(folder, "bn");
  else
    return std::nullopt;
  llvm::sys::path::append(folder, "code");
  return folder;
}

std::optional<CodeCache> CodeCache::find(ModuleOp module, TypeRange inputs, const ExecutionOptions &options) {
  std::optional<SmallString<128>> folder = options.cache ? findFolder() : std::nullopt;
  if (!folder)
    return std::nullopt;
  HashStream hash(onnx::getStorage(module.getContext()));
  writeProgram(hash);
  writeProcessor(hash);
  hash << options.processor << '\n' << options.winograd << options.strassen << static_cast<int>(options.precision) << '\n';
  llvm::interleave(inputs, hash, ";");
  (void)writeBytecodeToFile(module, hash);
  module.walk([](onnx::ConstantOp constant) { onnx::releaseStorage(constant.getValue()); }); // small ones, and the ends of large ones
  CodeCache cache;
  cache.folder = cache.path = *folder;
  llvm::sys::path::append(cache.path, "llvmcache-" + hash.finish()); // the names that llvm::pruneCache looks at
  return cache;
}

std::optional<CompiledModel> CodeCache::load(Session &session) const {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return std::nullopt;
  Expected<CompiledModel> model = readCompiledModel(std::move(*file), session.getContext());
  if (model)
    return std::move(*model);
  llvm::consumeError(model.takeError());
  llvm::consumeError(session.getDiagnostics().takeErrors(std::errc::bad_message, ""));
  return std::nullopt;
}

} // namespace bn::driver
