// KernelOps.cpp - verifiers and effects of the kernel dialect's ops.
// SPDX-License-Identifier: Apache-2.0

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

namespace {
/// A shaped operand with the name that messages use.
struct Named {
  StringRef name;
  Value value;
  ArrayRef<int64_t> shape() const { return cast<ShapedType>(value.getType()).getShape(); }
  int64_t rank() const { return shape().size(); }
};
} // namespace

/// C1: the rank of an operand; an absent one has any.
static LogicalResult verifyRank(Operation *op, Named operand, int64_t rank) {
  if (!operand.value || operand.rank() == rank)
    return success();
  return op->emitOpError("expected ") << operand.name << " of rank " << rank << ", got " << operand.value.getType();
}

/// C1: all operands have one element type.
static LogicalResult verifyElements(Operation *op) {
  Type first = getElementTypeOrSelf(op->getOperand(0));
  for (Value value : op->getOperands())
    if (getElementTypeOrSelf(value) != first)
      return op->emitOpError("expected elements of type ") << first << ", got " << value.getType();
  return success();
}

/// C2: a size that must be what another operand makes it.
static LogicalResult verifySize(Operation *op, Named operand, int64_t dim, int64_t expected) {
  if (operand.shape()[dim] == expected)
    return success();
  return op->emitOpError("expected dimension ") << dim << " of " << operand.name << " to be " << expected << ", got "
                                                << operand.shape()[dim];
}

/// The shape of init, its result and its place: a tensor has a result of its type, a memref none.
static LogicalResult verifyDestination(Operation *op, Value init) {
  bool tensor = isa<RankedTensorType>(init.getType());
  if (op->getNumResults() == (tensor ? 1 : 0) && (!tensor || op->getResult(0).getType() == init.getType()))
    return success();
  return op->emitOpError("expected a result of the type of 'outs' on tensors and none on memrefs");
}

/// C3: the last window ends inside the input.
static LogicalResult verifyWindow(Operation *op, Named input, Named init, ArrayRef<int64_t> window, ArrayRef<int64_t> strides,
                                  ArrayRef<int64_t> dilations) {
  for (int i : {0, 1}) {
    int64_t last = (init.shape()[2 + i] - 1) * strides[i] + (window[i] - 1) * dilations[i];
    if (last >= input.shape()[2 + i])
      return op->emitOpError("expected dimension ") << 2 + i << " of input to be above " << last << ", got " << input.shape()[2 + i];
  }
  return success();
}

/// C4 and C5: the epilogue's signature and the shapes of what it reads.
static LogicalResult verifyEpilogue(Operation *op, Region &epilogue, ValueRange extras, Named init) {
  for (Value extra : extras) {
    ArrayRef<int64_t> shape = cast<ShapedType>(extra.getType()).getShape();
    bool fits = shape.size() == init.shape().size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = shape[i] == 1 || shape[i] == init.shape()[i];
    if (!fits) // C5
      return op->emitOpError("expected an operand in 'with' to repeat to ") << init.value.getType() << ", got " << extra.getType();
  }
  if (epilogue.empty())
    return extras.empty() ? success() : op->emitOpError("expected an epilogue that reads the operands in 'with'");
  Type element = getElementTypeOrSelf(init.value);
  if (epilogue.getNumArguments() != extras.size() + 1)
    return op->emitOpError("expected an epilogue of ") << extras.size() + 1 << " arguments, got " << epilogue.getNumArguments();
  for (Type type : epilogue.getArgumentTypes())
    if (type != element)
      return op->emitOpError("expected the epilogue's arguments to be ") << element << ", got " << type;
  Block &body = epilogue.front();
  auto yield = body.empty() ? YieldOp() : dyn_cast<YieldOp>(body.back());
  if (!yield || yield.getValues().size() != 1 || yield.getValues()[0].getType() != element)
    return op->emitOpError("expected the epilogue to yield a value of type ") << element;
  return success();
}

