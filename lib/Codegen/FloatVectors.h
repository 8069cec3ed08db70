// FloatVectors.h - arithmetic on floats or vectors of them, for the polynomials of functions.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_CODEGEN_FLOATVECTORS_H
#define BN_LIB_CODEGEN_FLOATVECTORS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace bn {

inline bool isF32(mlir::Type type) { return mlir::getElementTypeOrSelf(type).isF32(); }

/// Builds operations on values of `type`, floats or a vector of them.
struct FloatVectors {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;

  mlir::Value number(double value) const { return constant(type, b.getFloatAttr(mlir::getElementTypeOrSelf(type), value)); }
  mlir::Value integer(int64_t value) const { return constant(bits(), b.getIntegerAttr(mlir::getElementTypeOrSelf(bits()), value)); }
  mlir::Value add(mlir::Value x, mlir::Value y) const { return mlir::arith::AddFOp::create(b, loc, x, y); }
  mlir::Value subtract(mlir::Value x, mlir::Value y) const { return mlir::arith::SubFOp::create(b, loc, x, y); }
  mlir::Value multiply(mlir::Value x, mlir::Value y) const { return mlir::arith::MulFOp::create(b, loc, x, y); }
  mlir::Value divide(mlir::Value x, mlir::Value y) const { return mlir::arith::DivFOp::create(b, loc, x, y); }
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z) const { return mlir::math::FmaOp::create(b, loc, x, y, z); }
  mlir::Value abs(mlir::Value x) const { return mlir::math::AbsFOp::create(b, loc, x); }
  mlir::Value sqrt(mlir::Value x) const { return mlir::math::SqrtOp::create(b, loc, x); }
  /// The size of x with the sign of y.
  mlir::Value copySign(mlir::Value x, mlir::Value y) const { return mlir::math::CopySignOp::create(b, loc, x, y); }
  mlir::Value isLess(mlir::Value x, mlir::Value y) const {
    return mlir::arith::CmpFOp::create(b, loc, mlir::arith::CmpFPredicate::OLT, x, y);
  }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) const {
    return mlir::arith::SelectOp::create(b, loc, condition, x, y);
  }

  /// x between two numbers; NaN stays.
  mlir::Value clamp(mlir::Value x, double low, double high) const {
    mlir::Value least = number(low), most = number(high);
    x = select(isLess(x, least), least, x);
    return select(isLess(most, x), most, x);
  }

  /// The polynomial with these coefficients, the highest power's first.
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<double> coefficients) const {
    mlir::Value sum = number(coefficients[0]);
    for (double coefficient : coefficients.drop_front())
      sum = fma(sum, x, number(coefficient));
    return sum;
  }

  /// The type of the floats' bits: an integer as wide, or a vector of it.
  mlir::Type bits() const {
    mlir::Type element = b.getIntegerType(mlir::getElementTypeOrSelf(type).getIntOrFloatBitWidth());
    auto vector = mlir::dyn_cast<mlir::VectorType>(type);
    return vector ? mlir::Type(vector.clone(element)) : element;
  }

private:
  mlir::Value constant(mlir::Type type, mlir::TypedAttr value) const {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
      value = mlir::DenseElementsAttr::get(vector, mlir::Attribute(value));
    return mlir::arith::ConstantOp::create(b, loc, value);
  }
};

} // namespace bn

#endif // BN_LIB_CODEGEN_FLOATVECTORS_H
