// Diagnostics.cpp - MLIR's diagnostics in the words of the model.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Diagnostics.h"

#include "bn/Driver/ExitCode.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Unsupported.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace bn::driver {

Diagnostics::Diagnostics(MLIRContext *context) : handler(context, [this](Diagnostic &diagnostic) { return handle(diagnostic); }) {}

void Diagnostics::learnNodes(ModuleOp module) {
  module.walk([&](Operation *op) {
    if (auto loc = op->getLoc()->findInstanceOf<NameLoc>())
      operators.try_emplace(loc.getName(), onnx::getOperatorName(op).str());
  });
}

LogicalResult Diagnostics::handle(Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() == DiagnosticSeverity::Warning)
    llvm::errs() << "warning: " << format(diagnostic) << '\n';
  if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
    return success();
  std::string message = format(diagnostic);
  for (Diagnostic &note : diagnostic.getNotes())
    message += "\n  note: " + format(note);
  if (!llvm::is_contained(llvm::make_first_range(errors), message))
    errors.emplace_back(std::move(message), isUnsupported(diagnostic));
  return success();
}

/// Takes MLIR's prefix "'onnx.conv' op " off a message and returns the name of the op.
static StringRef takeOpPrefix(StringRef &message) {
  if (!message.starts_with("'"))
    return {};
  auto [op, rest] = message.drop_front().split("' op ");
  if (rest.empty() || op.contains('\''))
    return {};
  message = rest;
  return op;
}

std::string Diagnostics::format(Diagnostic &diagnostic) const {
  std::string text = diagnostic.str();
  if (StringRef(text).starts_with("node '") || StringRef(text).starts_with("input '"))
    return text; // it names its subject itself
  StringRef message = text;
  StringRef op = takeOpPrefix(message);
  if (auto loc = diagnostic.getLocation()->findInstanceOf<NameLoc>()) {
    auto known = operators.find(loc.getName());
    StringRef name = known == operators.end() ? op : StringRef(known->second);
    return ("node '" + loc.getName().getValue() + "'" + (name.empty() ? "" : " (" + name + ")") + ": " + message).str();
  }
  if (auto loc = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>())
    return (loc.getFilename().getValue() + ":" + Twine(loc.getLine()) + ":" + Twine(loc.getColumn()) + ": " + text).str();
  return text;
}

llvm::Error Diagnostics::takeErrors(std::errc code, StringRef fallback) {
  if (errors.empty())
    return makeError(code, fallback);
  llvm::Error all = llvm::Error::success();
  for (auto &[error, isOurs] : errors)
    all = llvm::joinErrors(std::move(all), makeError(isOurs ? std::errc::not_supported : code, error));
  errors.clear();
  return all;
}

} // namespace bn::driver
