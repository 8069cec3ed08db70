// NormalizeNest.cpp - a kernel.normalize on memrefs as loops over numbers, and how its work is cut.
// SPDX-License-Identifier: Apache-2.0

#include "NormalizeNest.h"
#include "Caches.h"

#include <numeric>

using namespace mlir;
using namespace bn;

/// What one worker's cache holds with room to spare.
static constexpr int64_t kSlabBytes = kSecondCache / 2;
/// Contiguous bytes that memory is worth asking for; shorter runs at long distances lose bandwidth, and longer ones of short rows are many
/// pages to go around.
static constexpr int64_t kRunBytes = 2 << 10;
/// Across groups, the same where several rows are under way at once.
static constexpr int64_t kShortRunBytes = 256;
/// Where such runs of rows that lie far apart do not fit, longer ones may wait in a cache that workers share: of one operand, for two take
/// twice as many pages.
static constexpr int64_t kSharedSlabBytes = kLastCache / 4, kSharedRunBytes = 1 << 10, kFarRowBytes = 4 << 10;
/// Blocks that are worth repeating what belongs to groups, and the bytes of a strip, which is in the nearest cache beside all that belongs
/// to its positions.
static constexpr int64_t kFewBlocks = 8, kStripBytes = 2 << 10;
/// Partial sums of f32 are added to those of f64 after so many elements.
static constexpr int64_t kRunLength = 2048;
/// Fewer slabs than this do not keep all workers busy.
static constexpr int64_t kFewSlabs = 8;

/// The largest divisor of n that is at most `limit`, and a multiple of `of` where there is one.
static int64_t largestDivisor(int64_t n, int64_t limit, int64_t of = 1) {
  int64_t best = 1;
  for (int64_t divisor = 1; divisor <= std::min(n, limit); ++divisor)
    if (n % divisor == 0 && (divisor % of == 0 || best % of != 0))
      best = divisor;
  return best;
}

/// A long innermost reduction as two loops.
static void splitLongRun(SmallVectorImpl<NestDim> &dims) {
  NestDim inner = dims.back();
  int64_t run = largestDivisor(inner.size, kRunLength);
  if (!inner.reduction || inner.size <= 2 * kRunLength || run < kRunLength / 16)
    return;
  dims.back().size = inner.size / run;
  for (int64_t &step : dims.back().steps)
    step *= run;
  inner.size = run;
  dims.push_back(inner);
}

FailureOr<NormalizeNest> NormalizeNest::get(OpBuilder &builder, kernel::NormalizeOp op, int64_t vectorBits) {
  NormalizeNest nest;
  nest.op = op;
  ArrayRef<int64_t> shape = cast<MemRefType>(op.getElements()[0].getType()).getShape();
  for (auto [i, size] : llvm::enumerate(shape))
    nest.dims.push_back({size, llvm::is_contained(op.getReduced(), static_cast<int64_t>(i)), {}});
  int64_t widest = 32;
  for (Value operand : op->getOperands()) {
    FailureOr<LinearView> view = LinearView::get(builder, op.getLoc(), operand);
    if (failed(view))
      return failure();
    nest.views.push_back(*view);
    if (operand == op.getScratch())
      break;
    for (auto [dim, size, stride] : llvm::zip_equal(nest.dims, cast<MemRefType>(operand.getType()).getShape(), view->strides))
      dim.steps.push_back(size == 1 ? 0 : stride);
  }
  for (Value element : op.getElements())
    widest = std::max<int64_t>(widest, cast<MemRefType>(element.getType()).getElementTypeBitWidth());
  for (NestDim &dim : llvm::reverse(nest.dims)) {
    dim.steps.push_back(dim.reduction ? 0 : nest.numGroups);
    nest.numGroups *= dim.reduction ? 1 : dim.size;
  }
  nest.dims = mergeDims(nest.dims);
  if (nest.dims.empty())
    nest.dims.push_back({1, true, SmallVector<int64_t>(nest.views.size(), 0)});
  splitLongRun(nest.dims);
  nest.lanes = vectorBits / widest;
  return nest;
}

