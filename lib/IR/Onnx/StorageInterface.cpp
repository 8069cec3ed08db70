// StorageInterface.cpp - what is known of the memory that constants lie in, for code that must not know where they come from.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/StorageInterface.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;

void bn::onnx::releaseStorage(ElementsAttr value) {
  auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(value);
  Dialect *dialect = resource ? value.getContext()->getLoadedDialect("onnx") : nullptr;
  auto *storage = dialect ? dialect->getRegisteredInterface<StorageInterface>() : nullptr;
  if (storage && resource.getRawHandle().getBlob())
    storage->release(resource.getData());
}
