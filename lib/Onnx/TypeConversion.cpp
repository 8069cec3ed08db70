// TypeConversion.cpp - ONNX types to MLIR types and back.
// SPDX-License-Identifier: Apache-2.0

#include "TypeConversion.h"

#include "bn/IR/Onnx/Onnx.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace bn::onnx {

using proto::TensorProto;

/// All element types, by TensorProto.DataType. ONNX's signed integers are MLIR's signless ones.
static SmallVector<std::pair<int32_t, Type>, 32> getElementTypes(MLIRContext *context) {
  Builder b(context);
  auto integer = [&](unsigned width) -> Type { return b.getIntegerType(width); };
  auto natural = [&](unsigned width) -> Type { return b.getIntegerType(width, /*isSigned=*/false); };
  return {{TensorProto::FLOAT, b.getF32Type()},
          {TensorProto::INT64, integer(64)},
          {TensorProto::INT32, integer(32)},
          {TensorProto::BOOL, integer(1)},
          {TensorProto::FLOAT16, b.getF16Type()},
          {TensorProto::DOUBLE, b.getF64Type()},
          {TensorProto::UINT8, natural(8)},
          {TensorProto::INT8, integer(8)},
          {TensorProto::UINT16, natural(16)},
          {TensorProto::INT16, integer(16)},
          {TensorProto::UINT32, natural(32)},
          {TensorProto::UINT64, natural(64)},
          {TensorProto::STRING, StringType::get(context)},
          {TensorProto::COMPLEX64, ComplexType::get(b.getF32Type())},
          {TensorProto::COMPLEX128, ComplexType::get(b.getF64Type())},
          {TensorProto::BFLOAT16, b.getBF16Type()},
          {TensorProto::FLOAT8E4M3FN, Float8E4M3FNType::get(context)},
          {TensorProto::FLOAT8E4M3FNUZ, Float8E4M3FNUZType::get(context)},
          {TensorProto::FLOAT8E5M2, Float8E5M2Type::get(context)},
          {TensorProto::FLOAT8E5M2FNUZ, Float8E5M2FNUZType::get(context)},
          {TensorProto::FLOAT8E8M0, Float8E8M0FNUType::get(context)},
          {TensorProto::UINT4, natural(4)},
          {TensorProto::INT4, integer(4)},
          {TensorProto::UINT2, natural(2)},
          {TensorProto::INT2, integer(2)},
          {TensorProto::FLOAT4E2M1, Float4E2M1FNType::get(context)},
          {TensorProto::FLOAT6E2M3, Float6E2M3FNType::get(context)},
          {TensorProto::FLOAT6E3M2, Float6E3M2FNType::get(context)}};
}

Type importElementType(int32_t dataType, MLIRContext *context) {
  for (auto [number, type] : getElementTypes(context))
    if (number == dataType)
      return type;
  return {};
}

int32_t exportElementType(Type type) {
  for (auto [number, candidate] : getElementTypes(type.getContext()))
    if (candidate == type)
      return number;
  return TensorProto::UNDEFINED;
}

/// A tensor type from TypeProto.Tensor or TypeProto.SparseTensor. A negative dimension counts as unknown: some exporters
/// write −1 for it.
template <typename Declaration>
static Type importTensorType(const Declaration &tensor, MLIRContext *context) {
  Type element = importElementType(tensor.elem_type(), context);
  if (!element)
    return AnyType::get(context);
  if (!tensor.has_shape())
    return UnrankedTensorType::get(element);
  SmallVector<int64_t> shape;
  for (const auto &dim : tensor.shape().dim())
    shape.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? dim.dim_value() : ShapedType::kDynamic);
  return RankedTensorType::get(shape, element);
}

