// KernelOps.cpp - effects of the kernel dialect's ops, and verifiers of those that slide no windows.
// SPDX-License-Identifier: Apache-2.0

#include "Constraints.h"
#include "bn/IR/Kernel/Kernel.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace bn::kernel;

#define GET_OP_CLASSES
#include "bn/IR/Kernel/KernelOps.cpp.inc"

void bn::kernel::getDestinationEffects(DestinationStyleOpInterface op,
                                       SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand, SideEffects::DefaultResource::get());
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand, SideEffects::DefaultResource::get());
  }
}

LogicalResult MatmulOp::verify() {
  Named lhs{"lhs", getLhs()}, rhs{"rhs", getRhs()}, bias{"bias", getBias()}, init{"init", getInit()};
  if (lhs.rank() != 2 && lhs.rank() != 3) // C1
    return emitOpError("expected lhs of rank 2 or 3, got ") << getLhs().getType();
  int64_t plain = getPacked() ? rhs.rank() - 1 : rhs.rank();
  if (plain < 2 || plain > lhs.rank()) // C1
    return emitOpError("expected rhs of rank ") << (getPacked() ? 3 : 2) << (lhs.rank() == 3 ? " or one more" : "") << ", got "
                                                << getRhs().getType();
  if (failed(verifyRank(*this, init, lhs.rank())) || failed(verifyRank(*this, bias, 1)) || failed(verifyFactors(*this, lhs, rhs, bias)) ||
      failed(verifyDestination(*this, getInit())))
    return failure();
  Type factor = getElementTypeOrSelf(getLhs());
  int64_t each = getLaneFactors(factor), depth = lhs.shape().back();
  if (each > 1 && (!getPacked() || depth % each)) // C8
    return emitOpError("expected ") << factor << " to be packed, and K a multiple of " << each << ", got " << getRhs().getType();
  int64_t rank = lhs.rank(), batched = plain - 2, columns = init.shape()[rank - 1], groups = getGroups();
  if (groups > 1 && (each > 1 || !getPacked() || depth % groups || columns % (groups * rhs.shape().back()))) // C9
    return emitOpError("expected ") << groups << " groups of packed f32 or f64 in whole blocks, got " << getRhs().getType();
  if (rank == 3 && failed(verifySize(*this, init, 0, lhs.shape()[0])))
    return failure();
  if (batched && failed(verifySize(*this, rhs, 0, lhs.shape()[0])))
    return failure();
  int64_t rhsK = getPacked() ? batched + 1 : batched, rhsN = getPacked() ? batched : batched + 1;
  int64_t expectedN = getPacked() ? llvm::divideCeil(columns, rhs.shape().back() / each) : columns;
  if (failed(verifySize(*this, init, rank - 2, lhs.shape()[rank - 2])) ||
      failed(verifySize(*this, rhs, rhsK, depth / each / groups)) || failed(verifySize(*this, rhs, rhsN, expectedN)) ||
      (getBias() && failed(verifySize(*this, bias, 0, columns))))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getSumType(factor), getExtras(), init);
}

LogicalResult SoftmaxOp::verify() {
  Named input{"input", getInput()}, init{"init", getInit()};
  if (failed(verifyRank(*this, input, 2)) || failed(verifyRank(*this, init, 2)) || failed(verifyDestination(*this, getInit())))
    return failure();
  for (int64_t dim : {0, 1})
    if (failed(verifySize(*this, init, dim, input.shape()[dim])))
      return failure();
  return success();
}

/// C1 and C2 of pack and unpack.
static LogicalResult verifyLayouts(Operation *op, Named plain, Named blocked, Value init) {
  if (failed(verifyRank(op, plain, 4)) || failed(verifyRank(op, blocked, 5)) || failed(verifyElements(op)) ||
      failed(verifyDestination(op, init)))
    return failure();
  ArrayRef<int64_t> shape = plain.shape();
  for (auto [dim, size] : {std::pair(0, shape[0]), std::pair(2, shape[2]), std::pair(3, shape[3])})
    if (failed(verifySize(op, blocked, dim, size)))
      return failure();
  return verifySize(op, blocked, 1, llvm::divideCeil(shape[1], blocked.shape()[4]));
}

LogicalResult PackOp::verify() { return verifyLayouts(*this, {"input", getInput()}, {"init", getInit()}, getInit()); }

LogicalResult UnpackOp::verify() { return verifyLayouts(*this, {"init", getInit()}, {"input", getInput()}, getInit()); }

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto task = symbols.lookupNearestSymbolFrom<FunctionOpInterface>(*this, getTaskAttr());
  if (!task)
    return emitOpError("expected ") << getTaskAttr() << " to be a function";
  SmallVector<Type> expected{IndexType::get(getContext())};
  llvm::append_range(expected, getArgs().getTypes());
  if (!isa<LLVM::LLVMFuncOp>(task) && task.getArgumentTypes() != ArrayRef<Type>(expected)) // C1
    return emitOpError("expected ") << getTaskAttr() << " to take an index and the types of the arguments";
  return success();
}
