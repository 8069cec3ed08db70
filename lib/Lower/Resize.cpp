// Resize.cpp - Resize and Upsample: nearest, linear and cubic, one axis after the other.
// SPDX-License-Identifier: Apache-2.0
//
// Shapes and scales are known, so each axis has a table: which input elements an output element is made of, and by
// which weights. Coordinates and weights are computed here in double.

#include "Lowering.h"
#include "TensorOps.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;

namespace bn::lower {
namespace {

/// The input elements of each output element along one axis, `taps` apiece.
struct AxisTable {
  int64_t taps = 1;
  SmallVector<int64_t> indices;
  SmallVector<double> weights;
};

/// One axis to resize.
struct Axis {
  int64_t in, out;
  double scale;

  /// The result's size before it was rounded.
  double length() const {
    double exact = scale * in;
    return std::abs(exact - out) < 1e-6 ? out : exact;
  }

  /// Where output element `o` lies in the input.
  double coordinate(StringRef mode, double o) const {
    if (mode == "asymmetric")
      return o / scale;
    if (mode == "align_corners")
      return length() == 1 ? 0 : o * (in - 1) / (length() - 1);
    if (mode == "tf_half_pixel_for_nn")
      return (o + 0.5) / scale;
    if (mode == "pytorch_half_pixel" && out == 1)
      return 0;
    double half = (o + 0.5) / scale - 0.5;
    if (mode != "half_pixel_symmetric")
      return half;
    double adjustment = out / (scale * in);
    return in / 2.0 * (1 - adjustment) + half;
  }
};

} // namespace

static double roundBy(StringRef mode, double x) {
  if (mode == "floor")
    return std::floor(x);
  if (mode == "ceil")
    return std::ceil(x);
  return mode == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5);
}

static AxisTable nearestTable(const Axis &axis, StringRef coordinates, StringRef rounding) {
  AxisTable table;
  for (int64_t o = 0; o < axis.out; ++o) {
    auto i = static_cast<int64_t>(roundBy(rounding, axis.coordinate(coordinates, o)));
    table.indices.push_back(std::clamp<int64_t>(i, 0, axis.in - 1));
  }
  return table;
}

/// Weight of an element at distance x from the coordinate.
static double kernelWeight(bool isCubic, double a, double x) {
  x = std::abs(x);
  if (!isCubic)
    return std::max(1 - x, 0.0);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
}

static AxisTable smoothTable(NodeLowering &n, const Axis &axis, StringRef coordinates) {
  bool isCubic = n.node.getString("mode", "") == "cubic", excludesOutside = n.node.getInt("exclude_outside", 0);
  double a = n.node.getFloat("cubic_coeff_a", -0.75);
  double squeeze = n.node.getInt("antialias", 0) ? std::min(axis.scale, 1.0) : 1.0;
  auto first = static_cast<int64_t>(std::floor((isCubic ? -2 : -1) / squeeze)) + 1;
  AxisTable table{2 - 2 * first, {}, {}};
  for (int64_t o = 0; o < axis.out; ++o) {
    double x = axis.coordinate(coordinates, o), base = std::floor(x), sum = 0;
    SmallVector<double> weights;
    for (int64_t t = 0; t < table.taps; ++t) {
      int64_t i = static_cast<int64_t>(base) + first + t;
      double weight = kernelWeight(isCubic, a, (i - x) * squeeze);
      weights.push_back(excludesOutside && (i < 0 || i >= axis.in) ? 0 : weight);
      sum += weights.back();
      table.indices.push_back(std::clamp<int64_t>(i, 0, axis.in - 1));
    }
    for (double weight : weights)
      table.weights.push_back(weight / sum);
  }
  return table;
}

/// Every element `factor` times along `axis`: a broadcast, which vectorizes where a table does not.
static Value repeat(Builder &b, Value x, int64_t axis, int64_t factor) {
  SmallVector<int64_t> split(shapeOf(x)), result(shapeOf(x));
  split.insert(split.begin() + axis + 1, 1);
  x = reshape(b, x, split);
  split[axis + 1] = factor;
  result[axis] *= factor;
  return reshape(b, broadcast(b, x, split), result);
}