Type importType(const proto::TypeProto &type, MLIRContext *context) {
  switch (type.value_case()) {
  case proto::TypeProto::kTensorType:
    return importTensorType(type.tensor_type(), context);
  case proto::TypeProto::kSparseTensorType: {
    Type dense = importTensorType(type.sparse_tensor_type(), context);
    return isa<AnyType>(dense) ? dense : SparseType::get(context, dense);
  }
  case proto::TypeProto::kSequenceType:
    return SequenceType::get(context, importType(type.sequence_type().elem_type(), context));
  case proto::TypeProto::kOptionalType:
    return OptionalType::get(context, importType(type.optional_type().elem_type(), context));
  case proto::TypeProto::kMapType: {
    Type key = importElementType(type.map_type().key_type(), context);
    return key ? Type(MapType::get(context, key, importType(type.map_type().value_type(), context))) : AnyType::get(context);
  }
  default:
    return AnyType::get(context);
  }
}

template <typename Declaration>
static void exportTensorType(TensorType type, ArrayRef<StringRef> dimParams, Declaration &tensor) {
  tensor.set_elem_type(exportElementType(type.getElementType()));
  if (!type.hasRank())
    return;
  auto *shape = tensor.mutable_shape();
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    auto *dim = shape->add_dim();
    if (!ShapedType::isDynamic(size))
      dim->set_dim_value(size);
    else if (i < dimParams.size() && !dimParams[i].empty())
      dim->set_dim_param(dimParams[i].str());
  }
}

proto::TypeProto exportType(Type type, ArrayRef<StringRef> dimParams) {
  proto::TypeProto result;
  if (auto tensor = dyn_cast<TensorType>(type))
    exportTensorType(tensor, dimParams, *result.mutable_tensor_type());
  else if (auto sparse = dyn_cast<SparseType>(type))
    exportTensorType(cast<TensorType>(sparse.getDenseType()), dimParams, *result.mutable_sparse_tensor_type());
  else if (auto sequence = dyn_cast<SequenceType>(type))
    *result.mutable_sequence_type()->mutable_elem_type() = exportType(sequence.getElementType());
  else if (auto optional = dyn_cast<OptionalType>(type))
    *result.mutable_optional_type()->mutable_elem_type() = exportType(optional.getElementType());
  else if (auto map = dyn_cast<MapType>(type)) {
    result.mutable_map_type()->set_key_type(exportElementType(map.getKeyType()));
    *result.mutable_map_type()->mutable_value_type() = exportType(map.getValueType());
  }
  return result;
}

bool areCompatible(Type a, Type b) {
  if (a == b || isa<AnyType>(a) || isa<AnyType>(b))
    return true;
  auto s = dyn_cast<TensorType>(a), t = dyn_cast<TensorType>(b);
  if (s && t)
    return s.getElementType() == t.getElementType() && succeeded(verifyCompatibleShape(s, t));
  if (auto p = dyn_cast<SequenceType>(a), q = dyn_cast<SequenceType>(b); p && q)
    return areCompatible(p.getElementType(), q.getElementType());
  if (auto p = dyn_cast<OptionalType>(a), q = dyn_cast<OptionalType>(b); p && q)
    return areCompatible(p.getElementType(), q.getElementType());
  if (auto p = dyn_cast<SparseType>(a), q = dyn_cast<SparseType>(b); p && q)
    return areCompatible(p.getDenseType(), q.getDenseType());
  return false;
}

void mergeType(proto::TypeProto &declared, const proto::TypeProto &inferred) {
  if (declared.value_case() == proto::TypeProto::VALUE_NOT_SET) {
    declared = inferred;
    return;
  }
  if (!declared.has_tensor_type() || !inferred.has_tensor_type())
    return;
  auto &ours = *declared.mutable_tensor_type();
  const auto &theirs = inferred.tensor_type();
  if (ours.elem_type() == TensorProto::UNDEFINED)
    ours.set_elem_type(theirs.elem_type());
  if (ours.elem_type() != theirs.elem_type() || !theirs.has_shape())
    return;
  if (!ours.has_shape()) {
    *ours.mutable_shape() = theirs.shape();
    return;
  }
  if (ours.shape().dim_size() != theirs.shape().dim_size())
    return;
  for (int i = 0; i < ours.shape().dim_size(); ++i)
    if (!ours.shape().dim(i).has_dim_value() && theirs.shape().dim(i).has_dim_value())
      ours.mutable_shape()->mutable_dim(i)->set_dim_value(theirs.shape().dim(i).dim_value());
}

} // namespace bn::onnx
