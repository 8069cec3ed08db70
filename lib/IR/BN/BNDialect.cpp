// BNDialect.cpp - registers the bn dialect's ops and attributes.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/BN/BN.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bn;

#include "bn/IR/BN/BNDialect.cpp.inc"
#include "bn/IR/BN/BNEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "bn/IR/BN/BNAttributes.cpp.inc"

void BNDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "bn/IR/BN/BNOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "bn/IR/BN/BNAttributes.cpp.inc"
      >();
}
