// Stored.cpp - the table of operators that work on stored values.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Reference/Stored.h"

#include "StoredCall.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace bn::reference {

static StoredFunction find(Operation *op) {
  static const llvm::StringMap<StoredFunction> table = {
      {"Compress", storedCompress}, {"MaxRoiPool", storedMaxRoiPool}, {"NonMaxSuppression", storedNonMaxSuppression},
      {"NonZero", storedNonZero},   {"RoiAlign", storedRoiAlign},     {"TopK", storedTopK},
  };
  auto node = dyn_cast<onnx::NodeOpInterface>(op);
  return node && node.getDomain().empty() ? table.lookup(node.getOpType()) : nullptr;
}

bool isStoredOperator(Operation *op) { return find(op); }

bool evaluateStored(Operation *op, ArrayRef<const HostTensor *> operands, SmallVectorImpl<HostTensor> &results) {
  StoredFunction function = find(op);
  bool areTensors = llvm::all_of(operands, [](const HostTensor *x) { return !x || (x->type && x->strings.empty()); });
  StoredCall call{cast<onnx::NodeOpInterface>(op), operands, results};
  if (areTensors && function(call)) {
    results.resize(op->getNumResults());
    return true;
  }
  results.clear();
  return false;
}

} // namespace bn::reference
