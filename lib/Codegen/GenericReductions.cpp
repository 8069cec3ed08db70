// GenericReductions.cpp - the loops over the reduced dimensions of a linalg op.
// SPDX-License-Identifier: Apache-2.0

#include "GenericEmitter.h"
#include "ParallelLoop.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"

using namespace mlir;
using namespace bn;

SmallVector<Value> GenericEmitter::emitReductions(OpBuilder &builder, SmallVector<Value> indices, ArrayRef<unsigned> loops,
                                                  ValueRange carried, const Stretch &stretch) {
  if (loops.empty())
    return emitBodies(builder, indices, carried, stretch);
  return emitLoop(builder, loc, 0, nest.dims[loops[0]].size, 1, carried, [&](OpBuilder &b, Value iv, ValueRange inner) {
    indices[loops[0]] = iv;
    return emitReductions(b, indices, loops.drop_front(), inner, stretch);
  });
}

void GenericEmitter::emitVectorReduction(OpBuilder &builder, SmallVector<Value> indices) {
  SmallVector<Operation *> combiners;
  (void)matchReduction(nest.op.getRegionOutputArgs(), 0, combiners);
  Value neutral = arith::ConstantOp::create(builder, loc, *arith::getNeutralElement(combiners[0]));
  Value out = load(builder, inputs(), indices, 0, 1);
  for (const Stretch &stretch : stretches()) {
    auto overVectors = [&](OpBuilder &b, SmallVector<Value> at, ValueRange inner) {
      return emitLoop(b, loc, stretch.begin, stretch.begin + stretch.count * stretch.step(), stretch.step(), inner,
                      [&](OpBuilder &b2, Value iv, ValueRange partial) {
                        at[nest.vectorDim] = iv;
                        return emitBodies(b2, at, partial, stretch);
                      });
    };
    std::function<SmallVector<Value>(OpBuilder &, SmallVector<Value>, ArrayRef<unsigned>, ValueRange)> overLoops =
        [&](OpBuilder &b, SmallVector<Value> at, ArrayRef<unsigned> loops, ValueRange inner) -> SmallVector<Value> {
      if (loops.empty())
        return overVectors(b, at, inner);
      return emitLoop(b, loc, 0, nest.dims[loops[0]].size, 1, inner, [&](OpBuilder &b2, Value iv, ValueRange next) {
        at[loops[0]] = iv;
        return overLoops(b2, at, loops.drop_front(), next);
      });
    };
    SmallVector<Value> start(stretch.unroll, splat(builder, loc, neutral, stretch.lanes));
    for (Value partial : overLoops(builder, indices, reducedDims(false), start)) {
      if (stretch.lanes > 1)
        partial = vector::ReductionOp::create(builder, loc, *linalg::getCombinerOpKind(combiners[0]), partial,
                                              arith::FastMathFlags::reassoc);
      IRMapping mapping;
      mapping.map(combiners[0]->getOperands(), ValueRange{out, partial});
      out = builder.clone(*combiners[0], mapping)->getResult(0);
    }
  }
  storeLanes(builder, loc, out, nest.operands[inputs()].view.row, address(builder, inputs(), indices, 0));
}
