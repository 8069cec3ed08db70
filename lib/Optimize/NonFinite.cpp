// NonFinite.cpp - which nodes may compute with infinities or NaNs.
// SPDX-License-Identifier: Apache-2.0

#include "NonFinite.h"

#include "MovePlan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace bn {

static constexpr StringLiteral inputNotFinite = "bn.input_not_finite";

void noteNonFinite(Operation *op) {
  SmallVector<Operation *> pending = {op};
  while (!pending.empty()) {
    Operation *source = pending.pop_back_val();
    for (Operation *reader : source->getUsers()) {
      if (reader->hasTrait<OpTrait::IsTerminator>())
        reader = reader->getParentOp(); // a branch of an If, the body of a Loop
      if (isa<func::FuncOp>(reader) || readsOnlyShape(reader) || readsNonFinite(reader))
        continue;
      reader->setAttr(inputNotFinite, UnitAttr::get(reader->getContext()));
      pending.push_back(reader);
    }
  }
}

void forgetNonFinite(Operation *root) {
  root->walk([](Operation *op) { op->removeAttr(inputNotFinite); });
}

bool readsNonFinite(Operation *op) { return op->hasAttr(inputNotFinite); }

} // namespace bn
