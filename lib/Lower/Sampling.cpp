// Sampling.cpp - grids of places in images: AffineGrid.
// SPDX-License-Identifier: Apache-2.0

#include "Lowering.h"
#include "TensorOps.h"

using namespace mlir;

namespace bn::lower {

/// The places of all pixels, from -1 to 1 along each axis, x first, then a one.
static std::vector<double> getPlaces(Shape image, bool alignCorners) {
  std::vector<double> places;
  int64_t count = ShapedType::getNumElements(image);
  for (int64_t pixel = 0; pixel < count; ++pixel) {
    int64_t rest = pixel;
    for (int64_t d = image.size() - 1; d >= 0; --d) {
      int64_t i = rest % image[d], size = image[d];
      rest /= image[d];
      places.push_back(!alignCorners ? (2.0 * i + 1) / size - 1 : size > 1 ? 2.0 * i / (size - 1) - 1 : -1);
    }
    places.push_back(1);
  }
  return places;
}

/// One product of the transforms with the places, which are constant.
static LogicalResult lowerAffineGrid(NodeLowering &n) {
  Builder &b = n.b;
  Shape shape = n.outType().getShape(), image = shape.drop_front().drop_back();
  int64_t rank = shape.size(), terms = image.size() + 1;
  Type compute = getComputeType(n.outType().getElementType());
  SmallVector<int64_t> placesShape(image);
  placesShape.push_back(terms);
  Value places = reshape(b, constantReals(b, getPlaces(image, n.node.getInt("align_corners", 0)), compute), placesShape);
  auto dim = [&](int64_t i) { return b.getAffineDimExpr(i); };
  SmallVector<AffineExpr> placesExprs;
  for (int64_t i = 1; i < rank - 1; ++i)
    placesExprs.push_back(dim(i));
  placesExprs.push_back(dim(rank));
  SmallVector<AffineMap> maps = {AffineMap::get(rank + 1, 0, {dim(0), dim(rank - 1), dim(rank)}, b.getContext()),
                                 AffineMap::get(rank + 1, 0, placesExprs, b.getContext())};
  Value grid = contract(b, shape, {n.in(0), places}, maps, rank, number(b, compute, 0), [](Builder &b, ValueRange v) -> Value {
    return arith::AddFOp::create(b, v[2], arith::MulFOp::create(b, v[0], v[1]));
  });
  n.results.push_back(convert(b, grid, n.outType().getElementType()));
  return success();
}

void addSampling(LoweringTable &table) { table["AffineGrid"] = lowerAffineGrid; }

} // namespace bn::lower
