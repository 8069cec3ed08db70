// Outputs.cpp - what becomes of a model's outputs: files, comparisons, a summary.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Outputs.h"

#include "bn/Driver/Compare.h"
#include "bn/Driver/Elements.h"
#include "bn/Driver/Npy.h"
#include "bn/Driver/Table.h"
#include "bn/Driver/TensorSpec.h"
#include "bn/IR/Onnx/Onnx.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

std::string makeFileName(StringRef valueName) {
  std::string name = valueName.str();
  for (char &c : name)
    if (!llvm::isAlnum(c) && c != '.' && c != '-' && c != '_')
      c = '_';
  constexpr size_t longest = 200; // file systems take 255 bytes, ending included
  if (name.empty() || name.front() == '.')
    name.insert(0, "_");
  return name.substr(0, longest);
}

/// One file NAME.npy, or NAME_0.npy, NAME_1.npy… for what a sequence or an optional holds.
static Error writeValue(const Twine &path, const HostTensor &value) {
  if (!value.holderType)
    return writeNpy((path + ".npy").str(), value);
  for (auto [i, element] : llvm::enumerate(value.elements))
    if (Error error = writeValue(path + "_" + Twine(i), element))
      return error;
  return Error::success();
}

Error writeTensors(StringRef directory, ArrayRef<std::string> names, ArrayRef<HostTensor> tensors) {
  if (std::error_code code = llvm::sys::fs::create_directories(directory))
    return makeFileError("make", directory, code);
  llvm::StringSet<> taken;
  for (auto [name, tensor] : llvm::zip(names, tensors)) {
    std::string file = makeFileName(name), unique = file;
    for (unsigned i = 2; !taken.insert(unique).second; ++i)
      unique = file + "_" + std::to_string(i);
    SmallString<128> path(directory);
    llvm::sys::path::append(path, unique);
    if (Error error = writeValue(path, tensor))
      return error;
  }
  return Error::success();
}

Error checkOutputOptions(ArrayRef<std::string> names, const OutputOptions &options) {
  for (auto [option, specs] : {std::pair("--output", &options.outputs), std::pair("--expected", &options.expected)})
    for (const std::string &spec : *specs) {
      Expected<NamedSpec> named = parseNamed(option, spec, names, "output");
      if (!named)
        return named.takeError();
      if (StringRef(option) == "--output" && !(named->value.starts_with("@") && named->value.ends_with(".npy")))
        return makeError(std::errc::invalid_argument, "expected --output NAME=@FILE.npy, got '" + spec + "'");
    }
  return Error::success();
}

/// Minimum, mean and maximum of the finite numbers, then the first values.
static std::vector<std::string> summarize(const std::string &name, const HostTensor &tensor) {
  constexpr int64_t shown = 6;
  if (tensor.holderType)
    return {name, formatType(tensor.holderType), "", "", "", std::to_string(tensor.elements.size()) + " elements"};
  std::string first;
  llvm::raw_string_ostream os(first);
  if (isa<onnx::StringType>(tensor.type.getElementType())) {
    llvm::interleave(
        ArrayRef(tensor.strings).take_front(shown), os, [&](const std::string &text) { os << '\'' << text << '\''; }, " ");
    return {name, formatType(tensor.type), "", "", "", first};
  }
  double low = INFINITY, high = -INFINITY, sum = 0;
  int64_t count = getNumNumbers(tensor), finite = 0;
  for (int64_t i = 0; i < count; ++i) {
    double value = getReal(tensor, i);
    if (!std::isfinite(value))
      continue;
    low = std::min(low, value), high = std::max(high, value), sum += value, ++finite;
  }
  for (int64_t i = 0; i < std::min(count, shown); ++i)
    os << (i ? " " : "") << formatNumber(getReal(tensor, i));
  os << (count > shown ? " .." : "");
  if (finite < count)
    os << " (" << count - finite << " not finite)";
  auto number = [&](double value) { return finite ? formatNumber(value) : std::string("-"); };
  return {name, formatType(tensor.type), number(low), number(sum / finite), number(high), first};
}

static Expected<ExitCode> compareExpected(ArrayRef<std::string> names, ArrayRef<HostTensor> tensors, const OutputOptions &options,
                                          MLIRContext *context) {
  ExitCode exitCode = ExitCode::Done;
  for (const std::string &spec : options.expected) {
    auto [output, value] = llvm::cantFail(parseNamed("--expected", spec, names, "output"));
    Expected<HostTensor> expected = readValueSpec(value, tensors[output].getType());
    if (!expected)
      return addContext(expected.takeError(), "expected output '" + names[output] + "'");
    if (expected->type && tensors[output].type)
      *expected = adaptElementType(std::move(*expected), tensors[output].type.getElementType());
    Comparison comparison = compare(tensors[output], *expected, options.tolerance);
    if (comparison.difference.empty())
      continue;
    llvm::errs() << "error: output '" << names[output] << "': " << comparison.difference << '\n';
    exitCode = ExitCode::Differs;
  }
  return exitCode;
}

Expected<ExitCode> handleOutputs(ArrayRef<std::string> names, ArrayRef<HostTensor> tensors, const OutputOptions &options,
                                 MLIRContext *context) {
  for (const std::string &spec : options.outputs) {
    auto [output, value] = llvm::cantFail(parseNamed("--output", spec, names, "output"));
    if (tensors[output].holderType)
      return makeError(std::errc::not_supported, "output '" + names[output] + "': no .npy file holds a value of type " +
                                                     formatType(tensors[output].holderType) + "; --output-dir writes its elements");
    if (Error error = writeNpy(value.drop_front(), tensors[output]))
      return error;
  }
  if (!options.directory.empty())
    if (Error error = writeTensors(options.directory, names, tensors))
      return error;
  if (!options.quiet && options.outputs.empty() && options.directory.empty() && options.expected.empty()) {
    Table table({"output", "type", "min", "mean", "max", "first values"});
    for (auto [name, tensor] : llvm::zip(names, tensors))
      table.addRow(summarize(name, tensor));
    table.print(llvm::outs());
  }
  return compareExpected(names, tensors, options, context);
}

} // namespace bn::driver
