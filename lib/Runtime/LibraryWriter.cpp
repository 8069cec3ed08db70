// LibraryWriter.cpp - links a compiled model into a shared library.
// SPDX-License-Identifier: Apache-2.0
//
// The C++ compiler gets the objects, the session library and one small source that says the numbers, holds the signature and
// includes the weights. All of them are files in a folder that goes away again.

#include "LibraryInfo.h"
#include "Memory.h"
#include "Weights.h"
#include "bn/IR/Kernel/ModuleAttributes.h"
#include "bn/Runtime/Library.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <system_error>

using namespace llvm;
using namespace bn;

static Error makeError(std::errc code, const Twine &message) {
  return make_error<StringError>(message, std::make_error_code(code));
}

static Error writeWhole(StringRef path, StringRef text) {
  return writeToOutput(path, [&](raw_ostream &os) {
    os << text;
    return Error::success();
  });
}

/// The weights as the code reads them.
static Error writeWeights(const CompiledModel &model, StringRef path) {
  Memory weights = Memory::allocate(model.weightsSize);
  if (!weights)
    return makeError(std::errc::not_enough_memory, "cannot reserve " + Twine(model.weightsSize) + " bytes");
  if (Error error = fillWeights(model.weights, weights.data()))
    return error;
  return writeWhole(path, StringRef(weights.data(), model.weightsSize));
}

/// A literal of C with this text.
static std::string formatString(StringRef text) {
  std::string literal = "\"";
  for (unsigned char c : text)
    literal += formatv("\\{0}{1}{2}", c >> 6, c >> 3 & 7, c & 7).str(); // every byte in octal: no name needs another escape
  return literal + '"';
}

/// The source with what the library says about itself. Assembly includes the weights: no compiler has to read them.
static std::string makeSource(const CompiledModel &model, const LibraryOptions &options, StringRef weights) {
  bool beside = !options.weightsPath.empty();
  std::string text;
  raw_string_ostream os(text);
  os << "#include <cstdint>\nextern \"C\" {\n";
  os << formatv("extern const char bn_library_symbol[] = \"{0}\";\n", options.symbol);
  os << "extern const char bn_library_signature[] = {";
  for (unsigned char c : options.signature)
    os << int(c) << ',';
  os << "0};\n";
  if (!beside)
    os << formatv("asm(\".section .rodata.bn_weights,\\\"a\\\"\\n.balign {0}\\n.hidden bn_library_weights\\n\"\n"
                  "    \".global bn_library_weights\\nbn_library_weights:\\n.incbin \\\"{1}\\\"\\n.previous\\n\");\n"
                  "extern __attribute__((visibility(\"hidden\"))) const char bn_library_weights[];\n",
                  kernel::kAlignment, weights);
  os << "struct BnLibraryInfo { uint64_t inputs, outputs, arenaSize, weightsSize; const char *weights, *weightsFile, *const *checks; };\n"
        "extern __attribute__((visibility(\"hidden\"))) const BnLibraryInfo bn_library_info;\n";
  std::string file = beside ? "\"" + sys::path::filename(options.weightsPath).str() + "\"" : "nullptr";
  if (!model.checks.empty()) {
    os << "static const char *const checks[] = {";
    for (StringRef message : model.checks)
      os << formatString(message) << ',';
    os << "};\n";
  }
  os << formatv("const BnLibraryInfo bn_library_info = {{{0}, {1}, {2}, {3}, {4}, {5}, {6}};\n}\n", model.inputs, model.outputs,
                model.arenaSize, model.weightsSize, beside ? "nullptr" : "bn_library_weights", file,
                model.checks.empty() ? "nullptr" : "checks");
  return text;
}

static Expected<std::string> findCompiler() {
  const char *chosen = std::getenv("CXX");
  for (const char *name : {chosen ? chosen : "c++", "c++", "clang++-22", "clang++", "g++"})
    if (ErrorOr<std::string> program = sys::findProgramByName(name))
      return *program;
  return makeError(std::errc::no_such_file_or_directory, "expected a C++ compiler to link with: c++, clang++, g++ or $CXX");
}

/// Runs the compiler; what it says is the error.
static Error link(ArrayRef<std::string> arguments, StringRef log) {
  std::string message;
  int code = sys::ExecuteAndWait(arguments.front(), SmallVector<StringRef>(arguments.begin(), arguments.end()), std::nullopt,
                                 {std::nullopt, log, log}, 0, 0, &message);
  if (code == 0)
    return Error::success();
  if (ErrorOr<std::unique_ptr<MemoryBuffer>> said = MemoryBuffer::getFile(log))
    message += (*said)->getBuffer();
  return makeError(std::errc::io_error, "linking failed: " + message);
}

Error bn::writeLibrary(const CompiledModel &model, StringRef path, const LibraryOptions &options) {
  Expected<std::string> compiler = findCompiler();
  if (!compiler)
    return compiler.takeError();
  SmallString<128> folder;
  if (std::error_code code = sys::fs::createUniqueDirectory("bn-library", folder))
    return errorCodeToError(code);
  scope_exit cleanUp([&] { sys::fs::remove_directories(folder); });
  auto inFolder = [&](const Twine &name) { return (folder + "/" + name).str(); };

  std::string weights = options.weightsPath.empty() ? inFolder("weights") : options.weightsPath, source = inFolder("info.cpp");
  Error errors = joinErrors(writeWeights(model, weights), writeWhole(source, makeSource(model, options, weights)));
  std::vector<std::string> arguments{*compiler, "-shared", "-fPIC", "-O1", "-o", inFolder("library.so"), source};
  for (size_t i = 0; i < model.objects.size(); ++i) {
    arguments.push_back(inFolder("code" + Twine(i) + ".o"));
    errors = joinErrors(std::move(errors), writeWhole(arguments.back(), model.objects[i]->getBuffer()));
  }
  arguments.push_back(options.session);
  std::string exported = "bn_library_symbol;bn_library_signature;";
  for (StringRef function : {"create", "run", "destroy"}) {
    arguments.push_back(("-Wl,--defsym=" + options.symbol + "_" + function + "=bn_library_" + function).str());
    exported += options.symbol + "_" + function.str() + ";";
  }
  errors = joinErrors(std::move(errors), writeWhole(inFolder("exports"), "{global:" + exported + "local:*;};"));
  if (errors)
    return errors;
  arguments.insert(arguments.end(), {"-Wl,--undefined=bn_library_create", "-Wl,--version-script=" + inFolder("exports"), "-lm",
                                      "-lpthread"});
  if (Error error = link(arguments, inFolder("log")))
    return error;
  if (std::error_code code = sys::fs::copy_file(inFolder("library.so"), path + ".tmp"))
    return errorCodeToError(code);
  return errorCodeToError(sys::fs::rename(path + ".tmp", path));
}
