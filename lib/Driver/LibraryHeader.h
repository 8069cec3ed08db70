// LibraryHeader.h - the C header of a compiled library.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_LIBRARYHEADER_H
#define BN_LIB_DRIVER_LIBRARYHEADER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bn::driver {

/// The header's text. `main` is the signature, `symbol` the beginning of the exported names.
std::string formatHeader(mlir::func::FuncOp main, llvm::StringRef symbol);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_LIBRARYHEADER_H
