// Scatters.cpp - operators that write elements to computed places, one after the other.
// SPDX-License-Identifier: Apache-2.0

#include "Checks.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace bn::lower {

/// Old and new element by the node's `reduction`.
static Value combine(Builder &b, StringRef reduction, Value old, Value update, bool isUnsigned) {
  bool isFloat = isa<FloatType>(old.getType());
  if (reduction == "add")
    return isFloat ? arith::AddFOp::create(b, old, update).getResult() : arith::AddIOp::create(b, old, update).getResult();
  if (reduction == "mul")
    return isFloat ? arith::MulFOp::create(b, old, update).getResult() : arith::MulIOp::create(b, old, update).getResult();
  if (reduction == "max")
    return isFloat      ? arith::MaximumFOp::create(b, old, update).getResult()
           : isUnsigned ? arith::MaxUIOp::create(b, old, update).getResult()
                        : arith::MaxSIOp::create(b, old, update).getResult();
  if (reduction == "min")
    return isFloat      ? arith::MinimumFOp::create(b, old, update).getResult()
           : isUnsigned ? arith::MinUIOp::create(b, old, update).getResult()
                        : arith::MinSIOp::create(b, old, update).getResult();
  return update;
}

using Place = llvm::function_ref<SmallVector<Value>(Builder &, ValueRange)>;

/// Loops over the updates in order; `place` computes where each goes.
static LogicalResult scatter(NodeLowering &n, unsigned updatesInput, Place place) {
  Builder &b = n.b;
  Value updates = n.in(updatesInput);
  StringRef reduction = n.node.getString("reduction", "none");
  bool isUnsigned = n.inElement(0).isUnsignedInteger() || n.inElement(0).isInteger(1);
  Type compute = getComputeType(n.outType().getElementType());
  SmallVector<Value> lower, upper, step;
  for (int64_t size : shapeOf(updates)) {
    lower.push_back(index(b, 0));
    upper.push_back(index(b, size));
    step.push_back(index(b, 1));
  }
  auto body = [&](OpBuilder &builder, Location loc, ValueRange at, ValueRange args) -> scf::ValueVector {
    Builder inner(loc, builder);
    SmallVector<Value> where = place(inner, at);
    Value update = tensor::ExtractOp::create(inner, updates, at);
    if (reduction != "none") {
      auto wide = [&](Value v) { return isa<FloatType>(compute) ? convertFloat(inner, v, compute) : v; };
      Value old = tensor::ExtractOp::create(inner, args[0], where);
      update = combine(inner, reduction, wide(old), wide(update), isUnsigned);
      update = isa<FloatType>(compute) ? convertFloat(inner, update, n.outType().getElementType()) : update;
    }
    return {tensor::InsertOp::create(inner, update, args[0], where).getResult()};
  };
  auto loops = scf::buildLoopNest(b, b.getLoc(), lower, upper, step, n.in(0), body);
  n.results.push_back(loops.results.empty() ? n.in(0) : loops.results.front());
  return success();
}

static LogicalResult lowerScatterElements(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.getInt("axis", 0), n.inType(0).getRank());
  if (failed(checkIndices(n, 1, n.inShape(0)[axis])))
    return failure();
  return scatter(n, 2, [&](Builder &b, ValueRange at) {
    SmallVector<Value> where(at);
    where[axis] = toPlace(b, tensor::ExtractOp::create(b, n.in(1), at), n.inShape(0)[axis]);
    return where;
  });
}

static LogicalResult lowerScatterND(NodeLowering &n) {
  int64_t depth = n.inShape(1).back(), lead = n.inType(1).getRank() - 1;
  if (failed(checkIndexVectors(n, 1, n.inShape(0).take_front(depth))))
    return failure();
  return scatter(n, 2, [&](Builder &b, ValueRange at) {
    SmallVector<Value> where;
    for (int64_t i = 0; i < depth; ++i) {
      SmallVector<Value> row(at.take_front(lead));
      row.push_back(index(b, i));
      where.push_back(toPlace(b, tensor::ExtractOp::create(b, n.in(1), row), n.inShape(0)[i]));
    }
    llvm::append_range(where, at.drop_front(lead));
    return where;
  });
}

void addScatters(LoweringTable &table) {
  table["ScatterElements"] = table["Scatter"] = lowerScatterElements;
  table["ScatterND"] = lowerScatterND;
}

} // namespace bn::lower
