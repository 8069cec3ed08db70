// StorageInterface.cpp - what is known of the memory that constants lie in, for code that must not know where they come from.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/StorageInterface.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;

const bn::onnx::StorageInterface *bn::onnx::getStorage(MLIRContext *context) {
  Dialect *dialect = context->getLoadedDialect("onnx");
  return dialect ? dialect->getRegisteredInterface<StorageInterface>() : nullptr;
}

void bn::onnx::releaseStorage(ElementsAttr value) {
  auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(value);
  const StorageInterface *storage = resource ? getStorage(value.getContext()) : nullptr;
  if (storage && resource.getRawHandle().getBlob())
    storage->release(resource.getData());
}
