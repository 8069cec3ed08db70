// BN.h - the bn dialect in C++: BatchNormalization with training semantics.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_BN_BN_H
#define BN_IR_BN_BN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "bn/IR/BN/BNDialect.h.inc"
#include "bn/IR/BN/BNEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "bn/IR/BN/BNAttributes.h.inc"

#define GET_OP_CLASSES
#include "bn/IR/BN/BNOps.h.inc"

#endif // BN_IR_BN_BN_H
