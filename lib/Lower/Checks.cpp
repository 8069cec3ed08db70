// Checks.cpp - what compiled code finds out about its inputs: indices outside of a tensor, divisors of zero.
// SPDX-License-Identifier: Apache-2.0
//
//   before   func @main(…) -> (y)                    checks: flag₁, flag₂, …, not zero where something is wrong
//   after    func @main(…) -> (y, tensor<i64>)       0, or the number of the first flag that is set

#include "Checks.h"

#include "bn/IR/Kernel/ModuleAttributes.h"
#include "bn/IR/Onnx/Names.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace bn::lower {

/// Adds a check: no element may be what `isWrong` (i1) says.
static void addCheck(NodeLowering &n, Value elements, const Twine &expectation, Body isWrong) {
  Type flag = n.b.getI64Type();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(typeOf(elements).getRank()));
  Value failed = reduce(n.b, elements, axes, number(n.b, flag, 0), [&](Builder &b, ValueRange v) -> Value {
    return arith::OrIOp::create(b, v[1], arith::ExtUIOp::create(b, flag, isWrong(b, v[0])));
  });
  n.checks.push_back({failed, describe(n.op, expectation)});
}

/// Integers must lie between two bounds.
static LogicalResult checkRange(NodeLowering &n, Value elements, const std::optional<SmallVector<int64_t>> &known, int64_t low,
                                int64_t high, StringRef what) {
  std::string expectation = ("expected " + what + " between " + Twine(low) + " and " + Twine(high) + ", got others").str();
  if (known)
    return llvm::all_of(*known, [&](int64_t i) { return low <= i && i <= high; }) ? success() : n.fail(expectation);
  addCheck(n, elements, expectation, [&](Builder &b, ValueRange v) -> Value {
    auto compare = [&](arith::CmpIPredicate predicate, int64_t bound) {
      unsigned width = v[0].getType().getIntOrFloatBitWidth();
      int64_t clamped = std::clamp(bound, llvm::minIntN(width), llvm::maxIntN(width));
      return arith::CmpIOp::create(b, predicate, v[0], arith::ConstantOp::create(b, b.getIntegerAttr(v[0].getType(), clamped)));
    };
    return arith::OrIOp::create(b, compare(arith::CmpIPredicate::slt, low), compare(arith::CmpIPredicate::sgt, high));
  });
  return success();
}

LogicalResult checkIndices(NodeLowering &n, unsigned i, int64_t size) {
  return checkRange(n, n.in(i), n.constantInts(i), -size, size - 1, "indices");
}

LogicalResult checkIndexVectors(NodeLowering &n, unsigned i, Shape sizes) {
  SmallVector<int64_t> offsets(n.inType(i).getRank(), 0), box(n.inShape(i));
  box.back() = 1;
  std::optional<SmallVector<int64_t>> known = n.constantInts(i);
  for (auto [place, size] : llvm::enumerate(sizes)) {
    offsets.back() = place;
    std::optional<SmallVector<int64_t>> column;
    if (known) {
      column.emplace();
      for (size_t k = place; k < known->size(); k += sizes.size())
        column->push_back((*known)[k]);
    }
    if (failed(checkRange(n, slice(n.b, n.in(i), offsets, box, {}), column, -size, size - 1, "indices")))
      return failure();
  }
  return success();
}

LogicalResult checkLengths(NodeLowering &n, unsigned i, int64_t size) {
  return checkRange(n, n.in(i), n.constantInts(i), 0, size, "lengths");
}

LogicalResult checkPlaces(NodeLowering &n, unsigned i, int64_t size) {
  return checkRange(n, n.in(i), n.constantInts(i), 0, size - 1, "places");
}

FailureOr<Divisors> checkDivisors(NodeLowering &n) {
  constexpr StringLiteral expectation = "expected divisors other than zero, got one";
  if (std::optional<SmallVector<int64_t>> known = n.constantInts(1)) {
    if (llvm::is_contained(*known, 0))
      return n.fail(expectation);
    return llvm::is_contained(*known, -1) ? Divisors::Unknown : Divisors::Safe;
  }
  addCheck(n, n.in(1), expectation, [](Builder &b, ValueRange v) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, v[0], number(b, v[0].getType(), 0));
  });
  return Divisors::Unknown;
}

void addStatus(ModuleOp module, ArrayRef<NodeCheck> checks) {
  if (checks.empty())
    return;
  func::FuncOp main = *module.getOps<func::FuncOp>().begin();
  Operation *terminator = main.front().getTerminator();
  Builder b(main.getLoc(), OpBuilder(terminator));
  auto type = RankedTensorType::get({}, b.getI64Type());
  Value status = filled(b, {}, number(b, b.getI64Type(), 0));
  SmallVector<Attribute> messages;
  for (const NodeCheck &check : checks)
    messages.push_back(b.getStringAttr(check.message));
  for (auto [i, check] : llvm::enumerate(llvm::reverse(checks)))
    status = map(b, type, {check.failed, status}, [&, k = checks.size() - i](Builder &b, ValueRange v) -> Value {
      Value isSet = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, v[0], number(b, v[0].getType(), 0));
      return arith::SelectOp::create(b, isSet, number(b, v[0].getType(), k), v[1]);
    });
  terminator->insertOperands(terminator->getNumOperands(), status);
  (void)main.insertResult(main.getNumResults(), type, {});
  module->setAttr(kernel::kChecksAttr, b.getArrayAttr(messages));
}

} // namespace bn::lower
