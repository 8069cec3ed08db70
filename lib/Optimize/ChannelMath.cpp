// ChannelMath.cpp - arithmetic on weights: in double from the stored values, rounded once.
// SPDX-License-Identifier: Apache-2.0

#include "ChannelMath.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <sys/mman.h>

using namespace mlir;

namespace bn {

//===----------------------------------------------------------------------===//
// Maps of channels
//===----------------------------------------------------------------------===//

bool ChannelMap::hasUnitScale() const {
  return llvm::all_of(scale, [](double a) { return a == 1; });
}

bool ChannelMap::hasZeroOffset() const {
  return llvm::all_of(offset, [](double b) { return b == 0; });
}

bool ChannelMap::isUniform() const { return llvm::all_equal(scale) && llvm::all_equal(offset); }

ChannelMap ChannelMap::spread(int64_t channels) const {
  assert(isUniform() && !scale.empty());
  return {SmallVector<double>(channels, scale.front()), SmallVector<double>(channels, offset.front())};
}

Reason normalize(ArrayRef<double> scale, ArrayRef<double> offset, ArrayRef<double> mean, ArrayRef<double> variance, double epsilon,
                 ChannelMap &map) {
  for (auto [c, v] : llvm::enumerate(variance)) {
    if (!(v + epsilon > 0))
      return std::isnan(v) ? Reason::NonFinite : Reason::VarianceNotPositive;
    double a = scale[c] / std::sqrt(v + epsilon), b = offset[c] - mean[c] * a;
    if (!std::isfinite(a) || !std::isfinite(b) || std::isinf(v))
      return Reason::NonFinite;
    map.scale.push_back(a);
    map.offset.push_back(b);
  }
  return Reason::None;
}

ChannelMap compose(const ChannelMap &outer, const ChannelMap &inner) {
  ChannelMap map;
  for (auto [a, b, c, d] : llvm::zip_equal(outer.scale, outer.offset, inner.scale, inner.offset)) {
    map.scale.push_back(a * c);
    map.offset.push_back(a * d + b);
  }
  return map;
}

SmallVector<double> mapBias(ArrayRef<double> bias, double factor, const ChannelMap &map) {
  SmallVector<double> result(bias.size());
  for (auto [i, b] : llvm::enumerate(bias)) {
    size_t channel = i % map.scale.size();
    result[i] = factor * b * map.scale[channel] + map.offset[channel];
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Storage types: a bit pattern, its value, and the nearest bit pattern to a value
//===----------------------------------------------------------------------===//

namespace {
template <typename T>
struct NativeFloat {
  using Bits = T;
  static double load(T bits) { return bits; }
  static T store(double value) { return static_cast<T>(value); }
};

struct BFloat16 {
  using Bits = uint16_t;
  static double load(uint16_t bits) { return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
  static uint16_t store(double value) {
    float single = static_cast<float>(value);
    uint32_t bits = llvm::bit_cast<uint32_t>(single);
    if (std::isnan(single))
      return (bits >> 16) | 0x40;
    // A tie that rounding to float created is none: step back to the side that the value is on.
    if ((bits & 0xffff) == 0x8000 && single != value)
      bits += std::abs(value) > std::abs(static_cast<double>(single)) ? 1 : -1;
    return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  }
};
} // namespace

/// Calls `body` with the storage type of a float type; false for all other types.
template <typename Body>
static bool withStorage(Type type, Body body) {
  if (type.isF32())
    return body(NativeFloat<float>()), true;
  if (type.isF64())
    return body(NativeFloat<double>()), true;
  if (type.isF16())
    return body(NativeFloat<_Float16>()), true;
  if (type.isBF16())
    return body(BFloat16()), true;
  return false;
}

/// Blobs of mapped files have any alignment.
template <typename T>
static T loadUnaligned(const char *data, int64_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

namespace {
/// The bytes of a constant; one element of them where all are equal.
struct RawElements {
  ArrayRef<char> bytes;
  bool splat = false;
};
} // namespace

static std::optional<RawElements> getRawElements(ElementsAttr values) {
  if (auto dense = dyn_cast<DenseElementsAttr>(values))
    return RawElements{dense.getRawData(), dense.isSplat()};
  auto resource = dyn_cast<DenseResourceElementsAttr>(values);
  int64_t expected = values.getNumElements() * values.getElementType().getIntOrFloatBitWidth() / 8;
  if (!resource || !resource.getRawHandle().getBlob() || static_cast<int64_t>(resource.getData().size()) != expected)
    return std::nullopt;
  return RawElements{resource.getData()};
}

/// Memory for a constant, on huge pages where it is large and the system has them: small ones take longer to get than to fill.
static AsmResourceBlob allocate(size_t size) {
  constexpr size_t hugePage = size_t(2) << 20, cacheLine = 64;
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(size, size < hugePage ? cacheLine : hugePage);
  if (size >= hugePage)
    (void)madvise(blob.getMutableData().data(), llvm::alignDown(size, hugePage), MADV_HUGEPAGE); // a hint
  return blob;
}

/// Makes a constant of the type from a function that fills its bytes.
static ElementsAttr makeElements(RankedTensorType type, StringRef name, llvm::function_ref<void(char *)> fill) {
  constexpr int64_t inlineElements = 64;
  size_t size = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  if (type.getNumElements() <= inlineElements) {
    SmallVector<char> bytes(size);
    fill(bytes.data());
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  }
  AsmResourceBlob blob = allocate(size);
  fill(blob.getMutableData().data());
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

bool haveEqualNumbers(ElementsAttr one, ElementsAttr other) {
  if (one == other || one.getType() != other.getType())
    return one == other;
  std::optional<RawElements> a = getRawElements(one), b = getRawElements(other);
  return a && b && a->splat == b->splat && a->bytes == b->bytes;
}

std::optional<SmallVector<double>> readReals(ElementsAttr values) {
  if (!isa<FloatType>(values.getElementType()))
    return std::nullopt;
  std::optional<RawElements> raw = getRawElements(values);
  if (!raw)
    return std::nullopt;
  SmallVector<double> reals(values.getNumElements());
  bool known = withStorage(values.getElementType(), [&](auto storage) {
    using Bits = typename decltype(storage)::Bits;
    for (auto [i, real] : llvm::enumerate(reals))
      real = storage.load(loadUnaligned<Bits>(raw->bytes.data(), raw->splat ? 0 : i));
  });
  return known ? std::optional(std::move(reals)) : std::nullopt;
}

Reason checkFit(ArrayRef<double> values, Type type) {
  bool finite = true, fits = true;
  [[maybe_unused]] bool known = withStorage(type, [&](auto storage) {
    for (double value : values) {
      finite &= std::isfinite(value);
      fits &= std::isfinite(static_cast<double>(storage.load(storage.store(value))));
    }
  });
  assert(known && "not a float type");
  return !finite ? Reason::NonFinite : fits ? Reason::None : Reason::Overflow;
}

Reason storeReals(ArrayRef<double> values, RankedTensorType type, StringRef name, ElementsAttr &result) {
  if (Reason why = checkFit(values, type.getElementType()); why != Reason::None)
    return why;
  result = makeElements(type, name, [&](char *out) {
    withStorage(type.getElementType(), [&](auto storage) {
      using Bits = typename decltype(storage)::Bits;
      for (auto [i, value] : llvm::enumerate(values)) {
        Bits bits = storage.store(value);
        std::memcpy(out + i * sizeof(Bits), &bits, sizeof(Bits));
      }
    });
  });
  return Reason::None;
}

//===----------------------------------------------------------------------===//
// Scaling
//===----------------------------------------------------------------------===//

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
