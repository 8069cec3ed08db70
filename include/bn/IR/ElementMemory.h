// ElementMemory.h - the memory of constants that passes make.
// SPDX-License-Identifier: Apache-2.0
//
// A context keeps the elements of its constants until it goes, and compiling makes each weight anew two or three times. What nobody reads
// any more is freed long before, and what is large goes back to the system then, whatever the process keeps of its heap.

#ifndef BN_IR_ELEMENTMEMORY_H
#define BN_IR_ELEMENTMEMORY_H

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

namespace bn {

/// Memory of zeros, on huge pages where it is large and the system has them.
mlir::AsmResourceBlob allocateElements(size_t size);

/// Writes elements that have pages of their own to a file, and maps it in their place: they stay where they are, but leave memory until
/// somebody reads them. Returns how far the file is filled then; `offset`, a multiple of a page, where they stay in memory.
uint64_t moveElementsToFile(mlir::ElementsAttr value, int file, uint64_t offset);

/// Frees the elements of a constant that are a resource. Nobody may read it again.
inline void freeElements(mlir::ElementsAttr value) {
  if (auto resource = mlir::dyn_cast_or_null<mlir::DenseResourceElementsAttr>(value))
    mlir::DenseResourceElementsHandle::getManagerInterface(value.getContext())
        .update(resource.getRawHandle().getKey(), mlir::AsmResourceBlob());
}

} // namespace bn

#endif // BN_IR_ELEMENTMEMORY_H
