// Convert.cpp - the verb `convert`.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Convert.h"

#include "bn/Driver/ModelFile.h"

using namespace mlir;

namespace bn::driver {

llvm::Expected<ExitCode> convert(const ConvertOptions &options) {
  if (auto format = getSaveFormat(options.save); !format)
    return format.takeError();
  Session session;
  llvm::Expected<OwningOpRef<ModuleOp>> module = loadModel(options.model, session);
  if (!module)
    return module.takeError();
  if (llvm::Error error = saveModel(**module, options.save))
    return error;
  return ExitCode::Done;
}

} // namespace bn::driver
