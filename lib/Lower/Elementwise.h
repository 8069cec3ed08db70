// Elementwise.h - elementwise operators as a table: name to what computes one element.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_ELEMENTWISE_H
#define BN_LIB_LOWER_ELEMENTWISE_H

#include "Lowering.h"
#include "TensorOps.h"

namespace bn::lower {

/// Emits the arithmetic of one element. Its helpers choose the op by the ONNX element type of the first number operand.
class Element {
public:
  Element(NodeLowering &n, Builder &b, mlir::Type type) : n(n), b(b), type(type) {}

  NodeLowering &n;
  Builder &b;
  mlir::Type type; ///< ONNX element type that the arithmetic is in
  bool isSafe = true; ///< divisors are neither 0 nor -1

  bool isFloat() const { return mlir::isa<mlir::FloatType>(type); }
  bool isUnsigned() const { return type.isUnsignedInteger() || type.isInteger(1); }

  /// A number of x's type.
  mlir::Value num(double value, mlir::Value x) { return number(b, x.getType(), value); }
  /// The node's float attribute as a number of x's type.
  mlir::Value attr(llvm::StringRef name, double fallback, mlir::Value x) { return num(n.node.getFloat(name, fallback), x); }

  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y);
  /// The remainder with the sign of x; that of floats, too.
  mlir::Value rem(mlir::Value x, mlir::Value y);
  mlir::Value less(mlir::Value x, mlir::Value y);
  mlir::Value equal(mlir::Value x, mlir::Value y);
  /// The larger of both, NaN if either is.
  mlir::Value max(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  /// x where it is not below `low`, otherwise `low`. NaN stays NaN; one instruction where max takes three.
  mlir::Value atLeast(mlir::Value x, mlir::Value low) { return select(less(x, low), low, x); }
  mlir::Value atMost(mlir::Value x, mlir::Value high) { return select(less(high, x), high, x); }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) {
    return mlir::arith::SelectOp::create(b, condition, x, y);
  }
  mlir::Value neg(mlir::Value x) { return isFloat() ? mlir::arith::NegFOp::create(b, x).getResult() : sub(num(0, x), x); }
  mlir::Value exp(mlir::Value x) { return mlir::math::ExpOp::create(b, x); }
  mlir::Value log1p(mlir::Value x) { return mlir::math::Log1pOp::create(b, x); }
  /// 1 / (1 + e^-x)
  mlir::Value sigmoid(mlir::Value x) { return div(num(1, x), add(num(1, x), exp(neg(x)))); }
  /// ln(1 + e^x), without overflow.
  mlir::Value softplus(mlir::Value x);

private:
  /// Whether a double holds the integers of x; there are vectors of quotients of those.
  bool isNarrow(mlir::Value x) const;
  /// The quotient of narrow integers, cut; y is not 0.
  mlir::Value divideAsReals(mlir::Value x, mlir::Value y);
  /// y, or 1 in the place of 0 and -1.
  mlir::Value makeSafe(mlir::Value y);
};

/// Which element types an operator takes.
enum class Domain { Number, Float, Integer, Bool, Any };

struct ElementwiseOp {
  Domain domain;
  mlir::Value (*emit)(Element &e, mlir::ValueRange x);
};
using ElementwiseTable = llvm::StringMap<ElementwiseOp>;

void addUnary(ElementwiseTable &table);
void addActivations(ElementwiseTable &table);
void addBinary(ElementwiseTable &table);

/// Every elementwise operator.
const ElementwiseTable &getElementwiseTable();

} // namespace bn::lower

#endif // BN_LIB_LOWER_ELEMENTWISE_H
