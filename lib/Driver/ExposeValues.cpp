// ExposeValues.cpp - makes every value of a graph an output.
// SPDX-License-Identifier: Apache-2.0

#include "ExposeValues.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace bn::driver {

void exposeValues(func::FuncOp main) {
  Operation *terminator = main.getBody().front().getTerminator();
  llvm::SetVector<Value> values(terminator->operand_begin(), terminator->operand_end());
  size_t outputs = values.size();
  for (Operation &op : main.getBody().front().without_terminator())
    for (Value result : op.getResults())
      if (isa<TensorType>(result.getType()) && !isa<onnx::ConstantOp>(op) && !onnx::getValueName(result).empty())
        values.insert(result);
  SmallVector<Value> exposed = values.takeVector();
  unsigned position = main.getNumResults();
  for (Value value : ArrayRef(exposed).drop_front(outputs)) {
    terminator->insertOperands(terminator->getNumOperands(), value);
    auto name = StringAttr::get(main.getContext(), onnx::getValueName(value));
    auto attrs = DictionaryAttr::get(main.getContext(), {{StringAttr::get(main.getContext(), onnx::attr::name), name}});
    (void)main.insertResult(position++, value.getType(), attrs);
  }
}

} // namespace bn::driver
