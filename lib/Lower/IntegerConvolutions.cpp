// IntegerConvolutions.cpp - convolutions of 8-bit integers, of any rank, group, stride, dilation and padding.
// SPDX-License-Identifier: Apache-2.0
//
// Known filters go to the kernels: one channel to each group as f32, whose sums of so few products are exact; others as integers. The rest
// is loops.

#include "BlockedConvolution.h"
#include "Blocks.h"
#include "Constants.h"
#include "IntegerProducts.h"

using namespace mlir;

namespace bn::lower {

/// Products of two differences of bytes that f32 adds up without rounding.
static constexpr int64_t kExactProducts = (int64_t(1) << 24) / (255 * 255);

namespace {
/// One node's convolution of its input by a filter that is known now.
struct KnownFilter {
  ArrayRef<int16_t> values; ///< [O][I/g][KH][KW]
  SmallVector<int64_t> shape;
  Window window;
  int64_t groups;
  int64_t countProducts() const { return ShapedType::getNumElements(Shape(shape).drop_front()); }
};
} // namespace

/// Each channel by itself, in floats.
static Value convolveChannels(NodeLowering &n, IntegerOperands operands, const KnownFilter &filter) {
  Builder &b = n.b;
  Value x = convert(b, subtractZeroPoint(n, operands.left, operands.leftZero, 0, b.getI32Type()), b.getF32Type());
  ElementsAttr weights = makeFloats(b.getContext(), n.inShape(operands.right), [&](MutableArrayRef<float> floats) {
    llvm::copy(filter.values, floats.begin());
  });
  Value sum = convolveBlocked(n, x, weights, {}, filter.window, filter.groups, n.outType().getShape());
  auto type = RankedTensorType::get(n.outType().getShape(), b.getI32Type());
  return map(b, type, sum, [](Builder &b, ValueRange v) -> Value { return arith::FPToSIOp::create(b, b.getI32Type(), v[0]); });
}

/// The filter as [O/b][I/b][KH][KW][b/q][b·q].
static Value packFactors(NodeLowering &n, const KnownFilter &filter, const FilterBlocks &blocks, Type element) {
  Shape shape = filter.shape;
  int64_t block = n.block, q = kernel::getLaneFactors(element), taps = shape[2] * shape[3];
  auto fill = [&](function_ref<void(int64_t, int64_t)> set) {
    for (int64_t o = 0; o < shape[0]; ++o)
      for (int64_t i = 0; i < shape[1]; ++i) {
        int64_t to = blocks.inputChannel(o, i), first = (o / block * blocks.inputs + to / block) * taps;
        int64_t lane = (to % block / q * block + o % block) * q + to % q;
        for (int64_t k = 0; k < taps; ++k)
          set((first + k) * block * block + lane, filter.values[(o * shape[1] + i) * taps + k]);
      }
  };
  return constantTensor(n.b, makeIntegers(element, {blocks.outputs, blocks.inputs, shape[2], shape[3], block / q, block * q}, fill));
}

/// A padded image in blocks of channels by the filter.
static Value convolveImage(NodeLowering &n, const LeftFactors &left, Value image, const KnownFilter &filter) {
  Builder &b = n.b;
  Shape shape = filter.shape;
  SmallVector<int64_t> out = asPlane(n.outType().getShape());
  int64_t q = kernel::getLaneFactors(left.getElement());
  FilterBlocks blocks(shape, filter.groups, n.block);
  std::vector<int64_t> sums(blocks.outputs * n.block);
  for (auto [i, factor] : llvm::enumerate(filter.values))
    sums[i / filter.countProducts()] += factor;
  Value bias = left.makeBias(b, sums, {blocks.outputs, n.block});
  // Factors behind the last channel are zeros: those that share a lane with it are read, others not.
  IntegerAttr channels = blocks.groups == 1 ? b.getI64IntegerAttr(ceilDiv(shape[1] * filter.groups, q) * q) : IntegerAttr();
  Value init = empty(b, {out[0], blocks.outputs, out[2], out[3], n.block}, b.getI32Type());
  image = resizeBlocks(b, image, blocks.groups * blocks.inputs);
  Value result = kernel::ConvOp::create(b, init.getType(), image, packFactors(n, filter, blocks, left.getElement()), bias, ValueRange(),
                                        init, filter.window.strides, filter.window.dilations, blocks.groups, channels)
                     .getResult();
  return unpack(b, resizeBlocks(b, result, ceilDiv(shape[0], n.block)), shape[0]);
}

static Value convolveKnown(NodeLowering &n, IntegerOperands operands, KnownFilter filter, std::vector<int16_t> values) {
  Builder &b = n.b;
  SmallVector<int64_t> in = asPlane(n.inShape(operands.left)), out = asPlane(n.outType().getShape());
  auto columnOf = [&](int64_t i) { return i / filter.countProducts(); };
  RightFactors right = RightFactors::choose(n, operands, std::move(values), out[1], columnOf, /*maySum=*/filter.groups == 1);
  LeftFactors left = prepareLeft(n, operands, 0, right.asBytes);
  Value border = left.getBorder(b);
  Value image = padForWindow(b, pack(b, reshape(b, left.x, in), n.block), filter.window, Ints(out).drop_front(2), border);
  filter.values = right.values;
  Value sum = convolveImage(n, left, image, filter);
  if (!right.shifts.empty()) {
    std::vector<int16_t> ones(filter.countProducts(), 1);
    KnownFilter all{ones, filter.shape, filter.window, 1};
    all.shape[0] = 1;
    sum = right.takeShifts(b, sum, convolveImage(n, left, image, all), {out[1], 1, 1});
  }
  return reshape(b, sum, n.outType().getShape());
}

Value convolveIntegers(NodeLowering &n, IntegerOperands operands) {
  Builder &b = n.b;
  auto [input, inputZero, filter, filterZero] = operands;
  Shape in = n.inShape(input), shape = n.inShape(filter), out = n.outType().getShape();
  int64_t groups = n.node.getInt("group", 1), rank = in.size();
  Window window = getWindow(n.node, shape.drop_front(2), in.drop_front(2), out.drop_front(2));
  bool isForKernel = n.block && (rank == 3 || rank == 4) && n.outType().getNumElements() != 0 && n.inType(input).getNumElements() != 0;
  if (isForKernel)
    if (auto values = subtractKnown(n, filter, filterZero, 0)) {
      KnownFilter known{*values, asPlane(shape), window, groups};
      if (groups > 1 && groups == in[1] && groups == shape[0] && known.countProducts() <= kExactProducts)
        return convolveChannels(n, operands, known);
      known.window = asPlane(window);
      return convolveKnown(n, operands, known, std::move(*values));
    }
  Value x = subtractZeroPoint(n, input, inputZero, 0, b.getI32Type()), w = subtractZeroPoint(n, filter, filterZero, 0, b.getI32Type());
  x = padForWindow(b, x, window, out.drop_front(2), number(b, b.getI32Type(), 0));
  return convolve(b, x, w, window, groups, out, b.getI32Type());
}

static LogicalResult lowerConvInteger(NodeLowering &n) {
  n.results.push_back(convolveIntegers(n, {0, 2, 1, 3}));
  return success();
}

void addIntegerConvolutions(LoweringTable &table) { table["ConvInteger"] = lowerConvInteger; }

} // namespace bn::lower
