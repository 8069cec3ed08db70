// Convolutions.cpp - Conv of any rank, group, stride, dilation and padding.
// SPDX-License-Identifier: Apache-2.0

#include "BlockedConvolution.h"
#include "Products.h"
#include "Window.h"

using namespace mlir;

namespace bn::lower {

Value convolve(Builder &b, Value x, Value weights, const Window &window, int64_t groups, Shape outShape, Type compute) {
  unsigned spatial = window.size();
  Shape in = shapeOf(x), filter = shapeOf(weights);
  int64_t perGroupIn = in[1] / groups, perGroupOut = filter[0] / groups;
  // Loops: n, g, m, out…, then c, taps….
  SmallVector<int64_t> splitIn = {in[0], groups, perGroupIn}, splitFilter = {groups, perGroupOut, perGroupIn};
  llvm::append_range(splitIn, in.drop_front(2));
  llvm::append_range(splitFilter, filter.drop_front(2));
  SmallVector<int64_t> splitOut = {outShape[0], groups, perGroupOut};
  llvm::append_range(splitOut, outShape.drop_front(2));
  unsigned parallel = 3 + spatial, loops = parallel + 1 + spatial;
  auto d = [&](unsigned i) { return b.getAffineDimExpr(i); };
  SmallVector<AffineExpr> inExprs = {d(0), d(1), d(parallel)}, filterExprs = {d(1), d(2), d(parallel)};
  for (unsigned i = 0; i < spatial; ++i) {
    inExprs.push_back(window.at(i, d(3 + i), d(parallel + 1 + i)));
    filterExprs.push_back(d(parallel + 1 + i));
  }
  SmallVector<AffineMap> maps = {AffineMap::get(loops, 0, inExprs, b.getContext()), AffineMap::get(loops, 0, filterExprs, b.getContext())};
  Value sum = contract(b, splitOut, {reshape(b, x, splitIn), reshape(b, weights, splitFilter)}, maps, parallel, number(b, compute, 0),
                       multiplyAdd);
  return reshape(b, sum, outShape);
}

Value addBias(NodeLowering &n, Value sum, Value bias) {
  if (!bias)
    return convert(n.b, sum, n.outType().getElementType());
  return mapChannels(n.b, n.outType(), sum, bias, 1, [](Builder &b, ValueRange v) -> Value {
    return arith::AddFOp::create(b, v[0], v[1]);
  });
}

static LogicalResult lowerConv(NodeLowering &n) {
  Builder &b = n.b;
  Shape out = n.outType().getShape();
  Type element = n.inType(0).getElementType();
  Window window = getWindow(n.node, n.inShape(1).drop_front(2), n.inShape(0).drop_front(2), out.drop_front(2));
  if (Value result = convolveBlocked(n, n.in(0), n.constant(1), n.constant(2), window, n.node.getInt("group", 1), out)) {
    n.results.push_back(addBias(n, result, n.constant(2) ? Value() : n.in(2)));
    return success();
  }
  Value x = padForWindow(b, n.in(0), window, out.drop_front(2), number(b, element, 0));
  Value sum = convolve(b, x, n.in(1), window, n.node.getInt("group", 1), out, getComputeType(element));
  n.results.push_back(addBias(n, sum, n.in(2)));
  return success();
}

void addConvolutions(LoweringTable &table) { table["Conv"] = lowerConv; }

} // namespace bn::lower
