// StoredCall.h - what a call on stored values gives to its function.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_STOREDCALL_H
#define BN_LIB_REFERENCE_STOREDCALL_H

#include "Index.h"
#include "bn/IR/HostTensor.h"
#include "bn/IR/Onnx/Onnx.h"

namespace bn::reference {

/// One evaluation of one node. Functions return false where the interpreter has to do it, for a type or for its error.
struct StoredCall {
  mutable onnx::NodeOpInterface node; ///< mutable because MLIR's ops are values that know no const
  llvm::ArrayRef<const HostTensor *> operands;
  llvm::SmallVectorImpl<HostTensor> &results;

  bool has(unsigned i) const { return i < operands.size() && operands[i]; }
  llvm::ArrayRef<int64_t> shape(unsigned i) const { return operands[i]->type.getShape(); }
  mlir::Type element(unsigned i) const { return operands[i]->type.getElementType(); }
  template <typename T> const T *data(unsigned i) const { return reinterpret_cast<const T *>(operands[i]->bytes.data()); }
  /// The only element of an operand of this type; nothing where it is none.
  template <typename T> std::optional<T> scalar(unsigned i) const {
    if (operands[i]->bytes.size() != sizeof(T))
      return std::nullopt;
    return *data<T>(i);
  }
  /// Bytes that an element of operand `i` takes.
  unsigned width(unsigned i) const { return llvm::divideCeil(element(i).getIntOrFloatBitWidth(), 8u); }

  /// Adds a result of zeros and returns its elements.
  template <typename T> T *addResult(mlir::Type type, llvm::ArrayRef<int64_t> shape) {
    HostTensor &result = results.emplace_back(HostTensor{mlir::RankedTensorType::get(shape, type), {}, {}});
    result.bytes.resize(countElements(shape) * llvm::divideCeil(type.getIntOrFloatBitWidth(), 8u));
    return reinterpret_cast<T *>(result.bytes.data());
  }
  int64_t *addPlaces(llvm::ArrayRef<int64_t> shape) {
    return addResult<int64_t>(mlir::IntegerType::get(node->getContext(), 64), shape);
  }
};

using StoredFunction = bool (*)(StoredCall &call);

/// A number whose order as an unsigned one is that of the elements: NaN above all, both zeros alike.
inline uint32_t orderKey(float x) {
  uint32_t bits = x != x ? 0x7fffffff : x == 0 ? 0 : llvm::bit_cast<uint32_t>(x);
  return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}
inline uint64_t orderKey(double x) {
  uint64_t bits = x != x ? ~uint64_t(0) >> 1 : x == 0 ? 0 : llvm::bit_cast<uint64_t>(x);
  return bits ^ (bits >> 63 ? ~uint64_t(0) : uint64_t(1) << 63);
}
inline uint64_t orderKey(int64_t x) { return uint64_t(x) ^ uint64_t(1) << 63; }
inline uint64_t orderKey(uint64_t x) { return x; }
inline uint32_t orderKey(int32_t x) { return uint32_t(x) ^ 0x80000000u; }
inline uint32_t orderKey(uint32_t x) { return x; }
inline uint32_t orderKey(int16_t x) { return orderKey(int32_t(x)); }
inline uint32_t orderKey(uint16_t x) { return x; }
inline uint32_t orderKey(int8_t x) { return orderKey(int32_t(x)); }
inline uint32_t orderKey(uint8_t x) { return x; }

/// Calls visit(T()) with the C++ type of the elements; false for a type that has none.
template <typename Visit> bool visitNumbers(mlir::Type type, Visit visit) {
  if (type.isF32())
    return visit(float());
  if (type.isF64())
    return visit(double());
  if (!type.isInteger(8) && !type.isInteger(16) && !type.isInteger(32) && !type.isInteger(64) && !type.isInteger(1))
    return false;
  unsigned width = type.getIntOrFloatBitWidth();
  if (type.isUnsignedInteger() || width == 1)
    return width <= 8 ? visit(uint8_t()) : width == 16 ? visit(uint16_t()) : width == 32 ? visit(uint32_t()) : visit(uint64_t());
  return width == 8 ? visit(int8_t()) : width == 16 ? visit(int16_t()) : width == 32 ? visit(int32_t()) : visit(int64_t());
}

// One function an operator.
bool storedTopK(StoredCall &call);
bool storedNonZero(StoredCall &call);
bool storedCompress(StoredCall &call);
bool storedNonMaxSuppression(StoredCall &call);
bool storedRoiAlign(StoredCall &call);
bool storedMaxRoiPool(StoredCall &call);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_STOREDCALL_H
