// TensorOps.h - the few ways in which lowerings build tensors: map, reduce, generate, reshape, pad, take.
// SPDX-License-Identifier: Apache-2.0
//
// Storage against computation: tensors hold bool as i8 and halves as f16 or bf16; bodies see i1 and f32. The functions
// with a `Body` convert at the border, so that a body never meets a storage type.

#ifndef BN_LIB_LOWER_TENSOROPS_H
#define BN_LIB_LOWER_TENSOROPS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace bn::lower {

using Builder = mlir::ImplicitLocOpBuilder;
/// Computes one element from the elements of the operands.
using Body = llvm::function_ref<mlir::Value(Builder &, mlir::ValueRange)>;
using Shape = llvm::ArrayRef<int64_t>;
using Ints = llvm::ArrayRef<int64_t>;

/// The type that computes with elements of a type: f32 for f16 and bf16.
mlir::Type getComputeType(mlir::Type elementType);
/// A scalar between number types that differ in precision only.
mlir::Value convertFloat(Builder &b, mlir::Value x, mlir::Type type);
/// An elements' number constant, integer or float by its type.
mlir::Value number(Builder &b, mlir::Type type, double value);
mlir::Value index(Builder &b, int64_t value);

/// A constant tensor.
mlir::Value constantTensor(Builder &b, mlir::ElementsAttr value);
mlir::Value constantInts(Builder &b, Ints values);
mlir::Value constantReals(Builder &b, llvm::ArrayRef<double> values, mlir::Type type);

mlir::Value empty(Builder &b, Shape shape, mlir::Type elementType);
/// A tensor of one value.
mlir::Value filled(Builder &b, Shape shape, mlir::Value scalar);

/// Elementwise map with numpy broadcasting of `inputs` to `type`.
mlir::Value map(Builder &b, mlir::RankedTensorType type, mlir::ValueRange inputs, Body body);
/// The same for bodies that want i1 where `boolInputs` says so; a result of i1 is stored as i8.
mlir::Value mapBools(Builder &b, mlir::RankedTensorType type, mlir::ValueRange inputs, llvm::ArrayRef<bool> boolInputs, Body body);
/// The same with an operand per channel: `parameters` have rank 1 and vary along `axis`.
mlir::Value mapChannels(Builder &b, mlir::RankedTensorType type, mlir::Value input, mlir::ValueRange parameters, int64_t axis, Body body);

/// Elementwise map of x and an input that broadcasts to it, into the memory of x; nothing else may read x.
mlir::Value mapInPlace(Builder &b, mlir::Value x, mlir::Value input, Body body);

/// Folds `axes` of x with `combine(element, accumulator)`; the accumulator has the type of `init`. Reduced axes are dropped.
mlir::Value reduce(Builder &b, mlir::Value x, Ints axes, mlir::Value init, Body combine);
/// Reduction over a body with `inputs` and maps given; the accumulator starts as `init` and is the body's last argument.
mlir::Value contract(Builder &b, Shape shape, mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps, unsigned parallelLoops,
                     mlir::Value init, Body body);
/// Loops over a box of this shape, in order, that carry a tensor; `body` returns the next one.
mlir::Value loop(Builder &b, Shape shape, mlir::Value start,
                 llvm::function_ref<mlir::Value(Builder &, mlir::ValueRange, mlir::Value)> body);
/// A tensor whose elements `body` computes from their index.
mlir::Value generate(Builder &b, mlir::RankedTensorType type, Body body);

mlir::Value reshape(Builder &b, mlir::Value x, Shape shape);
/// A constant's value in another shape; a resource shares its bytes.
mlir::ElementsAttr reshapeElements(mlir::ElementsAttr value, mlir::RankedTensorType type);
/// Reduced axes back as ones.
mlir::Value keepDims(Builder &b, mlir::Value reduced, Shape original, Ints axes);
mlir::Value transpose(Builder &b, mlir::Value x, Ints permutation);
mlir::Value broadcast(Builder &b, mlir::Value x, Shape shape);
/// A border of `value`; negative amounts cut.
mlir::Value pad(Builder &b, mlir::Value x, Ints low, Ints high, mlir::Value value);
mlir::Value slice(Builder &b, mlir::Value x, Ints offsets, Shape sizes, Ints strides);
/// x at `indices` along `axis`.
mlir::Value take(Builder &b, mlir::Value x, int64_t axis, Ints indices);
/// The place in a dimension of `size` that is nearest to `at`: foreign memory stays untouched, whatever the model says.
mlir::Value clamp(Builder &b, mlir::Value at, int64_t size);
/// An index of the model as a place in a dimension of `size`: counted from the end where negative, clamped where out of range.
mlir::Value toPlace(Builder &b, mlir::Value i, int64_t size);
/// x with its elements in another float or integer width.
mlir::Value convert(Builder &b, mlir::Value x, mlir::Type elementType, bool isUnsigned = false);

inline mlir::RankedTensorType typeOf(mlir::Value x) { return mlir::cast<mlir::RankedTensorType>(x.getType()); }
inline Shape shapeOf(mlir::Value x) { return typeOf(x).getShape(); }

} // namespace bn::lower

#endif // BN_LIB_LOWER_TENSOROPS_H
