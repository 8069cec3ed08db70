// ImageLoops.cpp - chooses which ops of a batch one loop over its images does, and how many images at once.
// SPDX-License-Identifier: Apache-2.0
//
// The cost of a loop is what it moves between the core and memory, in bytes: activations that the next op finds in no cache, weights
// that every group of images reads again, buffers that go from one loop to the next for all images, and launches, which wake workers.
// Large activations want groups of one image, large weights all images at once. Of all ways to cut the run the cheapest is found from
// front to back: best(j) = min over i, group of best(i) + cost(ops i to j, group). No cut goes between the ops of a Winograd convolution,
// whose tiles have the images inside.

#include "ImageLoops.h"
#include "ByteViews.h"
#include "Caches.h"

#include "bn/IR/Kernel/Kernel.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace bn;

/// The second caches of two cores, as workers share the images of a group.
static constexpr double kNearBytes = 2 * kSecondCache;
/// How much faster than memory the last-level cache is.
static constexpr double kCacheSpeed = 8;
/// What could be read from memory while a launch wakes the workers and waits for them.
static constexpr double kLaunchBytes = 10e3;
/// More ops than this are never in one loop: the search stays linear.
static constexpr size_t kMaxOps = 256;

/// The share of data that a cache of `size` bytes has lost after `distance` other bytes: it grows up to twice the size.
static double shareLost(double distance, double size) { return std::clamp((distance - size) / size, 0.0, 1.0); }

namespace {
/// What one op moves, in bytes for all images.
struct OpTraffic {
  double weights = 0; ///< what all images share
  double rereads = 0; ///< of these, what a direct convolution does not read for each image anyway
  double activations = 0;
  bool mayEnd = true; ///< a loop may end with the op
};

/// A buffer of a run.
struct BufferUse {
  double bytes = 0; ///< of all images
  size_t first = 0, last = 0;
  bool escapes = false; ///< ops outside of the run access it
};

class LoopChooser {
public:
  LoopChooser(const ImageRun &run, double cacheBytes);
  SmallVector<ImageLoop> choose();

private:
  /// Bytes that come from memory, or from the last-level cache at its speed, when `distance` others passed since.
  double costOf(double bytes, double distance) const {
    return bytes * (shareLost(distance, cacheBytes) + shareLost(distance, kNearBytes) / kCacheSpeed);
  }
  double costOfAccess(size_t op, const ImageAccess &access, int64_t group) const;
  void extendLoops(size_t first, int64_t group);

  struct Best {
    double cost = INFINITY;
    ImageLoop loop;
  };
  const ImageRun &run;
  double cacheBytes;
  SmallVector<OpTraffic> traffic;
  llvm::DenseMap<Value, BufferUse> buffers;
  SmallVector<Best> best; ///< of the first ops
};
} // namespace

static double bytesOf(Value memref) { return byteSize(cast<MemRefType>(memref.getType())); }

bool ImageRun::isLocal(Value buffer, size_t first, size_t end) const {
  if (!buffer.getDefiningOp<memref::AllocOp>())
    return false;
  llvm::SmallPtrSet<Operation *, 16> inside;
  for (const ImageOp &op : ArrayRef(ops).slice(first, end - first))
    inside.insert(op.op);
  SmallVector<Value> views{buffer};
  for (size_t i = 0; i < views.size(); ++i)
    for (Operation *user : views[i].getUsers()) {
      if (isa<ViewLikeOpInterface>(user))
        llvm::append_range(views, user->getResults());
      else if (!inside.contains(user))
        return false;
    }
  return true;
}

LoopChooser::LoopChooser(const ImageRun &run, double cacheBytes)
    : run(run), cacheBytes(cacheBytes), traffic(run.ops.size()), best(run.ops.size() + 1) {
  for (auto [i, op] : llvm::enumerate(run.ops))
    for (const ImageAccess &access : op.accesses) {
      if (!access.split) {
        traffic[i].weights += bytesOf(access.memref);
        continue;
      }
      traffic[i].activations += bytesOf(access.memref);
      auto [buffer, isNew] = buffers.try_emplace(access.buffer);
      BufferUse &use = buffer->second;
      use.bytes = std::max(use.bytes, bytesOf(access.memref));
      if (isNew) {
        use.first = i;
        use.escapes = !run.isLocal(access.buffer, 0, run.ops.size());
      }
      use.last = i;
    }
  for (auto [op, moved] : llvm::zip_equal(run.ops, traffic))
    if (isa<kernel::MatmulOp>(op.op))
      moved.rereads = moved.weights;
  for (auto [buffer, use] : buffers)
    if (run.splits.at(buffer)->dim != 0)
      for (size_t i = use.first; i < use.last; ++i)
        traffic[i].mayEnd = false;
}

/// An op's access to what another op of the loop has written or read before it.
double LoopChooser::costOfAccess(size_t op, const ImageAccess &access, int64_t group) const {
  double share = static_cast<double>(group) / run.images;
  return costOf(bytesOf(access.memref), traffic[op].activations * share + traffic[op].weights);
}

/// Enters the costs of all loops that begin with op `first`.
void LoopChooser::extendLoops(size_t first, int64_t group) {
  double weights = 0, rereads = 0, largest = 0, inside = 0, launches = 0, groups = static_cast<double>(run.images) / group;
  llvm::SmallMapVector<Value, double, 8> open; // buffers that other loops access as well, and the cost of this one's accesses but the first
  bool isAll = group == run.images;
  size_t end = isAll ? run.ops.size() : std::min(first + kMaxOps, run.ops.size()); // without loops there is always a way
  for (size_t i = first; i < end && !(isAll && i > first && traffic[i - 1].mayEnd); ++i) {
    weights += traffic[i].weights;
    rereads += traffic[i].rereads;
    largest = std::max(largest, traffic[i].activations / groups);
    ++launches;
    for (const ImageAccess &access : run.ops[i].accesses) {
      if (!access.split)
        continue;
      if (auto [cost, isFirst] = open.try_emplace(access.buffer, 0.0); !isFirst)
        cost->second += costOfAccess(i, access, group);
      const BufferUse &use = buffers.at(access.buffer);
      if (use.last == i && use.first >= first && !use.escapes && !isAll) {
        inside += open[access.buffer];
        open.erase(access.buffer);
      }
    }
    if (!traffic[i].mayEnd || (i == first && !isAll)) // a loop of one op brings nothing
      continue;
    double working = weights + largest;
    double cost = inside + launches * groups * kLaunchBytes + (groups - 1) * costOf(rereads, working) +
                  (groups - 1) * (weights - rereads) * shareLost(working, cacheBytes);
    for (auto [buffer, again] : open) {
      double bytes = buffers.at(buffer).bytes;
      cost += again + costOf(bytes, bytes + weights);
    }
    if (double total = best[first].cost + cost; total < best[i + 1].cost)
      best[i + 1] = {total, {first, i + 1, group}};
  }
}

SmallVector<ImageLoop> LoopChooser::choose() {
  best[0].cost = 0;
  for (size_t first = 0; first < run.ops.size(); ++first)
    for (int64_t group = run.images; group >= 1; --group)
      if (run.images % group == 0)
        extendLoops(first, group);
  SmallVector<ImageLoop> loops;
  for (size_t end = run.ops.size(); end > 0; end = best[end].loop.first)
    loops.push_back(best[end].loop);
  return SmallVector<ImageLoop>(llvm::reverse(loops));
}

SmallVector<ImageLoop> bn::chooseImageLoops(const ImageRun &run, int64_t cacheBytes) {
  return LoopChooser(run, cacheBytes).choose();
}
