// TensorOps.cpp - the few ways in which lowerings compute tensors: map, reduce, contract, generate.
// SPDX-License-Identifier: Apache-2.0

#include "TensorOps.h"

#include "bn/IR/Kernel/Kernel.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace bn::lower {

Type getComputeType(Type type) { return type.isF16() || type.isBF16() ? Float32Type::get(type.getContext()) : type; }

Value convertFloat(Builder &b, Value x, Type type) {
  unsigned from = x.getType().getIntOrFloatBitWidth(), to = type.getIntOrFloatBitWidth();
  if (x.getType() == type)
    return x;
  if (from < to)
    return arith::ExtFOp::create(b, type, x);
  if (from == 64 && type.isBF16()) // no machine does this in one step, nor does the C library
    x = arith::TruncFOp::create(b, b.getF32Type(), x);
  if (from > to)
    return arith::TruncFOp::create(b, type, x);
  return arith::TruncFOp::create(b, type, arith::ExtFOp::create(b, b.getF32Type(), x)); // f16 and bf16
}

Value number(Builder &b, Type type, double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value index(Builder &b, int64_t value) { return arith::ConstantIndexOp::create(b, value); }

Value constantTensor(Builder &b, ElementsAttr value) { return kernel::ConstantOp::create(b, value); }

Value constantInts(Builder &b, Ints values) {
  return constantTensor(b, DenseElementsAttr::get(RankedTensorType::get(values.size(), b.getI64Type()), values));
}

Value constantReals(Builder &b, ArrayRef<double> values, Type type) {
  auto tensorType = RankedTensorType::get(values.size(), type);
  auto rounded = llvm::map_to_vector(values, [&](double v) { return cast<Attribute>(b.getFloatAttr(type, v)); });
  return constantTensor(b, DenseElementsAttr::get(tensorType, rounded));
}

Value empty(Builder &b, Shape shape, Type elementType) { return tensor::EmptyOp::create(b, shape, elementType); }

Value filled(Builder &b, Shape shape, Value scalar) {
  return linalg::FillOp::create(b, scalar, empty(b, shape, scalar.getType())).getResult(0);
}

/// A stored element as bodies see it.
static Value load(Builder &b, Value element, bool isBool) {
  Type type = element.getType();
  if (isBool)
    return arith::TruncIOp::create(b, b.getI1Type(), element);
  return isa<FloatType>(type) ? convertFloat(b, element, getComputeType(type)) : element;
}

/// A body's result as tensors hold it.
static Value store(Builder &b, Value value, Type type) {
  if (value.getType().isInteger(1) && !type.isInteger(1))
    return arith::ExtUIOp::create(b, type, value);
  return isa<FloatType>(type) ? convertFloat(b, value, type) : value;
}

static SmallVector<utils::IteratorType> loops(unsigned parallel, unsigned reduction = 0) {
  SmallVector<utils::IteratorType> types(parallel, utils::IteratorType::parallel);
  types.append(reduction, utils::IteratorType::reduction);
  return types;
}

/// `x` without the dimensions that broadcast, and the map that reads the rest.
static AffineMap dropBroadcast(Builder &b, Value &x, Shape shape) {
  int64_t lead = shape.size() - typeOf(x).getRank();
  SmallVector<AffineExpr> exprs;
  SmallVector<int64_t> kept;
  for (auto [i, size] : llvm::enumerate(shapeOf(x))) {
    if (size == 1 && shape[i + lead] != 1)
      continue;
    kept.push_back(size);
    exprs.push_back(b.getAffineDimExpr(i + lead));
  }
  x = reshape(b, x, kept);
  return AffineMap::get(shape.size(), 0, exprs, b.getContext());
}

Value mapBools(Builder &b, RankedTensorType type, ValueRange inputs, ArrayRef<bool> boolInputs, Body body) {
  SmallVector<Value> operands(inputs);
  SmallVector<AffineMap> maps;
  for (Value &x : operands)
    maps.push_back(dropBroadcast(b, x, type.getShape()));
  maps.push_back(b.getMultiDimIdentityMap(type.getRank()));
  auto emit = [&](OpBuilder &builder, Location loc, ValueRange args) {
    Builder inner(loc, builder);
    SmallVector<Value> elements;
    for (auto [i, x] : llvm::enumerate(args.drop_back()))
      elements.push_back(load(inner, x, i < boolInputs.size() && boolInputs[i]));
    linalg::YieldOp::create(inner, store(inner, body(inner, elements), type.getElementType()));
  };
  return linalg::GenericOp::create(b, TypeRange(type), operands, empty(b, type.getShape(), type.getElementType()), maps,
                                   loops(type.getRank()), emit)
      .getResult(0);
}

Value map(Builder &b, RankedTensorType type, ValueRange inputs, Body body) { return mapBools(b, type, inputs, {}, body); }

Value mapChannels(Builder &b, RankedTensorType type, Value input, ValueRange parameters, int64_t axis, Body body) {
  SmallVector<Value> operands = {input};
  SmallVector<int64_t> shape(type.getRank() - axis, 1);
  shape[0] = type.getDimSize(axis);
  for (Value parameter : parameters)
    operands.push_back(reshape(b, parameter, shape));
  return map(b, type, operands, body);
}

Value mapInPlace(Builder &b, Value x, Value input, Body body) {
  RankedTensorType type = typeOf(x);
  SmallVector<AffineMap> maps = {dropBroadcast(b, input, type.getShape()), b.getMultiDimIdentityMap(type.getRank())};
  auto emit = [&](OpBuilder &builder, Location loc, ValueRange args) {
    Builder inner(loc, builder);
    linalg::YieldOp::create(inner, body(inner, {args[1], args[0]}));
  };
  return linalg::GenericOp::create(b, TypeRange(type), input, x, maps, loops(type.getRank()), emit).getResult(0);
}

Value contract(Builder &b, Shape shape, ValueRange inputs, ArrayRef<AffineMap> maps, unsigned parallelLoops, Value init, Body body) {
  unsigned numLoops = maps.front().getNumDims();
  SmallVector<AffineMap> allMaps(maps);
  if (allMaps.size() == inputs.size())
    allMaps.push_back(
        AffineMap::getFilteredIdentityMap(b.getContext(), numLoops, [=](AffineDimExpr dim) { return dim.getPosition() < parallelLoops; }));
  auto emit = [&](OpBuilder &builder, Location loc, ValueRange args) {
    Builder inner(loc, builder);
    SmallVector<Value> elements;
    for (Value x : args.drop_back())
      elements.push_back(load(inner, x, false));
    elements.push_back(args.back());
    linalg::YieldOp::create(inner, body(inner, elements));
  };
  Value start = filled(b, shape, init);
  return linalg::GenericOp::create(b, start.getType(), inputs, start, allMaps, loops(parallelLoops, numLoops - parallelLoops), emit)
      .getResult(0);
}

Value reduce(Builder &b, Value x, Ints axes, Value init, Body combine) {
  int64_t rank = typeOf(x).getRank();
  SmallVector<AffineExpr> exprs(rank);
  SmallVector<int64_t> shape;
  unsigned nextReduced = rank - axes.size();
  for (int64_t i = 0; i < rank; ++i) {
    if (llvm::is_contained(axes, i)) {
      exprs[i] = b.getAffineDimExpr(nextReduced++);
      continue;
    }
    exprs[i] = b.getAffineDimExpr(shape.size());
    shape.push_back(shapeOf(x)[i]);
  }
  return contract(b, shape, x, AffineMap::get(rank, 0, exprs, b.getContext()), shape.size(), init, combine);
}

Value loop(Builder &b, Shape shape, Value start, llvm::function_ref<Value(Builder &, ValueRange, Value)> body) {
  SmallVector<Value> lower, upper, step;
  for (int64_t size : shape) {
    lower.push_back(index(b, 0));
    upper.push_back(index(b, size));
    step.push_back(index(b, 1));
  }
  if (shape.empty())
    return body(b, {}, start);
  auto emit = [&](OpBuilder &builder, Location loc, ValueRange at, ValueRange carried) -> scf::ValueVector {
    Builder inner(loc, builder);
    return {body(inner, at, carried[0])};
  };
  return scf::buildLoopNest(b, b.getLoc(), lower, upper, step, start, emit).results.front();
}

Value generate(Builder &b, RankedTensorType type, Body body) {
  auto emit = [&](OpBuilder &builder, Location loc, ValueRange) {
    Builder inner(loc, builder);
    SmallVector<Value> indices;
    for (int64_t i = 0; i < type.getRank(); ++i)
      indices.push_back(linalg::IndexOp::create(inner, i));
    linalg::YieldOp::create(inner, store(inner, body(inner, indices), type.getElementType()));
  };
  return linalg::GenericOp::create(b, TypeRange(type), ValueRange(), empty(b, type.getShape(), type.getElementType()),
                                   b.getMultiDimIdentityMap(type.getRank()), loops(type.getRank()), emit)
      .getResult(0);
}

Value convert(Builder &b, Value x, Type to, bool isUnsigned) {
  Type from = typeOf(x).getElementType();
  if (from == to)
    return x;
  return map(b, RankedTensorType::get(shapeOf(x), to), x, [&](Builder &b, ValueRange v) -> Value {
    if (isa<FloatType>(to))
      return isa<FloatType>(from) ? v[0]
             : isUnsigned         ? arith::UIToFPOp::create(b, getComputeType(to), v[0]).getResult()
                                  : arith::SIToFPOp::create(b, getComputeType(to), v[0]).getResult();
    if (from.getIntOrFloatBitWidth() > to.getIntOrFloatBitWidth())
      return arith::TruncIOp::create(b, to, v[0]);
    return isUnsigned ? arith::ExtUIOp::create(b, to, v[0]).getResult() : arith::ExtSIOp::create(b, to, v[0]).getResult();
  });
}

} // namespace bn::lower
