// BlockedConvolution.cpp - convolutions and pools as kernel ops on blocked images.
// SPDX-License-Identifier: Apache-2.0
//
//   before   %y = onnx.conv %x, %w, %b
//   after    %p = kernel.pack %x    %q = tensor.pad %p    %c = kernel.conv %q, packed %w bias packed %b    %y = kernel.unpack %c
//
// Packs and unpacks that meet vanish in bn-assign-layout. A 1-d image is a 2-d image of height 1.

#include "BlockedConvolution.h"
#include "Blocks.h"
#include "Constants.h"

using namespace mlir;

namespace bn::lower {

Window asPlane(Window window) {
  if (window.size() == 2)
    return window;
  window.kernel.insert(window.kernel.begin(), 1);
  window.strides.insert(window.strides.begin(), 1);
  window.dilations.insert(window.dilations.begin(), 1);
  window.low.insert(window.low.begin(), 0);
  window.high.insert(window.high.begin(), 0);
  return window;
}

SmallVector<int64_t> asPlane(Shape shape) {
  SmallVector<int64_t> plane(shape);
  if (plane.size() == 3)
    plane.insert(plane.begin() + 2, 1);
  return plane;
}

/// A constant filter in the shape of a plane's, or null.
static ElementsAttr asPlane(ElementsAttr filter) {
  if (!filter || getFloats(filter).empty())
    return {};
  Shape shape = filter.getShapedType().getShape();
  if (shape.size() != 3 && shape.size() != 4)
    return {};
  return reshapeElements(filter, RankedTensorType::get(asPlane(shape), filter.getElementType()));
}

Value convolveBlocked(NodeLowering &n, Value x, ElementsAttr given, ElementsAttr bias, const Window &spatial, int64_t groups,
                      Shape outShape) {
  Builder &b = n.b;
  ElementsAttr filter = asPlane(given);
  if (!n.block || !filter || ShapedType::getNumElements(outShape) == 0)
    return {};
  Window window = asPlane(spatial);
  SmallVector<int64_t> in = asPlane(shapeOf(x)), out = asPlane(outShape);
  Shape shape = filter.getShapedType().getShape();
  bool fitsBlock = groups > 1 && shape[0] == in[1] && shape[1] < n.block && n.block % shape[1] == 0;
  FilterBlocks blocks(shape, groups, n.block);
  Value image = resizeBlocks(b, pack(b, reshape(b, x, in), n.block), blocks.groups * blocks.inputs);
  image = padForWindow(b, image, window, Ints(out).drop_front(2), number(b, b.getF32Type(), 0));
  Value packedBias = bias ? packChannels(b, bias, blocks.outputs, n.block) : Value();
  // The tail lanes of an image have zero weights, so that a kernel need not multiply them.
  IntegerAttr channels = blocks.groups == 1 ? b.getI64IntegerAttr(in[1]) : IntegerAttr();
  Value init = empty(b, {out[0], blocks.outputs, out[2], out[3], n.block}, b.getF32Type());
  Value result = fitsBlock ? kernel::GroupedConvOp::create(b, init.getType(), image, packGroupedFilter(b, filter, n.block), packedBias,
                                                           ValueRange(), init, window.strides, window.dilations)
                                 .getResult()
                           : kernel::ConvOp::create(b, init.getType(), image, packFilter(b, filter, blocks, n.block), packedBias,
                                                    ValueRange(), init, window.strides, window.dilations, blocks.groups, channels)
                                 .getResult();
  return reshape(b, unpack(b, resizeBlocks(b, result, ceilDiv(out[1], n.block)), out[1]), outShape);
}

/// Whether each window holds an element of the input.
static bool coversInput(const Window &window, Ints in, Ints out) {
  for (unsigned i = 0; i < window.size(); ++i) {
    int64_t last = (out[i] - 1) * window.strides[i] - window.low[i];
    if (window.low[i] >= window.extent(i) || last >= in[i] || window.dilations[i] != 1)
      return false;
  }
  return true;
}

Value poolBlocked(NodeLowering &n, kernel::PoolKind kind, const Window &spatial) {
  Builder &b = n.b;
  int64_t rank = n.inType(0).getRank();
  if (!n.block || !n.inType(0).getElementType().isF32() || (rank != 3 && rank != 4) || n.outType().getNumElements() == 0)
    return {};
  Window window = asPlane(spatial);
  SmallVector<int64_t> in = asPlane(n.inShape(0)), out = asPlane(n.outType().getShape());
  if (!coversInput(window, Ints(in).drop_front(2), Ints(out).drop_front(2)))
    return {};
  Value init = empty(b, {out[0], ceilDiv(out[1], n.block), out[2], out[3], n.block}, b.getF32Type());
  Value result = kernel::PoolOp::create(b, init.getType(), kind, pack(b, reshape(b, n.in(0), in), n.block), init, window.kernel,
                                        window.strides, window.dilations, {window.low[0], window.low[1], window.high[0], window.high[1]})
                     .getResult();
  return reshape(b, unpack(b, result, out[1]), n.outType().getShape());
}

} // namespace bn::lower