static Value applyTable(Builder &b, Value x, int64_t axis, int64_t out, const AxisTable &table) {
  if (table.weights.empty()) {
    int64_t factor = out / shapeOf(x)[axis];
    bool repeats = factor * shapeOf(x)[axis] == out;
    for (auto [o, i] : llvm::enumerate(table.indices))
      repeats &= static_cast<int64_t>(o) / std::max<int64_t>(factor, 1) == i;
    return repeats ? repeat(b, x, axis, factor) : take(b, x, axis, table.indices);
  }
  int64_t rank = typeOf(x).getRank();
  Type element = typeOf(x).getElementType(), compute = isa<FloatType>(element) ? getComputeType(element) : b.getF32Type();
  SmallVector<int64_t> shape(shapeOf(x));
  shape[axis] = out;
  auto tableShape = {out, table.taps};
  Value indices = constantTensor(b, DenseElementsAttr::get(RankedTensorType::get(tableShape, b.getIndexType()), ArrayRef(table.indices)));
  Value weights = reshape(b, constantReals(b, table.weights, compute), tableShape);
  SmallVector<AffineMap> maps(2, AffineMap::get(rank + 1, 0, {b.getAffineDimExpr(axis), b.getAffineDimExpr(rank)}, b.getContext()));
  Value sum = contract(b, shape, {indices, weights}, maps, rank, number(b, compute, 0), [&](Builder &b, ValueRange v) -> Value {
    SmallVector<Value> at;
    for (int64_t i = 0; i < rank; ++i)
      at.push_back(i == axis ? v[0] : linalg::IndexOp::create(b, i).getResult());
    Value pixel = convertFloat(b, tensor::ExtractOp::create(b, x, at), compute);
    return arith::AddFOp::create(b, arith::MulFOp::create(b, pixel, v[1]), v[2]);
  });
  return convert(b, sum, element);
}

/// Scales by axis: given, or from the sizes, which `keep_aspect_ratio_policy` may make one for all axes.
static FailureOr<SmallVector<double>> getScales(NodeLowering &n, Ints axes) {
  bool isUpsample = n.node.is("Upsample");
  unsigned input = isUpsample || n.node.getSchemaVersion() == 10 ? 1 : 2;
  if (auto list = dyn_cast_or_null<ArrayAttr>(n.node.getNodeAttr("scales")))
    return llvm::map_to_vector(list, [](Attribute a) { return cast<FloatAttr>(a).getValueAsDouble(); });
  if (auto list = dyn_cast_or_null<DenseF32ArrayAttr>(n.node.getNodeAttr("scales")))
    return llvm::map_to_vector(list.asArrayRef(), [](float v) -> double { return v; });
  if (n.has(input) && n.inType(input).getNumElements() > 0) {
    if (auto scales = n.constantReals(input))
      return *scales;
    return n.fail("expected input 'scales' to be constant");
  }
  auto sizes = n.constantInts(3);
  if (!sizes)
    return n.fail("expected input 'sizes' to be constant");
  SmallVector<double> scales;
  for (auto [axis, size] : llvm::zip(axes, *sizes))
    scales.push_back(static_cast<double>(size) / n.inShape(0)[axis]);
  StringRef policy = n.node.getString("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch") {
    double scale = policy == "not_larger" ? *llvm::min_element(scales) : *llvm::max_element(scales);
    scales.assign(scales.size(), scale);
  }
  return scales;
}

static LogicalResult lowerResize(NodeLowering &n) {
  int64_t rank = n.inType(0).getRank();
  auto named = n.node.getInts("axes");
  SmallVector<int64_t> axes = named ? llvm::to_vector(*named) : llvm::to_vector(llvm::seq<int64_t>(rank));
  for (int64_t &axis : axes)
    axis = NodeLowering::wrap(axis, rank);
  FailureOr<SmallVector<double>> scales = getScales(n, axes);
  if (failed(scales))
    return failure();
  bool isOld = n.node.is("Upsample") || n.node.getSchemaVersion() < 11;
  StringRef coordinates = n.node.getString("coordinate_transformation_mode", isOld ? "asymmetric" : "half_pixel");
  if (coordinates == "tf_crop_and_resize")
    return n.fail("coordinate transformation mode 'tf_crop_and_resize' is not supported");
  bool isNearest = n.node.getString("mode", "nearest") == "nearest";
  if (!isNearest && !isa<FloatType>(n.inElement(0)))
    return n.fail(llvm::formatv("element type {0} is not supported", n.inElement(0)));
  StringRef rounding = n.node.getString("nearest_mode", isOld ? "floor" : "round_prefer_floor");
  Value x = n.in(0);
  for (auto [axis, scale] : llvm::zip(axes, *scales)) {
    Axis one{n.inShape(0)[axis], n.outType().getDimSize(axis), scale};
    if (one.in == one.out && scale == 1)
      continue;
    x = applyTable(n.b, x, axis, one.out, isNearest ? nearestTable(one, coordinates, rounding) : smoothTable(n, one, coordinates));
  }
  n.results.push_back(x);
  return success();
}

void addResize(LoweringTable &table) { table["Resize"] = table["Upsample"] = lowerResize; }

} // namespace bn::lower
