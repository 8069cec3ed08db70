// Selection.cpp - operators that move elements by rules of position: ONNX category tensor.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "Select.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace bn::reference {

/// Fails unless `axes` names every dimension once.
static LogicalResult checkPermutation(const Call &call, ArrayRef<int64_t> perm, int64_t rank) {
  Dims sorted(perm);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, rank)))
    return call.error() << "expected 'perm' to be a permutation of " << rank << " dimensions";
  return success();
}

static LogicalResult transpose(Call &call) {
  const Tensor &x = call[0];
  int64_t rank = x.shape.size();
  Dims perm = llvm::to_vector_of<int64_t>(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  if (std::optional<ArrayRef<int64_t>> given = call.node.getInts("perm"))
    perm.assign(given->begin(), given->end());
  if (failed(checkPermutation(call, perm, rank)))
    return failure();
  Dims shape, strides, own = getStrides(x.shape);
  for (int64_t d : perm)
    shape.push_back(x.shape[d]), strides.push_back(own[d]);
  return addSelected(call, x, shape, [&](ArrayRef<int64_t> index) { return dot(index, strides); });
}

/// Ends beyond the input are moved to its bounds; negative ones count from the end.
static LogicalResult slice(Call &call) {
  const Tensor &x = call[0];
  std::optional<ArrayRef<int64_t>> starts = call.getList(1, "starts"), ends = call.getList(2, "ends");
  std::optional<ArrayRef<int64_t>> axes = call.getList(3, "axes"), steps = call.getList(4, "steps");
  if (!starts || !ends || starts->size() != ends->size() || (axes && axes->size() != starts->size()) ||
      (steps && steps->size() != starts->size()))
    return call.error() << "expected starts, ends, axes and steps of one length";
  Dims shape(x.shape), strides = getStrides(x.shape);
  int64_t base = 0;
  for (size_t i = 0; i < starts->size(); ++i) {
    FailureOr<int64_t> axis = call.getAxis(axes ? (*axes)[i] : i, x.shape.size());
    int64_t step = steps ? (*steps)[i] : 1;
    if (failed(axis))
      return failure();
    if (step == 0 || step == std::numeric_limits<int64_t>::min())
      return call.error() << "expected steps other than " << step;
    // Going down, the start is an element and the end may be before the first one: NumPy's start may be there, too.
    int64_t size = x.shape[*axis], last = step > 0 ? size : size - 1;
    auto clamp = [&](int64_t bound, int64_t first) { return std::clamp(bound < 0 ? bound + size : bound, first, std::max(first, last)); };
    int64_t start = clamp((*starts)[i], 0), end = clamp((*ends)[i], step > 0 ? 0 : -1);
    int64_t distance = size == 0 ? 0 : step > 0 ? end - start : start - end;
    shape[*axis] = distance > 0 ? (distance - 1) / std::abs(step) + 1 : 0;
    base += start * strides[*axis];
    strides[*axis] *= shape[*axis] > 1 ? step : 0; // a step that is never taken may be too large to multiply
  }
  return addSelected(call, x, shape, [&](ArrayRef<int64_t> index) { return base + dot(index, strides); });
}

static LogicalResult expand(Call &call) {
  const Tensor &x = call[0];
  if (failed(call.checkShape(call[1].integers())))
    return failure();
  std::optional<Dims> shape = broadcast(x.shape, call[1].integers());
  if (!shape)
    return call.error() << "expected a shape that " << x.getType() << " broadcasts to, got another";
  Dims strides = getBroadcastStrides(x.shape, *shape);
  return addSelected(call, x, *shape, [&](ArrayRef<int64_t> index) { return dot(index, strides); });
}

/// Before version 6: `tiles` copies along `axis`.
static FailureOr<Dims> getRepeats(const Call &call) {
  size_t rank = call[0].shape.size();
  if (call.version() >= 6) {
    if (isa<FloatType>(call[1].elementType) || call[1].getNumElements() != static_cast<int64_t>(rank))
      return call.error() << "expected integer repeats for " << rank << " dimensions, got " << call[1].getType();
    return Dims(call[1].integers());
  }
  if (!call.get(2) || call[1].getNumElements() != 1 || call[2].getNumElements() != 1)
    return call.error() << "expected scalars 'tiles' and 'axis'";
  auto scalar = [&](unsigned i) { return isa<FloatType>(call[i].elementType) ? truncate(call[i].reals()[0]) : call[i].integers()[0]; };
  FailureOr<int64_t> axis = call.getAxis(scalar(2), rank);
  if (failed(axis))
    return failure();
  Dims repeats(rank, 1);
  repeats[*axis] = scalar(1);
  return repeats;
}

static LogicalResult tile(Call &call) {
  const Tensor &x = call[0];
  FailureOr<Dims> repeats = getRepeats(call);
  if (failed(repeats))
    return failure();
  Dims shape(x.shape), strides = getStrides(x.shape);
  for (auto [size, times] : llvm::zip_equal(shape, *repeats))
    if (times < 0 || llvm::MulOverflow(size, times, size))
      return call.error() << "expected a number of repeats that fits, got " << times;
  return addSelected(call, x, shape, [&](ArrayRef<int64_t> index) {
    int64_t offset = 0;
    for (size_t d = 0; d < index.size(); ++d)
      offset += index[d] % x.shape[d] * strides[d];
    return offset;
  });
}

//===----------------------------------------------------------------------===//
// Depth and space
//===----------------------------------------------------------------------===//

/// Checks an N×C×H×W input against `blocksize`.
static FailureOr<int64_t> getBlockSize(const Call &call) {
  int64_t block = call.node.getInt("blocksize", 0);
  if (call[0].shape.size() != 4 || block < 1 || block > 1 << 15)
    return call.error() << "expected an input of rank 4 and a positive 'blocksize', got " << call[0].getType() << " and " << block;
  return block;
}

static LogicalResult depthToSpace(Call &call) {
  const Tensor &x = call[0];
  FailureOr<int64_t> b = getBlockSize(call);
  if (failed(b))
    return failure();
  if (x.shape[1] % (*b * *b))
    return call.error() << "expected channels in multiples of " << *b * *b << ", got " << x.shape[1];
  int64_t depth = x.shape[1] / (*b * *b);
  bool isBlockFirst = call.node.getString("mode", "DCR") == "DCR"; // channels are block, depth; depth, block otherwise
  Dims strides = getStrides(x.shape), shape{x.shape[0], depth, x.shape[2] * *b, x.shape[3] * *b};
  return addSelected(call, x, shape, [&](ArrayRef<int64_t> i) {
    int64_t within = i[2] % *b * *b + i[3] % *b;
    int64_t channel = isBlockFirst ? within * depth + i[1] : i[1] * *b * *b + within;
    return dot({i[0], channel, i[2] / *b, i[3] / *b}, strides);
  });
}

static LogicalResult spaceToDepth(Call &call) {
  const Tensor &x = call[0];
  FailureOr<int64_t> b = getBlockSize(call);
  if (failed(b))
    return failure();
  if (x.shape[2] % *b || x.shape[3] % *b)
    return call.error() << "expected height and width in multiples of " << *b << ", got " << x.getType();
  int64_t depth = x.shape[1];
  bool isBlockFirst = call.node.getString("mode", "DCR") == "DCR"; // channels are block, depth; depth, block otherwise
  Dims strides = getStrides(x.shape), shape{x.shape[0], depth * *b * *b, x.shape[2] / *b, x.shape[3] / *b};
  return addSelected(call, x, shape, [&](ArrayRef<int64_t> i) {
    int64_t within = isBlockFirst ? i[1] / depth : i[1] % (*b * *b), channel = isBlockFirst ? i[1] % depth : i[1] / (*b * *b);
    return dot({i[0], channel, i[2] * *b + within / *b, i[3] * *b + within % *b}, strides);
  });
}

/// The part of every matrix on one side of a diagonal; 0 elsewhere.
static LogicalResult trilu(Call &call) {
  const Tensor &x = call[0];
  if (x.shape.size() < 2)
    return call.error() << "expected an input of rank 2 or more, got " << x.getType();
  int64_t k = 0;
  if (call.get(1)) {
    FailureOr<int64_t> given = call.getInteger(1);
    if (failed(given))
      return failure();
    k = *given;
  }
  bool upper = call.node.getInt("upper", 1);
  Dims strides = getStrides(x.shape);
  return addSelected(call, x, x.shape, [&](ArrayRef<int64_t> index) {
    int64_t diagonal = index.back() - index[index.size() - 2];
    return (upper ? diagonal >= k : diagonal <= k) ? dot(index, strides) : -1;
  });
}

ArrayRef<Operator> getSelections() {
  static constexpr Operator table[] = {
      {"DepthToSpace", "any", depthToSpace},
      {"Expand", "any integer", expand},
      {"Slice", "any integer? integer? integer? integer?", slice},
      {"SpaceToDepth", "any", spaceToDepth},
      {"Tile", "any number number?", tile},
      {"Transpose", "any", transpose},
      {"Trilu", "any integer?", trilu},
  };
  return table;
}

} // namespace bn::reference
