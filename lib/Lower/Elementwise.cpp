// Elementwise.cpp - elementwise operators with numpy broadcasting, by the table of what computes one element.
// SPDX-License-Identifier: Apache-2.0

#include "Elementwise.h"

#include "Checks.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace bn::lower {

Value Element::add(Value x, Value y) {
  return isFloat() ? arith::AddFOp::create(b, x, y).getResult() : arith::AddIOp::create(b, x, y).getResult();
}

Value Element::sub(Value x, Value y) {
  return isFloat() ? arith::SubFOp::create(b, x, y).getResult() : arith::SubIOp::create(b, x, y).getResult();
}

Value Element::mul(Value x, Value y) {
  return isFloat() ? arith::MulFOp::create(b, x, y).getResult() : arith::MulIOp::create(b, x, y).getResult();
}

Value Element::div(Value x, Value y) {
  if (isFloat())
    return arith::DivFOp::create(b, x, y);
  if (isNarrow(x))
    return divideAsReals(x, isSafe ? y : select(equal(y, num(0, y)), num(1, y), y));
  if (isUnsigned())
    return arith::DivUIOp::create(b, x, isSafe ? y : select(equal(y, num(0, y)), num(1, y), y));
  if (isSafe)
    return arith::DivSIOp::create(b, x, y);
  Value quotient = arith::DivSIOp::create(b, x, makeSafe(y));
  return select(equal(y, num(-1, y)), neg(x), quotient); // the lowest number stays
}

bool Element::isNarrow(Value x) const { return x.getType().getIntOrFloatBitWidth() <= 32; }

Value Element::divideAsReals(Value x, Value y) {
  auto real = [&](Value v) -> Value {
    if (isUnsigned())
      return arith::UIToFPOp::create(b, b.getF64Type(), v);
    return arith::SIToFPOp::create(b, b.getF64Type(), v);
  };
  Value quotient = arith::FPToSIOp::create(b, b.getI64Type(), arith::DivFOp::create(b, real(x), real(y)));
  return arith::TruncIOp::create(b, x.getType(), quotient); // the lowest number by -1 stays
}

Value Element::rem(Value x, Value y) {
  if (isFloat())
    return arith::RemFOp::create(b, x, y);
  if (isNarrow(x))
    return sub(x, mul(div(x, y), y));
  if (isUnsigned())
    return arith::RemUIOp::create(b, x, isSafe ? y : select(equal(y, num(0, y)), num(1, y), y));
  return arith::RemSIOp::create(b, x, isSafe ? y : makeSafe(y));
}

Value Element::makeSafe(Value y) {
  // 0 and -1: y + 1 is below 2 as a number without sign
  Value isUnsafe = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, add(y, num(1, y)), num(2, y));
  return select(isUnsafe, num(1, y), y);
}

Value Element::less(Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
  return arith::CmpIOp::create(b, isUnsigned() ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, x, y);
}

Value Element::equal(Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x, y);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, y);
}

Value Element::max(Value x, Value y) {
  return isFloat() ? arith::MaximumFOp::create(b, x, y).getResult() : select(less(x, y), y, x);
}

Value Element::min(Value x, Value y) {
  return isFloat() ? arith::MinimumFOp::create(b, x, y).getResult() : select(less(y, x), y, x);
}

Value Element::softplus(Value x) {
  Value magnitude = math::AbsFOp::create(b, x);
  return add(max(x, num(0, x)), log1p(exp(neg(magnitude))));
}

static bool isInDomain(Type type, Domain domain) {
  switch (domain) {
  case Domain::Number:
    return !type.isInteger(1);
  case Domain::Float:
    return isa<FloatType>(type);
  case Domain::Integer:
    return isa<IntegerType>(type) && !type.isInteger(1);
  case Domain::Bool:
    return type.isInteger(1);
  case Domain::Any:
    return true;
  }
  llvm_unreachable("all domains are above");
}

/// Before version 7, `broadcast` aligned the second operand at `axis` instead of at the end, and PRelu had a slope per channel.
static Value alignOperand(NodeLowering &n, unsigned i) {
  Value x = n.in(i);
  if (i == 1 && n.node.is("PRelu") && n.node.getSchemaVersion() < 7 && n.inType(0).getRank() > 1) {
    SmallVector<int64_t> channels(n.inType(0).getRank() - 1, 1);
    channels[0] = n.inType(1).getNumElements();
    return reshape(n.b, x, channels);
  }
  auto axis = dyn_cast_or_null<IntegerAttr>(n.node.getNodeAttr("axis"));
  if (i != 1 || n.node.getSchemaVersion() >= 7 || !axis || !n.node.getInt("broadcast", 0))
    return x;
  int64_t rank = n.inType(0).getRank();
  SmallVector<int64_t> shape(n.inShape(1));
  shape.resize(rank - NodeLowering::wrap(axis.getInt(), rank), 1);
  return reshape(n.b, x, shape);
}

/// Whether numpy's rules make `shape` from x. Early versions of some operators know no broadcasting, and their models no better.
static bool broadcastsTo(Value x, Shape shape) {
  Shape from = shapeOf(x);
  return from.size() <= shape.size() && llvm::all_of(llvm::zip(llvm::reverse(from), llvm::reverse(shape)), [](auto sizes) {
    return std::get<0>(sizes) == 1 || std::get<0>(sizes) == std::get<1>(sizes);
  });
}

static LogicalResult lowerElementwise(NodeLowering &n) {
  const ElementwiseOp &entry = getElementwiseTable().at(n.node.getOpType());
  SmallVector<Value> inputs;
  SmallVector<bool> bools;
  SmallVector<std::optional<unsigned>> positions; // of the node's inputs among the operands
  for (unsigned i = 0; i < n.getNumInputs(); ++i) {
    positions.push_back(n.has(i) ? std::optional<unsigned>(inputs.size()) : std::nullopt);
    if (!n.has(i))
      continue;
    inputs.push_back(alignOperand(n, i));
    if (!broadcastsTo(inputs.back(), n.outType().getShape()))
      return n.fail(llvm::formatv("expected inputs that broadcast to {0}, got {1}", n.outType(), n.inType(i)));
    bools.push_back(n.inElement(i).isInteger(1));
  }
  Type type = n.inElement(0);
  if (!isInDomain(type, entry.domain))
    return n.fail(llvm::formatv("element type {0} is not supported", type));
  bool divides = (n.node.is("Div") || n.node.is("Mod")) && isa<IntegerType>(type);
  FailureOr<Divisors> divisors = divides ? checkDivisors(n) : Divisors::Safe;
  if (failed(divisors))
    return failure();
  n.results.push_back(mapBools(n.b, n.outType(), inputs, bools, [&](Builder &b, ValueRange elements) {
    Element element(n, b, type);
    element.isSafe = *divisors == Divisors::Safe;
    SmallVector<Value> args;
    for (std::optional<unsigned> position : positions)
      args.push_back(position ? elements[*position] : Value());
    return entry.emit(element, args);
  }));
  return success();
}

const ElementwiseTable &getElementwiseTable() {
  static const ElementwiseTable table = [] {
    ElementwiseTable table;
    addUnary(table);
    addActivations(table);
    addBinary(table);
    return table;
  }();
  return table;
}

void addElementwise(LoweringTable &table) {
  for (StringRef name : getElementwiseTable().keys())
    table[name] = lowerElementwise;
}

} // namespace bn::lower
