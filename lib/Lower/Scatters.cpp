// Scatters.cpp - operators that write elements to computed places, one after the other.
// SPDX-License-Identifier: Apache-2.0

#include "Checks.h"

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

/// Where an update goes in the leading dimensions of the result, from its own leading indices.
using Place = llvm::function_ref<SmallVector<Value>(Builder &, ValueRange)>;

/// Loops over the updates in order; `place` computes from their first `lead` indices where each goes.
static LogicalResult scatter(NodeLowering &n, unsigned updatesInput, int64_t lead, Place place) {
  Value updates = n.in(updatesInput);
  StringRef reduction = n.node.getString("reduction", "none");
  bool isUnsigned = n.inElement(0).isUnsignedInteger() || n.inElement(0).isInteger(1);
  Type stored = n.outType().getElementType(), compute = getComputeType(stored);
  auto write = [&](Builder &b, ValueRange from, ValueRange to, Value out) -> Value {
    Value update = tensor::ExtractOp::create(b, updates, from);
    if (reduction != "none") {
      auto wide = [&](Value v) { return isa<FloatType>(compute) ? convertFloat(b, v, compute) : v; };
      Value old = tensor::ExtractOp::create(b, out, to);
      update = combine(b, reduction, wide(old), wide(update), isUnsigned);
      update = isa<FloatType>(compute) ? convertFloat(b, update, stored) : update;
    }
    return tensor::InsertOp::create(b, update, out, to);
  };
  Shape shape = shapeOf(updates);
  n.results.push_back(loop(n.b, shape.take_front(lead), n.in(0), [&](Builder &b, ValueRange row, Value out) {
    SmallVector<Value> chosen = place(b, row);
    return loop(b, shape.drop_front(lead), out, [&](Builder &b, ValueRange at, Value out) {
      SmallVector<Value> from(row), to(chosen);
      llvm::append_range(from, at);
      llvm::append_range(to, at);
      return write(b, from, to, out);
    });
  }));
  return success();
}

static LogicalResult lowerScatterElements(NodeLowering &n) {
  int64_t axis = NodeLowering::wrap(n.node.getInt("axis", 0), n.inType(0).getRank());
  if (failed(checkIndices(n, 1, n.inShape(0)[axis])))
    return failure();
  return scatter(n, 2, n.inType(0).getRank(), [&](Builder &b, ValueRange at) {
    SmallVector<Value> where(at);
    where[axis] = toPlace(b, tensor::ExtractOp::create(b, n.in(1), at), n.inShape(0)[axis]);
    return where;
  });
}

static LogicalResult lowerScatterND(NodeLowering &n) {
  int64_t depth = n.inShape(1).back(), lead = n.inType(1).getRank() - 1;
  if (failed(checkIndexVectors(n, 1, n.inShape(0).take_front(depth))))
    return failure();
  return scatter(n, 2, lead, [&](Builder &b, ValueRange at) {
    SmallVector<Value> where;
    for (int64_t i = 0; i < depth; ++i) {
      SmallVector<Value> row(at);
      row.push_back(index(b, i));
      where.push_back(toPlace(b, tensor::ExtractOp::create(b, n.in(1), row), n.inShape(0)[i]));
    }
    return where;
  });
}

void addScatters(LoweringTable &table) {
  table["ScatterElements"] = table["Scatter"] = lowerScatterElements;
  table["ScatterND"] = lowerScatterND;
}

} // namespace bn::lower
