// ModelFile.cpp - models in and out of files of every format.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/ModelFile.h"

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/OutputFile.h"
#include "bn/Onnx/Export.h"
#include "bn/Onnx/Import.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

static std::optional<ModelFormat> parseFormat(StringRef name) {
  return llvm::StringSwitch<std::optional<ModelFormat>>(name)
      .Case("onnx", ModelFormat::Onnx)
      .Case("onnxtxt", ModelFormat::OnnxText)
      .Case("mlir", ModelFormat::Mlir)
      .Case("mlirbc", ModelFormat::MlirBytecode)
      .Default(std::nullopt);
}

Expected<ModelFormat> getFormat(StringRef path) {
  if (std::optional<ModelFormat> format = parseFormat(llvm::sys::path::extension(path).drop_front(path.contains('.') ? 1 : 0)))
    return *format;
  return makeError(std::errc::invalid_argument, "expected a model that ends in .onnx, .onnxtxt, .mlir or .mlirbc, got '" + path + "'");
}

static Expected<ModelFormat> parseSaveFormat(const SaveOptions &options, bool toStdout) {
  if (!toStdout && !options.format.empty())
    return makeError(std::errc::invalid_argument, "--to is for a model on stdout; the ending of '" + options.path + "' tells its format");
  if (!toStdout)
    return getFormat(options.path);
  if (std::optional<ModelFormat> named = parseFormat(options.format))
    return *named;
  if (options.format.empty())
    return makeError(std::errc::invalid_argument, "expected -o FILE, or --to FORMAT for a model on stdout");
  return makeError(std::errc::invalid_argument, "expected --to onnx, onnxtxt, mlir or mlirbc, got '" + options.format + "'");
}

Expected<ModelFormat> getSaveFormat(const SaveOptions &options) {
  bool toStdout = options.path.empty() || options.path == "-";
  Expected<ModelFormat> format = parseSaveFormat(options, toStdout);
  if (!format)
    return format;
  if (options.externalData && (toStdout || (*format != ModelFormat::Onnx && *format != ModelFormat::OnnxText)))
    return makeError(std::errc::invalid_argument, "--external-data needs -o with a file that ends in .onnx or .onnxtxt");
  bool binary = *format == ModelFormat::Onnx || *format == ModelFormat::MlirBytecode;
  if (toStdout && binary && llvm::sys::Process::StandardOutIsDisplayed())
    return makeError(std::errc::invalid_argument, "expected -o FILE: a terminal cannot show a binary model");
  return format;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static Expected<OwningOpRef<ModuleOp>> loadMlir(StringRef path, Session &session) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return makeFileError("read", path, buffer.getError());
  // The parser may keep weights in the buffer, so it shares the ownership.
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, ParserConfig(session.getContext()));
  if (!module)
    return session.getDiagnostics().takeErrors(std::errc::bad_message, ("'" + path + "' is not valid MLIR").str());
  return module;
}

/// What a model on stdin is: bytecode by its magic number, text by its first character, a protobuf otherwise.
static StringRef guessEnding(StringRef bytes) {
  if (bytes.starts_with("ML\xefR"))
    return ".mlirbc";
  StringRef text = bytes.ltrim();
  if (text.starts_with("<") || text.starts_with("ir_version"))
    return ".onnxtxt";
  bool printable = llvm::all_of(text.take_front(16), [](char c) { return llvm::isPrint(c) || llvm::isSpace(c); });
  return !text.empty() && printable ? ".mlir" : ".onnx";
}

/// Importers map files, so what comes through a pipe becomes one first; it goes with the last mapping of it.
static Expected<OwningOpRef<ModuleOp>> loadStdin(Session &session, Initializers initializers) {
  auto buffer = llvm::MemoryBuffer::getSTDIN();
  if (!buffer)
    return makeFileError("read", "stdin", buffer.getError());
  SmallString<128> path;
  int descriptor;
  StringRef ending = guessEnding((*buffer)->getBuffer()).drop_front();
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("bn-stdin", ending, descriptor, path))
    return makeFileError("make", "a temporary file", code);
  auto remove = llvm::scope_exit([&] { llvm::sys::fs::remove(path); });
  {
    llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
    os << (*buffer)->getBuffer();
    os.flush();
    if (os.has_error()) {
      std::error_code code = os.error();
      os.clear_error();
      return makeFileError("write", path, code);
    }
  }
  return loadModel(path, session, initializers);
}

Expected<OwningOpRef<ModuleOp>> loadModel(StringRef path, Session &session, Initializers initializers) {
  if (path == "-")
    return loadStdin(session, initializers);
  Expected<ModelFormat> format = getFormat(path);
  if (!format)
    return format.takeError();
  Expected<OwningOpRef<ModuleOp>> module = nullptr;
  if (*format == ModelFormat::Mlir || *format == ModelFormat::MlirBytecode) {
    module = loadMlir(path, session);
  } else {
    static constexpr onnx::InitializerMode modes[] = {onnx::InitializerMode::Auto, onnx::InitializerMode::Const,
                                                      onnx::InitializerMode::Overridable};
    module = onnx::importModel(path, session.getContext(), {modes[static_cast<int>(initializers)]});
  }
  if (module)
    session.getDiagnostics().learnNodes(**module);
  return module;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// The exporter replaces files: a model for stdout, a pipe or a device goes through a temporary one.
static Error exportToStream(ModuleOp module, ModelFormat format, StringRef stream) {
  SmallString<128> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("bn-output", format == ModelFormat::Onnx ? "onnx" : "onnxtxt", path))
    return makeFileError("make", "a temporary file", code);
  auto remove = llvm::scope_exit([&] { llvm::sys::fs::remove(path); });
  if (Error error = onnx::exportModel(module, path))
    return error;
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeFileError("read", path, buffer.getError());
  return writeFile(stream, [&](raw_ostream &os) { os << (*buffer)->getBuffer(); });
}

Error saveModel(ModuleOp module, const SaveOptions &options) {
  Expected<ModelFormat> format = getSaveFormat(options);
  if (!format)
    return format.takeError();
  std::string path = options.path.empty() ? "-" : options.path;
  switch (*format) {
  case ModelFormat::Onnx:
  case ModelFormat::OnnxText:
    if (isStream(path))
      return exportToStream(module, *format, path);
    return onnx::exportModel(module, path, {options.externalData});
  case ModelFormat::Mlir:
    return writeFile(path, [&](raw_ostream &os) { module->print(os, OpPrintingFlags().enableDebugInfo()); });
  case ModelFormat::MlirBytecode:
    return writeFile(path, [&](raw_ostream &os) { (void)writeBytecodeToFile(module, os); });
  }
  llvm_unreachable("every format is handled");
}

} // namespace bn::driver
