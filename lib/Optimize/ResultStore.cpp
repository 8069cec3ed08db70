// ResultStore.cpp - decides which results of constant folding are stored.
// SPDX-License-Identifier: Apache-2.0

#include "ResultStore.h"

#include "FileSize.h"
#include "FloatElements.h"
#include "FloatStorage.h"
#include "Initializers.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/SchemaInterface.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace bn {

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

/// The bytes of all results, known before they are computed; nothing where they are not.
static std::optional<int64_t> getResultBytes(Operation *op) {
  SmallVector<Type> types(op->getResultTypes());
  auto isOpen = [](Type type) {
    auto ranked = dyn_cast<RankedTensorType>(type);
    return !isa<NoneType>(type) && (!ranked || !ranked.hasStaticShape());
  };
  if (llvm::any_of(types, isOpen)) {
    auto *schema = op->getContext()->getLoadedDialect("onnx")->getRegisteredInterface<onnx::SchemaInterface>();
    auto constant = [&](unsigned i) { return getConstantValue(op->getOperand(i)); };
    types.clear();
    if (!schema || failed(schema->inferTypes(op, constant, types)) || llvm::any_of(types, isOpen))
      return std::nullopt;
  }
  int64_t bytes = 0;
  for (Type type : types) {
    auto ranked = dyn_cast<RankedTensorType>(type);
    std::optional<int64_t> more = ranked ? getNumBytes(ranked) : 0;
    if (!more || llvm::AddOverflow(bytes, *more, bytes))
      return std::nullopt;
  }
  return bytes;
}

static llvm::SetVector<onnx::ConstantOp> getConstantOperands(Operation *op) {
  llvm::SetVector<onnx::ConstantOp> constants;
  for (Value operand : op->getOperands())
    if (onnx::ConstantOp constant = getConstant(operand))
      constants.insert(constant);
  return constants;
}

//===----------------------------------------------------------------------===//
// The store
//===----------------------------------------------------------------------===//

/// The bytes of the constants that nobody needs any more once `op` is replaced.
int64_t ResultStore::getDyingBytes(Operation *op) const {
  int64_t bytes = 0;
  for (onnx::ConstantOp constant : getConstantOperands(op))
    if (llvm::all_of(constant->getUsers(), [&](Operation *user) { return user == op || isReplaced(user); }))
      bytes += getNumBytes(constant);
  return bytes;
}

bool ResultStore::admits(Operation *op) const {
  constexpr int64_t maxElements = 4 << 20; // the interpreter holds everything as doubles
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  if (!limits.dequantize && node && node.is("DequantizeLinear"))
    return false;
  int64_t elements = 0, read = 0;
  for (onnx::ConstantOp constant : getConstantOperands(op)) {
    elements += cast<RankedTensorType>(constant.getType()).getNumElements();
    read += getNumBytes(constant);
  }
  std::optional<int64_t> bytes = getResultBytes(op); // a part of a constant may be one of several that take its place
  return bytes && elements <= maxElements && *bytes <= std::max({limits.small, read, getDyingBytes(op) + limits.room});
}

/// An equal constant that `reader` can see.
onnx::ConstantOp ResultStore::findEqual(ElementsAttr value, uint64_t hash, Operation *reader) const {
  auto found = stored.find(hash);
  if (found == stored.end())
    return {};
  for (onnx::ConstantOp constant : found->second)
    if (haveEqualNumbers(constant.getValue(), value) &&
        constant->getBlock()->findAncestorOpInBlock(*reader)) // the walk goes forwards, so it stands before
      return constant;
  return {};
}

void ResultStore::replace(Operation *op, ArrayRef<ElementsAttr> values, RewriterBase &rewriter) {
  rewriter.setInsertionPoint(op);
  for (auto [result, value] : llvm::zip_equal(op->getResults(), values)) {
    if (!value)
      continue;
    std::optional<RawElements> raw = getRawElements(value);
    uint64_t hash = raw ? llvm::xxh3_64bits(llvm::arrayRefFromStringRef(llvm::toStringRef(raw->bytes))) : 0;
    bool mayShare = raw && !isGraphOutput(result);
    onnx::ConstantOp constant = mayShare ? findEqual(value, hash, op) : onnx::ConstantOp();
    if (!constant) {
      constant = createInitializer(rewriter, op->getLoc(), value, onnx::getValueName(result));
      origins[constant] = result;
      if (mayShare)
        stored[hash].push_back(constant);
    }
    rewriter.replaceAllUsesWith(result, constant);
  }
  replaced.insert(op);
}

//===----------------------------------------------------------------------===//
// The end
//===----------------------------------------------------------------------===//

/// The replaced ops that nothing needs; users come after what they use.
DenseSet<Operation *> ResultStore::findUnused() const {
  DenseSet<Operation *> unused;
  for (Operation *op : llvm::reverse(replaced))
    if (!isUsed(op, unused))
      unused.insert(op);
  return unused;
}

constexpr int64_t tinyBytes = 64; // shapes: less than the node that computes them

/// Lets the op compute the value again, and those before it that are not tiny.
void ResultStore::putBack(onnx::ConstantOp constant, RewriterBase &rewriter) {
  SmallVector<onnx::ConstantOp> pending = {constant};
  while (!pending.empty()) {
    onnx::ConstantOp next = pending.pop_back_val();
    auto origin = origins.find(next);
    if (origin == origins.end())
      continue;
    rewriter.replaceAllUsesWith(next, origin->second);
    for (onnx::ConstantOp operand : getConstantOperands(origin->second.getDefiningOp()))
      if (getNumBytes(operand) > tinyBytes)
        pending.push_back(operand);
  }
}

void ResultStore::settle(Operation *root, RewriterBase &rewriter) {
  SmallVector<onnx::ConstantOp> candidates = llvm::map_to_vector(origins, [](auto &entry) { return entry.first; });
  llvm::sort(candidates, [](auto a, auto b) { return getNumBytes(a) > getNumBytes(b); });
  DenseSet<Operation *> unused = findUnused();
  for (onnx::ConstantOp constant : candidates) {
    if (!limits.total || getNumBytes(constant) <= tinyBytes || estimateFileBytes(root, unused) <= *limits.total)
      break;
    if (isUsed(constant, unused)) {
      putBack(constant, rewriter);
      unused = findUnused();
    }
  }
  for (Operation *op : llvm::reverse(replaced)) {
    if (!unused.contains(op))
      continue;
    SmallVector<Value> operands(op->getOperands());
    rewriter.eraseOp(op);
    eraseIfDead(rewriter, operands);
  }
}

} // namespace bn
