// Compile.cpp - the verb `compile`.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Compile.h"

#include "Compilation.h"
#include "LibraryHeader.h"
#include "ProgramPath.h"
#include "Signature.h"
#include "bn/Driver/OutputFile.h"
#include "bn/Driver/Progress.h"
#include "bn/Driver/RunnableModel.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

/// The file name as a C identifier, without the `lib` in front: what the exported names begin with.
static std::string makeSymbol(StringRef path) {
  StringRef stem = llvm::sys::path::stem(path);
  stem.consume_front("lib");
  std::string symbol = stem.str();
  for (char &c : symbol)
    if (!llvm::isAlnum(c))
      c = '_';
  return symbol.empty() || llvm::isDigit(symbol.front()) ? "_" + symbol : symbol;
}

/// What every compiled library contains stands in ../lib, seen from the program.
static std::string findSessionLibrary() {
  std::string program = getProgramPath();
  SmallString<128> path(llvm::sys::path::parent_path(program));
  llvm::sys::path::append(path, "..", "lib", "libbn_session.a");
  return path.str().str();
}

static Error writeResults(const CompiledModel &compiled, ArrayRef<BoundInput> inputs, ArrayRef<std::string> outputNames,
                          const CompileOptions &options, Session &session) {
  LibraryOptions library;
  library.symbol = makeSymbol(options.library);
  library.signature = formatSignature(inputs, outputNames, compiled.outputTypes, session);
  library.session = findSessionLibrary();
  SmallString<128> header(options.library), weights(options.library);
  llvm::sys::path::replace_extension(header, ".h");
  llvm::sys::path::replace_extension(weights, ".weights");
  if (options.externalData)
    library.weightsPath = weights.str();
  if (Error error = writeLibrary(compiled, options.library, library))
    return error;
  Expected<OwningOpRef<ModuleOp>> signature = parseSignature(library.signature, session);
  if (!signature)
    return signature.takeError();
  return writeFile(header, [&](raw_ostream &os) { os << formatHeader(*(*signature)->getOps<func::FuncOp>().begin(), library.symbol); });
}

Expected<ExitCode> compile(const CompileOptions &options) {
  if (!StringRef(options.library).ends_with(".so"))
    return makeError(std::errc::invalid_argument, "expected -o FILE.so, got '" + options.library + "'");
  if (StringRef(options.model).ends_with(".so"))
    return makeError(std::errc::invalid_argument, "'" + options.model + "' is compiled already");
  Session session;
  Progress progress(options.quiet);
  progress.show("compiling");
  Expected<RunnableModel> model = loadRunnable(options.model, options.initializers, {}, session);
  if (!model)
    return model.takeError();
  Expected<std::vector<BoundInput>> inputs = bindInputs(model->main, options.input);
  if (!inputs)
    return inputs.takeError();
  std::vector<std::string> outputNames = getOutputNames(model->main);
  Expected<CompiledModel> compiled = compileGraph(*model->module, *inputs, options.execution, session);
  if (!compiled)
    return compiled.takeError();
  progress.show("linking");
  if (Error error = writeResults(*compiled, *inputs, outputNames, options, session))
    return error;
  return ExitCode::Done;
}

} // namespace bn::driver
