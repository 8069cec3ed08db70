// ByteViews.cpp - typed views of one buffer of bytes: how weights and the arena are addressed.
// SPDX-License-Identifier: Apache-2.0

#include "ByteViews.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

int64_t bn::byteSize(ShapedType type) {
  Type element = type.getElementType();
  int64_t count = 1;
  if (auto complex = dyn_cast<ComplexType>(element)) {
    element = complex.getElementType();
    count = 2;
  }
  int64_t bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  return type.getNumElements() * count * llvm::divideCeil(bits, 8);
}

func::FuncOp bn::modelFunction(ModuleOp module) {
  for (auto func : module.getOps<func::FuncOp>())
    if (func.isPublic() && !func.isExternal())
      return func;
  return nullptr;
}

BlockArgument bn::appendArgument(func::FuncOp func, Type type) {
  BlockArgument argument = func.front().addArgument(type, func.getLoc());
  func.setType(FunctionType::get(func.getContext(), func.front().getArgumentTypes(), func.getResultTypes()));
  return argument;
}

Value bn::viewBytes(OpBuilder &builder, Location loc, Value bytes, int64_t offset, MemRefType type) {
  Value shift = arith::ConstantIndexOp::create(builder, loc, offset);
  return memref::ViewOp::create(builder, loc, type, bytes, shift, ValueRange());
}

Value bn::findBuffer(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  return memref;
}
