// OnnxDialect.cpp - registers the onnx dialect's ops, types and attributes.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Onnx/Onnx.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bn::onnx;

#include "bn/IR/Onnx/OnnxDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "bn/IR/Onnx/OnnxTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "bn/IR/Onnx/OnnxAttributes.cpp.inc"

void OnnxDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "bn/IR/Onnx/OnnxOps.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "bn/IR/Onnx/OnnxTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "bn/IR/Onnx/OnnxAttributes.cpp.inc"
      >();
}

Operation *OnnxDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  if (isa<NoneType>(type))
    return AbsentOp::create(builder, loc, type);
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && elements.getType() == type)
    return ConstantOp::create(builder, loc, elements);
  return nullptr;
}