LogicalResult ConvOp::verify() {
  Named input{"input", getInput()}, weights{"weights", getWeights()}, bias{"bias", getBias()}, init{"init", getInit()};
  bool planes = input.rank() == 4;
  if (failed(verifyRank(*this, input, planes ? 4 : 5)) || failed(verifyRank(*this, weights, 6)) || failed(verifyRank(*this, bias, 2)) ||
      failed(verifyRank(*this, init, 5)) || failed(verifyElements(*this)) || failed(verifyDestination(*this, getInit())))
    return failure();
  ArrayRef<int64_t> in = input.shape(), out = init.shape();
  int64_t groups = getGroups(), block = out[4], inputBlocks = planes ? 1 : in[1];
  if (inputBlocks % groups || out[1] % groups) // C2
    return emitOpError("expected 'groups' to divide the channel blocks ") << inputBlocks << " and " << out[1] << ", got " << groups;
  if (failed(verifySize(*this, init, 0, in[0])) || (!planes && failed(verifySize(*this, input, 4, block))) ||
      failed(verifySize(*this, weights, 0, out[1])) || failed(verifySize(*this, weights, 1, inputBlocks / groups)) ||
      failed(verifySize(*this, weights, 4, block)) || failed(verifySize(*this, weights, 5, block)))
    return failure();
  if (getBias() && (failed(verifySize(*this, bias, 0, out[1])) || failed(verifySize(*this, bias, 1, block))))
    return failure();
  int64_t most = weights.shape()[1] * block, channels = getChannels().value_or(most);
  if (channels > most || channels <= most - block) // C6
    return emitOpError("expected 'channels' in the last block, from ") << most - block + 1 << " to " << most << ", got " << channels;
  if (planes && failed(verifySize(*this, input, 1, channels))) // C6
    return failure();
  if (failed(verifyWindow(*this, input, init, weights.shape().slice(2, 2), getStrides(), getDilations())))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getExtras(), init);
}

LogicalResult DepthwiseConvOp::verify() {
  Named input{"input", getInput()}, weights{"weights", getWeights()}, bias{"bias", getBias()}, init{"init", getInit()};
  if (failed(verifyRank(*this, input, 5)) || failed(verifyRank(*this, weights, 4)) || failed(verifyRank(*this, bias, 2)) ||
      failed(verifyRank(*this, init, 5)) || failed(verifyElements(*this)) || failed(verifyDestination(*this, getInit())))
    return failure();
  ArrayRef<int64_t> in = input.shape();
  if (failed(verifySize(*this, init, 0, in[0])) || failed(verifySize(*this, init, 1, in[1])) ||
      failed(verifySize(*this, init, 4, in[4])) || failed(verifySize(*this, weights, 0, in[1])) ||
      failed(verifySize(*this, weights, 3, in[4])))
    return failure();
  if (getBias() && (failed(verifySize(*this, bias, 0, in[1])) || failed(verifySize(*this, bias, 1, in[4]))))
    return failure();
  if (failed(verifyWindow(*this, input, init, weights.shape().slice(1, 2), getStrides(), getDilations())))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getExtras(), init);
}

LogicalResult MatmulOp::verify() {
  Named lhs{"lhs", getLhs()}, rhs{"rhs", getRhs()}, bias{"bias", getBias()}, init{"init", getInit()};
  if (lhs.rank() != 2 && lhs.rank() != 3) // C1
    return emitOpError("expected lhs of rank 2 or 3, got ") << getLhs().getType();
  int64_t plain = getPacked() ? rhs.rank() - 1 : rhs.rank();
  if (plain < 2 || plain > lhs.rank()) // C1
    return emitOpError("expected rhs of rank ") << (getPacked() ? 3 : 2) << (lhs.rank() == 3 ? " or one more" : "") << ", got "
                                                << getRhs().getType();
  if (failed(verifyRank(*this, init, lhs.rank())) || failed(verifyRank(*this, bias, 1)) || failed(verifyElements(*this)) ||
      failed(verifyDestination(*this, getInit())))
    return failure();
  int64_t rank = lhs.rank(), batched = plain - 2, columns = init.shape()[rank - 1];
  if (rank == 3 && failed(verifySize(*this, init, 0, lhs.shape()[0])))
    return failure();
  if (batched && failed(verifySize(*this, rhs, 0, lhs.shape()[0])))
    return failure();
  int64_t rhsK = getPacked() ? batched + 1 : batched, rhsN = getPacked() ? batched : batched + 1;
  int64_t expectedN = getPacked() ? llvm::divideCeil(columns, rhs.shape().back()) : columns;
  if (failed(verifySize(*this, init, rank - 2, lhs.shape()[rank - 2])) ||
      failed(verifySize(*this, rhs, rhsK, lhs.shape()[rank - 1])) || failed(verifySize(*this, rhs, rhsN, expectedN)) ||
      (getBias() && failed(verifySize(*this, bias, 0, columns))))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getExtras(), init);
}

