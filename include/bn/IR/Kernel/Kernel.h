// Kernel.h - the kernel dialect in C++: the work that must be fast.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_KERNEL_KERNEL_H
#define BN_IR_KERNEL_KERNEL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "bn/IR/Kernel/KernelDialect.h.inc"
#include "bn/IR/Kernel/KernelEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "bn/IR/Kernel/KernelAttributes.h.inc"

namespace bn::kernel {

/// Adds the effects of an op that reads its other memrefs and writes its `outs`; none on tensors.
void getDestinationEffects(mlir::DestinationStyleOpInterface op,
                           llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>> &effects);

/// The type that products of such factors add up in.
mlir::Type getSumType(mlir::Type factor);

/// Factors that lie together for one lane of a sum: as many integers or bf16 as fill 32 bits, one float.
int64_t getLaneFactors(mlir::Type factor);

/// Makes the dialect's destination-passing ops known to one-shot bufferization.
void registerBufferizableOpInterfaceExternalModels(mlir::DialectRegistry &registry);

} // namespace bn::kernel

#define GET_OP_CLASSES
#include "bn/IR/Kernel/KernelOps.h.inc"

#endif // BN_IR_KERNEL_KERNEL_H
