// Opset.h - the opset that a model's nodes follow.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_OPTIMIZE_OPSET_H
#define BN_OPTIMIZE_OPSET_H

#include "bn/IR/Onnx/Names.h"
#include "mlir/IR/BuiltinOps.h"

namespace bn {

/// The version of ONNX's own opset that the module around `op` imports; 0 where it imports none.
inline int64_t getOpset(mlir::Operation *op) {
  auto imports = op->getParentOfType<mlir::ModuleOp>()->getAttrOfType<mlir::DictionaryAttr>(onnx::attr::opsetImports);
  auto opset = imports ? imports.getAs<mlir::IntegerAttr>("ai.onnx") : mlir::IntegerAttr();
  return opset ? opset.getInt() : 0;
}

} // namespace bn

#endif // BN_OPTIMIZE_OPSET_H