/// C1: tiles of a size that has transforms.
static LogicalResult verifyTile(Operation *op, int64_t tile) {
  return tile >= 2 && tile <= 4 ? success() : op->emitOpError("expected 'tile' to be 2, 3 or 4, got ") << tile;
}

LogicalResult WinogradInputOp::verify() {
  Named input{"input", getInput()}, init{"init", getInit()};
  int64_t tile = getTile(), side = tile + 2;
  if (failed(verifyTile(*this, tile)) || failed(verifyRank(*this, input, 5)) || failed(verifyRank(*this, init, 3)) ||
      failed(verifyElements(*this)) || failed(verifyDestination(*this, getInit())))
    return failure();
  ArrayRef<int64_t> in = input.shape(), tiles = getTiles();
  for (int i : {0, 1})
    if (tiles[i] * tile + 2 > in[2 + i]) // C3
      return emitOpError("expected dimension ") << 2 + i << " of input to be at least " << tiles[i] * tile + 2 << ", got " << in[2 + i];
  if (failed(verifySize(*this, init, 0, side * side)) || failed(verifySize(*this, init, 1, in[0] * tiles[0] * tiles[1])))
    return failure();
  return verifySize(*this, init, 2, in[1] * in[4]);
}

LogicalResult WinogradOutputOp::verify() {
  Named input{"input", getInput()}, bias{"bias", getBias()}, init{"init", getInit()};
  int64_t tile = getTile(), side = tile + 2;
  if (failed(verifyTile(*this, tile)) || failed(verifyRank(*this, input, 3)) || failed(verifyRank(*this, bias, 2)) ||
      failed(verifyRank(*this, init, 5)) || failed(verifyElements(*this)) || failed(verifyDestination(*this, getInit())))
    return failure();
  ArrayRef<int64_t> out = init.shape();
  int64_t tiles = out[0] * llvm::divideCeil(out[2], tile) * llvm::divideCeil(out[3], tile);
  if (failed(verifySize(*this, input, 0, side * side)) || failed(verifySize(*this, input, 1, tiles)) ||
      failed(verifySize(*this, input, 2, out[1] * out[4])))
    return failure();
  if (getBias() && (failed(verifySize(*this, bias, 0, out[1])) || failed(verifySize(*this, bias, 1, out[4]))))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getExtras(), init);
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

LogicalResult PoolOp::verify() {
  Named input{"input", getInput()}, init{"init", getInit()};
  if (failed(verifyRank(*this, input, 5)) || failed(verifyRank(*this, init, 5)) || failed(verifyElements(*this)) ||
      failed(verifyDestination(*this, getInit())))
    return failure();
  for (int64_t dim : {0, 1, 4})
    if (failed(verifySize(*this, init, dim, input.shape()[dim])))
      return failure();
  for (int i : {0, 1}) { // C3
    int64_t first = (getWindow()[i] - 1) * getDilations()[i] - getPads()[i];
    int64_t last = (init.shape()[2 + i] - 1) * getStrides()[i] - getPads()[i];
    if (first < 0 || last >= input.shape()[2 + i])
      return emitOpError("expected every window to hold an element of the input");
  }
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
