// ShapeOps.cpp - operators that give the same elements another shape, and those that read a shape.
// SPDX-License-Identifier: Apache-2.0

#include "Lowering.h"
#include "TensorOps.h"

using namespace mlir;

namespace bn::lower {

/// Reshape, Flatten, Squeeze, Unsqueeze: the result's type says it all.
static LogicalResult lowerReshape(NodeLowering &n) {
  n.results.push_back(reshape(n.b, n.in(0), n.outType().getShape()));
  return success();
}

static LogicalResult lowerTranspose(NodeLowering &n) {
  int64_t rank = n.inType(0).getRank();
  auto perm = n.node.getInts("perm");
  auto reversed = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(rank)));
  n.results.push_back(transpose(n.b, n.in(0), perm ? *perm : Ints(reversed)));
  return success();
}

/// Expand and Tile of unit dimensions are the same.
static LogicalResult lowerExpand(NodeLowering &n) {
  n.results.push_back(broadcast(n.b, n.in(0), n.outType().getShape()));
  return success();
}

/// A new dimension in front of each one, broadcast and merged.
static LogicalResult lowerTile(NodeLowering &n) {
  SmallVector<int64_t> split, repeated;
  for (auto [in, out] : llvm::zip(n.inShape(0), n.outType().getShape())) {
    split.append({1, in});
    repeated.append({in == 0 ? 0 : out / in, in});
  }
  n.results.push_back(reshape(n.b, broadcast(n.b, reshape(n.b, n.in(0), split), repeated), n.outType().getShape()));
  return success();
}

static LogicalResult lowerDepthToSpace(NodeLowering &n) {
  Shape in = n.inShape(0);
  int64_t block = n.node.getInt("blocksize", 1), rest = in[1] / (block * block);
  bool isDCR = n.node.getString("mode", "DCR") == "DCR";
  SmallVector<int64_t> split = {in[0], block, block, rest, in[2], in[3]}, permutation = {0, 3, 4, 1, 5, 2};
  if (!isDCR) {
    split = {in[0], rest, block, block, in[2], in[3]};
    permutation = {0, 1, 4, 2, 5, 3};
  }
  n.results.push_back(reshape(n.b, transpose(n.b, reshape(n.b, n.in(0), split), permutation), n.outType().getShape()));
  return success();
}

static LogicalResult lowerSpaceToDepth(NodeLowering &n) {
  Shape in = n.inShape(0);
  int64_t block = n.node.getInt("blocksize", 1);
  SmallVector<int64_t> split = {in[0], in[1], in[2] / block, block, in[3] / block, block}, permutation = {0, 3, 5, 1, 2, 4};
  if (n.node.getString("mode", "DCR") == "CRD")
    permutation = {0, 1, 3, 5, 2, 4};
  n.results.push_back(reshape(n.b, transpose(n.b, reshape(n.b, n.in(0), split), permutation), n.outType().getShape()));
  return success();
}

static LogicalResult lowerShape(NodeLowering &n) {
  int64_t rank = n.inType(0).getRank();
  auto bound = [&](StringRef name, int64_t fallback) {
    return std::clamp<int64_t>(NodeLowering::wrap(n.node.getInt(name, fallback), rank), 0, rank);
  };
  int64_t start = bound("start", 0), end = std::max(bound("end", rank), start);
  n.results.push_back(constantInts(n.b, n.inShape(0).slice(start, end - start)));
  return success();
}

static LogicalResult lowerSize(NodeLowering &n) {
  n.results.push_back(reshape(n.b, constantInts(n.b, n.inType(0).getNumElements()), {}));
  return success();
}

static LogicalResult lowerConstantOfShape(NodeLowering &n) {
  Builder &b = n.b;
  Type element = n.outType().getElementType();
  auto value = dyn_cast_or_null<DenseElementsAttr>(n.node.getNodeAttr("value"));
  if (value && value.getElementType().isInteger(1))
    value = value.mapValues(element, [](const APInt &bit) { return bit.zext(8); });
  TypedAttr scalar = value ? cast<TypedAttr>(value.bitcast(element).getSplatValue<Attribute>()) : cast<TypedAttr>(b.getZeroAttr(element));
  n.results.push_back(filled(b, n.outType().getShape(), arith::ConstantOp::create(b, scalar)));
  return success();
}

static LogicalResult lowerEyeLike(NodeLowering &n) {
  int64_t offset = n.node.getInt("k", 0);
  n.results.push_back(generate(n.b, n.outType(), [&](Builder &b, ValueRange at) -> Value {
    Value shifted = arith::AddIOp::create(b, at[0], index(b, offset));
    Value isOne = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, shifted, at[1]);
    Type type = getComputeType(n.outType().getElementType());
    return arith::SelectOp::create(b, isOne, number(b, type, 1), number(b, type, 0));
  }));
  return success();
}

/// start + i·delta
static LogicalResult lowerRange(NodeLowering &n) {
  Value start = reshape(n.b, n.in(0), {}), delta = reshape(n.b, n.in(2), {});
  n.results.push_back(map(n.b, n.outType(), {start, delta}, [&](Builder &b, ValueRange v) -> Value {
    Value i = arith::IndexCastOp::create(b, b.getI64Type(), linalg::IndexOp::create(b, 0));
    if (isa<FloatType>(v[0].getType()))
      return arith::AddFOp::create(b, v[0], arith::MulFOp::create(b, arith::SIToFPOp::create(b, v[0].getType(), i), v[1]));
    if (v[0].getType() != i.getType())
      i = arith::TruncIOp::create(b, v[0].getType(), i);
    return arith::AddIOp::create(b, v[0], arith::MulIOp::create(b, i, v[1]));
  }));
  return success();
}

void addShapeOps(LoweringTable &table) {
  table["Reshape"] = table["Flatten"] = table["Squeeze"] = table["Unsqueeze"] = lowerReshape;
  table["Transpose"] = lowerTranspose;
  table["Expand"] = lowerExpand;
  table["Tile"] = lowerTile;
  table["DepthToSpace"] = lowerDepthToSpace;
  table["SpaceToDepth"] = lowerSpaceToDepth;
  table["Shape"] = lowerShape;
  table["Size"] = lowerSize;
  table["ConstantOfShape"] = lowerConstantOfShape;
  table["EyeLike"] = lowerEyeLike;
  table["Range"] = lowerRange;
}

} // namespace bn::lower