SmallVector<unsigned> NormalizeNest::groupDims() const {
  return llvm::filter_to_vector(llvm::seq<unsigned>(dims.size()), [&](unsigned i) { return !dims[i].reduction; });
}

SmallVector<unsigned> NormalizeNest::blockDims() const {
  return llvm::filter_to_vector(llvm::seq<unsigned>(dims.size()), [&](unsigned i) { return dims[i].reduction && i != inner(); });
}

int64_t NormalizeNest::groupSize() const {
  int64_t size = 1;
  for (const NestDim &dim : dims)
    size *= dim.reduction ? dim.size : 1;
  return size;
}

int64_t NormalizeNest::bytesPerElement() const {
  int64_t bytes = 0;
  for (size_t i = 0; i < kernel::NormalizeOp(op).getElements().size(); ++i)
    if (dims.back().steps[i])
      bytes += views[i].element.getIntOrFloatBitWidth() / 8;
  return std::max<int64_t>(bytes, 1);
}

int64_t NormalizeNest::chooseSlab() const {
  SmallVector<unsigned> groups = groupDims();
  if (groups.empty())
    return 1;
  const NestDim &last = dims[groups.back()];
  int64_t fitting = kSlabBytes / groupBytes(), slabs = numGroups / std::max<int64_t>(last.size, 1);
  if (acrossGroups()) {
    int64_t fewest = std::min(last.size, kShortRunBytes / bytesPerElement()), shared = kSharedRunBytes / bytesPerElement();
    int64_t operands = bytesPerElement() * 8 / views[0].element.getIntOrFloatBitWidth();
    bool isFar = last.size * bytesPerElement() >= kFarRowBytes;
    if (isFar && fitting < shared && shared * groupBytes() * operands <= kSharedSlabBytes)
      return largestDivisor(last.size, shared, lanes);
    if (fitting < fewest)
      return 0;
    return largestDivisor(last.size, std::max(fewest, std::min(fitting, last.size * slabs / kFewSlabs)), lanes);
  }
  if (numGroups < kFewSlabs && fitting == 0)
    return 0;
  int64_t run = std::max<int64_t>(dims.back().size * bytesPerElement(), 1);
  bool adjacent = last.steps[0] == dims.back().size * dims.back().steps[0];
  return adjacent ? largestDivisor(last.size, std::max<int64_t>(1, std::min(fitting, kRunBytes / run))) : 1;
}

bool NormalizeNest::hasGroupVectors() const {
  auto kernel = kernel::NormalizeOp(op);
  unsigned first = kernel.getElements().size(), count = kernel.getGroups().size();
  unsigned statistics = first + count + kernel.getExtras().size() + !kernel.getMap().empty();
  SmallVector<unsigned> groups = groupDims();
  for (unsigned i = 0; !groups.empty() && i + 1 < views.size(); ++i) {
    int64_t step = dims[groups.back()].steps[i];
    if ((i >= statistics && step != 1) || (i >= first && i < first + count && step > 1))
      return false;
  }
  return !groups.empty();
}

int64_t NormalizeNest::chooseStrip() const {
  SmallVector<unsigned> groups = groupDims();
  int64_t row = dims.back().size, fewest = lanes / std::gcd(lanes, row);
  if (!hasShortRows() || groupSize() < kFewBlocks * row || !hasGroupVectors())
    return 0;
  const NestDim &last = dims[groups.back()];
  auto kernel = kernel::NormalizeOp(op);
  unsigned firstGroup = kernel.getElements().size(), firstExtra = firstGroup + kernel.getGroups().size();
  for (unsigned i = 0, end = firstExtra + kernel.getExtras().size() + !kernel.getMap().empty(); i < end; ++i)
    if ((i < firstGroup || i >= firstExtra) && (dims.back().steps[i] != 1 || last.steps[i] != row))
      return 0;
  int64_t fitting = kStripBytes * 8 / (row * views[0].element.getIntOrFloatBitWidth());
  int64_t strip = largestDivisor(last.size, std::max(fewest, fitting), fewest);
  return strip % fewest ? 0 : strip;
}
