// ChannelMath.cpp - arithmetic on weights: in double from the stored values, rounded once.
// SPDX-License-Identifier: Apache-2.0

#include "ChannelMath.h"

#include "FloatStorage.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

using namespace mlir;

namespace bn {

namespace {
/// The range of values seen, and the sum of what rounding took. Every lane counts for itself, so that the compiler makes vectors of them.
struct Extent {
  static constexpr int64_t lanes = 8;
  double rounding[lanes] = {};
  double low[lanes], high[lanes];
  double zero[lanes] = {}; ///< NaN once a value was not finite

  Extent() {
    std::fill_n(low, lanes, std::numeric_limits<double>::infinity());
    std::fill_n(high, lanes, -std::numeric_limits<double>::infinity());
  }
  void add(int64_t lane, double value) {
    low[lane] = value < low[lane] ? value : low[lane];
    high[lane] = value > high[lane] ? value : high[lane];
    zero[lane] += value - value;
  }
  bool isFinite() const {
    return llvm::all_of(zero, [](double z) { return z == 0; });
  }
  WeightRange getRange() const { return {*llvm::min_element(low), *llvm::max_element(high)}; }
};
} // namespace

/// out[i] = in[i]·scale over one run of a channel. Returns what rounding took in sum.
template <typename Storage>
static double scaleRun(const char *in, char *out, int64_t count, double scale, Extent &before, Extent &after) {
  using Bits = typename Storage::Bits;
  auto scaleOne = [&](int64_t i, int64_t lane) {
    double value = Storage::load(loadUnaligned<Bits>(in, i));
    Bits bits = Storage::store(value * scale);
    std::memcpy(out + i * sizeof(Bits), &bits, sizeof(Bits));
    before.add(lane, value);
    after.add(lane, Storage::load(bits));
    after.rounding[lane] += std::abs(Storage::load(bits) - value * scale);
  };
  std::fill_n(after.rounding, Extent::lanes, 0.0);
  int64_t i = 0;
  for (; i + Extent::lanes <= count; i += Extent::lanes)
    for (int64_t lane = 0; lane < Extent::lanes; ++lane)
      scaleOne(i + lane, lane);
  for (; i < count; ++i)
    scaleOne(i, 0);
  return std::accumulate(after.rounding, after.rounding + Extent::lanes, 0.0);
}

Reason scaleChannels(ElementsAttr weight, const ChannelLayout &layout, ArrayRef<double> scale, StringRef name, ScaledWeight &result) {
  std::optional<RawElements> raw = getRawElements(weight);
  auto type = dyn_cast<RankedTensorType>(weight.getType());
  if (!raw || !type)
    return Reason::WeightsNotConstant;
  assert(layout.getNumElements() == type.getNumElements() && layout.getNumChannels() == static_cast<int64_t>(scale.size()));

  std::string splat; // written out, for the loop below needs no second case
  int64_t width = type.getElementTypeBitWidth() / 8;
  if (raw->splat)
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      splat.append(raw->bytes.data(), width);
  const char *in = raw->splat ? splat.data() : raw->bytes.data();

  Extent before, after;
  bool known = false;
  result.rounding.assign(layout.getNumChannels(), 0);
  result.value = makeElements(type, name, [&](char *out) {
    known = withStorage(type.getElementType(), [&](auto storage) {
      int64_t at = 0;
      for (int64_t group = 0; group < layout.groups; ++group)
        for (int64_t o = 0; o < layout.outer; ++o)
          for (int64_t c = group * layout.channels; c < (group + 1) * layout.channels; ++c, at += layout.inner)
            result.rounding[c] += scaleRun<decltype(storage)>(in + at * width, out + at * width, layout.inner, scale[c], before, after);
    });
  });
  result.before = before.getRange();
  result.after = after.getRange();
  if (!known || !before.isFinite())
    return known ? Reason::NonFinite : Reason::WeightsNotConstant;
  return after.isFinite() ? Reason::None : Reason::Overflow;
}

std::optional<SmallVector<double>> sumChannels(ElementsAttr weight, const ChannelLayout &layout, ArrayRef<double> offset,
                                               bool perInner) {
  std::optional<RawElements> raw = getRawElements(weight);
  if (!raw)
    return std::nullopt;
  SmallVector<double> sums(perInner ? layout.inner : layout.groups * layout.outer, 0);
  bool known = withStorage(weight.getElementType(), [&](auto storage) {
    using Bits = typename decltype(storage)::Bits;
    int64_t at = 0;
    for (int64_t row = 0; row < layout.groups * layout.outer; ++row)
      for (int64_t c = 0; c < layout.channels; ++c)
        for (int64_t i = 0; i < layout.inner; ++i, ++at) {
          double value = storage.load(loadUnaligned<Bits>(raw->bytes.data(), raw->splat ? 0 : at));
          sums[perInner ? i : row] += value * offset[row / layout.outer * layout.channels + c];
        }
  });
  return known ? std::optional(std::move(sums)) : std::nullopt;
}

SmallVector<double> getRounding(ElementsAttr before, ElementsAttr after, const ChannelLayout &scaled, ArrayRef<double> scale,
                                const ChannelLayout &layout) {
  SmallVector<double> rounding(layout.getNumChannels(), 0);
  RawElements old = *getRawElements(before), now = *getRawElements(after);
  withStorage(before.getElementType(), [&](auto storage) {
    using Bits = typename decltype(storage)::Bits;
    for (int64_t i = 0, end = layout.getNumElements(); i < end; ++i) {
      double exact = storage.load(loadUnaligned<Bits>(old.bytes.data(), old.splat ? 0 : i)) * scale[scaled.getChannel(i)];
      double stored = storage.load(loadUnaligned<Bits>(now.bytes.data(), now.splat ? 0 : i));
      rounding[layout.getChannel(i)] += std::abs(stored - exact);
    }
  });
  return rounding;
}

SmallVector<double> getRounding(ArrayRef<double> exact, ElementsAttr stored, int64_t run) {
  SmallVector<double> rounding(exact.size() / run, 0);
  RawElements raw = *getRawElements(stored);
  withStorage(stored.getElementType(), [&](auto storage) {
    using Bits = typename decltype(storage)::Bits;
    for (auto [i, value] : llvm::enumerate(exact))
      rounding[i / run] += std::abs(storage.load(loadUnaligned<Bits>(raw.bytes.data(), raw.splat ? 0 : i)) - value);
  });
  return rounding;
}

std::vector<WeightRange> measureChannels(ElementsAttr weight, const ChannelLayout &layout) {
  std::optional<RawElements> raw = getRawElements(weight);
  if (!raw || weight.getNumElements() != layout.getNumElements() || weight.getNumElements() == 0)
    return {};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<WeightRange> ranges(layout.getNumChannels(), {infinity, -infinity});
  bool known = withStorage(weight.getElementType(), [&](auto storage) {
    using Bits = typename decltype(storage)::Bits;
    for (int64_t i = 0, end = layout.getNumElements(); i < end; ++i) {
      WeightRange &range = ranges[layout.getChannel(i)];
      double value = storage.load(loadUnaligned<Bits>(raw->bytes.data(), raw->splat ? 0 : i));
      range = {std::min(range.low, value), std::max(range.high, value)};
    }
  });
  return known ? ranges : std::vector<WeightRange>();
}

} // namespace bn
