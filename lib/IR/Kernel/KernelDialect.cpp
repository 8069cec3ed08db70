// KernelDialect.cpp - registers the kernel dialect's ops and attributes.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Kernel/Kernel.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bn::kernel;

#include "bn/IR/Kernel/KernelDialect.cpp.inc"
#include "bn/IR/Kernel/KernelEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "bn/IR/Kernel/KernelAttributes.cpp.inc"

void KernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "bn/IR/Kernel/KernelOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "bn/IR/Kernel/KernelAttributes.cpp.inc"
      >();
}

Type bn::kernel::getSumType(Type factor) {
  if (factor.isInteger())
    return IntegerType::get(factor.getContext(), 32);
  return factor.isBF16() ? Float32Type::get(factor.getContext()) : factor;
}

int64_t bn::kernel::getLaneFactors(Type factor) { return std::max<int64_t>(32 / factor.getIntOrFloatBitWidth(), 1); }

Operation *KernelDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getShapedType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}
