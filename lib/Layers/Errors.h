// Errors.h - how a layer says that a rule was broken.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_ERRORS_H
#define BN_LIB_LAYERS_ERRORS_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <charconv>

namespace bn::layers {

/// Wrong arguments or data: the caller's to repair.
inline llvm::Error invalid(const llvm::Twine &message) {
  return llvm::createStringError(std::make_error_code(std::errc::invalid_argument), message);
}

/// A number in the fewest digits that tell it apart.
inline std::string formatNumber(double value) {
  char text[32];
  return std::string(text, std::to_chars(std::begin(text), std::end(text), value).ptr);
}

} // namespace bn::layers

#endif // BN_LIB_LAYERS_ERRORS_H
