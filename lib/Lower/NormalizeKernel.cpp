// NormalizeKernel.cpp - builds kernel.normalize: the dimensions of a normalization, and its regions from functions.
// SPDX-License-Identifier: Apache-2.0

#include "NormalizeKernel.h"

#include "bn/IR/Kernel/Kernel.h"

using namespace mlir;

namespace bn::lower {

NormalizeDomain::NormalizeDomain(Shape input, Ints axes, int64_t ghosts, GhostGrouping grouping) : ghosts(ghosts), count(1) {
  int64_t ghostDim = -1, shift = 0;
  shape = llvm::to_vector(input);
  if (ghosts > 1) {
    shift = 1;
    ghostDim = grouping == GhostGrouping::Interleaved ? 1 : 0;
    shape[0] /= ghosts;
    shape.insert(shape.begin() + ghostDim, ghosts);
    statistics.push_back(ghosts);
  }
  groupShape.assign(shape.size(), 1), parameterShape.assign(shape.size(), 1);
  for (int64_t axis : axes) {
    groupShape[axis + shift] = parameterShape[axis + shift] = input[axis];
    parameters.push_back(input[axis]), statistics.push_back(input[axis]);
  }
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) {
    if (i == ghostDim) {
      groupShape[i] = ghosts;
      continue;
    }
    if (llvm::is_contained(axes, i - shift) && (ghosts == 1 || i > 1))
      continue;
    reduced.push_back(i);
    count *= shape[i];
  }
}

Value NormalizeDomain::element(Builder &b, Value x, Shape input) const {
  if (shapeOf(x) == input)
    return reshape(b, x, shape);
  SmallVector<int64_t> full(input.size() - shapeOf(x).size(), 1);
  llvm::append_range(full, shapeOf(x));
  return reshape(b, x, full);
}

/// A region whose body sees its arguments converted by `see`, and yields values converted to `yields`, or as they are.
static std::unique_ptr<Region> buildRegion(Builder &b, ArrayRef<Type> types, const RegionBody &body, function_ref<Type(Type)> see,
                                           ArrayRef<Type> yields = {}) {
  auto region = std::make_unique<Region>();
  if (!body)
    return region;
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(region.get(), {}, types, SmallVector<Location>(types.size(), b.getLoc()));
  SmallVector<Value> arguments = llvm::map_to_vector(block->getArguments(), [&](Value x) { return convertFloat(b, x, see(x.getType())); });
  SmallVector<Value> results = body(b, arguments);
  for (auto [result, type] : llvm::zip(results, yields))
    result = convertFloat(b, result, type);
  kernel::YieldOp::create(b, results);
  return region;
}

static SmallVector<Type> elementTypes(ArrayRef<Value> values) {
  return llvm::map_to_vector(values, [](Value v) { return typeOf(v).getElementType(); });
}

template <typename... Lists> static SmallVector<Type> join(const Lists &...lists) {
  SmallVector<Type> joined;
  (llvm::append_range(joined, lists), ...);
  return joined;
}

static SmallVector<Type> yieldTypes(Region &region) {
  if (region.empty())
    return {};
  return llvm::to_vector(region.front().getTerminator()->getOperandTypes());
}

/// Makes all values that `finish` and `center` yield numbers of the compute type, but for the statistics.
static void narrow(Builder &b, Region &region, ArrayRef<Type> statistics, Type compute) {
  if (region.empty())
    return;
  Operation *yield = region.front().getTerminator();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(yield);
  for (OpOperand &operand : yield->getOpOperands()) {
    unsigned i = operand.getOperandNumber();
    operand.set(convertFloat(b, operand.get(), i < statistics.size() ? statistics[i] : compute));
  }
}

SmallVector<Value> NormalizeKernel::build(Builder &b, const NormalizeDomain &domain, Shape outputShape) const {
  Type compute = getComputeType(typeOf(elements[0]).getElementType()), f64 = b.getF64Type();
  auto seeCompute = [&](Type) { return compute; };
  auto seeWide = [&](Type) { return f64; };
  SmallVector<Type> e = elementTypes(elements), g = elementTypes(groups), x = elementTypes(extras);
  auto sums = [&](Region &region) { return SmallVector<Type>(kernel::NormalizeOp::countYields(region), f64); };
  std::unique_ptr<Region> sampleRegion = buildRegion(b, join(e, g), sample, seeCompute);
  std::unique_ptr<Region> centerRegion = buildRegion(b, join(g, sums(*sampleRegion)), center, seeWide);
  narrow(b, *centerRegion, {}, compute);
  SmallVector<Type> c = yieldTypes(*centerRegion);
  std::unique_ptr<Region> termsRegion = buildRegion(b, join(e, g, c), terms, seeCompute);
  std::unique_ptr<Region> finishRegion = buildRegion(b, join(g, c, sums(*termsRegion)), finish, seeWide);
  narrow(b, *finishRegion, statistics, compute);
  SmallVector<Type> k = llvm::to_vector(ArrayRef(yieldTypes(*finishRegion)).drop_front(statistics.size()));
  std::unique_ptr<Region> mapRegion = buildRegion(b, join(e, x, g, c, k), map, seeCompute, output);

  SmallVector<Value> inits;
  if (map)
    inits.push_back(empty(b, domain.shape, output));
  for (Type type : statistics)
    inits.push_back(empty(b, domain.groupShape, type));
  int64_t slots = kernel::NormalizeOp::getScratchSlots(sums(*sampleRegion).size(), sums(*termsRegion).size(), c.size(), k.size());
  int64_t numGroups = 1;
  for (int64_t size : domain.groupShape)
    numGroups *= size;
  inits.push_back(empty(b, {slots, numGroups}, f64));
  auto op = kernel::NormalizeOp::create(b, ValueRange(inits).getTypes(), elements, groups, extras, inits, domain.reduced);
  Region *built[] = {sampleRegion.get(), centerRegion.get(), termsRegion.get(), finishRegion.get(), mapRegion.get()};
  for (auto [region, body] : llvm::zip_equal(op->getRegions(), built))
    region.takeBody(*body);
  SmallVector<Value> results;
  for (Value result : op.getOutputs().drop_back())
    results.push_back(reshape(b, result, map && results.empty() ? outputShape : Shape(domain.statistics)));
  return results;
}

OptionalArgument::OptionalArgument(Builder &b, SmallVectorImpl<Value> &operands, Value value, Shape shape) {
  if (!value)
    return;
  position = operands.size();
  operands.push_back(reshape(b, value, shape));
}

Value OptionalArgument::get(Builder &b, ArrayRef<Value> arguments, unsigned first, Type type, double fallback) const {
  return position >= 0 ? arguments[first + position] : number(b, type, fallback);
}

Value atLeast(Builder &b, Value x, Value low) {
  return arith::SelectOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, low), low, x);
}

Value atMost(Builder &b, Value x, Value high) {
  return arith::SelectOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, high), high, x);
}

} // namespace bn::lower
