// LibraryHeader.cpp - the C header of a compiled library.
// SPDX-License-Identifier: Apache-2.0

#include "LibraryHeader.h"

#include "bn/Driver/Inputs.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace bn::driver {

/// The type of an element in C. Half floats are their bits.
static std::string formatElement(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() == 1 ? "bool" : llvm::formatv("{0}int{1}_t", integer.isUnsigned() ? "u" : "", integer.getWidth()).str();
  if (type.isF32() || type.isF64())
    return type.isF32() ? "float" : "double";
  return llvm::formatv("uint{0}_t", type.getIntOrFloatBitWidth());
}

/// "0 image: float[1][3][224][224]", a line for each buffer.
static std::string formatBuffers(ArrayRef<std::string> names, ArrayRef<Type> types) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (auto [i, name, type] : llvm::enumerate(names, types)) {
    auto tensor = cast<RankedTensorType>(type);
    std::string element = formatElement(tensor.getElementType()), stored;
    llvm::raw_string_ostream(stored) << tensor.getElementType();
    os << " *   " << i << "  " << name << ": " << element;
    for (int64_t dim : tensor.getShape())
      os << '[' << dim << ']';
    if (element == "uint16_t" && isa<FloatType>(tensor.getElementType()))
      os << " (bits of " << stored << ')';
    os << '\n';
  }
  return text;
}

std::string formatHeader(func::FuncOp main, StringRef symbol) {
  constexpr const char *text = R"(/* {0}.h - the model {0}, compiled by bn. */
#ifndef BN_MODEL_{0}_H
#define BN_MODEL_{0}_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

/* A model with its working memory and its threads. */
typedef struct {0}_session {0}_session;

/* Makes the model ready to run on so many threads, the caller's included; 0 is one per core. Returns NULL when there is no
 * memory or the file with the weights is missing. */
{0}_session *{0}_create(unsigned threads);

/* Runs the model. Buffers are row-major; outputs must not overlap inputs or each other.
 * inputs:
{1} * outputs:
{2} * Returns NULL, or what the inputs should have been: an index outside of a tensor, a divisor of zero. The outputs are of no use then.
 * Calls on one session from several threads run one after the other; several sessions run side by side. A call takes up to 1 MiB of
 * stack. */
const char *{0}_run({0}_session *session, const void *const *inputs, void *const *outputs);

/* Ends the threads and frees the memory. */
void {0}_destroy({0}_session *session);

#ifdef __cplusplus
}
#endif

#endif
)";
  return llvm::formatv(text, symbol, formatBuffers(getInputNames(main), main.getArgumentTypes()),
                       formatBuffers(getOutputNames(main), main.getResultTypes()));
}

} // namespace bn::driver
