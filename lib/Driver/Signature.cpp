// Signature.cpp - what goes into a compiled library and comes out, as text.
// SPDX-License-Identifier: Apache-2.0

#include "Signature.h"

#include "bn/Driver/ExitCode.h"
#include "bn/IR/Onnx/Names.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

std::string formatSignature(ArrayRef<BoundInput> inputs, ArrayRef<std::string> outputNames, ArrayRef<RankedTensorType> outputTypes,
                            Session &session) {
  Builder builder(session.getContext());
  auto inputTypes = llvm::map_to_vector(inputs, [](const BoundInput &input) -> Type { return input.type; });
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  auto main = func::FuncOp::create(builder.getUnknownLoc(), "main",
                                   builder.getFunctionType(inputTypes, SmallVector<Type>(outputTypes.begin(), outputTypes.end())));
  main.setPrivate();
  for (auto [i, input] : llvm::enumerate(inputs))
    main.setArgAttr(i, onnx::attr::name, builder.getStringAttr(input.name));
  for (auto [i, name] : llvm::enumerate(outputNames))
    main.setResultAttr(i, onnx::attr::name, builder.getStringAttr(name));
  module->push_back(main);
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os);
  return text;
}

Expected<OwningOpRef<ModuleOp>> parseSignature(StringRef text, Session &session) {
  auto module = parseSourceString<ModuleOp>(text, session.getContext());
  if (!module || module->getOps<func::FuncOp>().empty())
    return session.getDiagnostics().takeErrors(std::errc::bad_message, "the library's signature is not one of bn");
  return module;
}

} // namespace bn::driver
