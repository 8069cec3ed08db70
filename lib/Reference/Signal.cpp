// Signal.cpp - DFT, STFT and MelWeightMatrix: transforms between time and frequency.
// SPDX-License-Identifier: Apache-2.0
//
// A complex number is a last dimension of two, a real one a last dimension of one. Transforms are sums as the definition has
// them.

#include "Operator.h"

#include <cmath>
#include <complex>

using namespace mlir;

namespace bn::reference {

using Complex = std::complex<double>;

/// The first `count` values of the transform; `length` is its period.
static std::vector<Complex> transform(ArrayRef<Complex> x, int64_t length, int64_t count, bool isInverse) {
  std::vector<Complex> roots(length), y(count);
  for (int64_t k = 0; k < length; ++k)
    roots[k] = std::polar(1.0, (isInverse ? 2 : -2) * M_PI * k / length);
  for (int64_t k = 0; k < count; ++k) {
    for (int64_t i = 0; i < static_cast<int64_t>(x.size()); ++i)
      y[k] += x[i] * roots[k * i % length];
    if (isInverse)
      y[k] /= length;
  }
  return y;
}

/// A real signal's other half of the spectrum is the mirrored conjugate.
static void completeSpectrum(std::vector<Complex> &x, int64_t length) {
  int64_t given = x.size();
  x.resize(length);
  for (int64_t k = given; k < length; ++k)
    x[k] = length - k < given ? std::conj(x[length - k]) : 0;
}

/// One integer operand, or the fallback.
static FailureOr<int64_t> getOptional(const Call &call, unsigned i, int64_t fallback) {
  return call.get(i) ? call.getInteger(i) : FailureOr<int64_t>(fallback);
}

static LogicalResult dft(Call &call) {
  const Tensor &x = call[0];
  int64_t rank = x.shape.size();
  bool isInverse = call.node.getInt("inverse", 0), isOneSided = call.node.getInt("onesided", 0);
  FailureOr<int64_t> given = call.version() < 20 ? FailureOr<int64_t>(call.node.getInt("axis", 1)) : getOptional(call, 2, -2);
  if (failed(given) || rank < 2 || x.shape.back() < 1 || x.shape.back() > 2)
    return call.error() << "expected real or complex numbers in the last dimension, got " << x.getType();
  FailureOr<int64_t> axis = call.getAxis(*given, rank);
  if (failed(axis) || *axis == rank - 1)
    return call.error() << "expected an axis before the last, got " << *given;
  bool completes = isInverse && isOneSided;
  FailureOr<int64_t> length = getOptional(call, 1, completes ? 2 * (x.shape[*axis] - 1) : x.shape[*axis]);
  if (failed(length) || *length < 1)
    return call.error() << "expected a positive length of the transform";
  Dims shape(x.shape);
  shape[*axis] = isOneSided && !isInverse ? *length / 2 + 1 : *length;
  shape.back() = completes ? 1 : 2;
  Tensor *y = call.addResult(x.elementType, shape);
  if (!y)
    return failure();
  Dims in = getStrides(x.shape), out = getStrides(shape), others(x.shape);
  others[*axis] = others.back() = 1;
  forEachIndex(others, [&](ArrayRef<int64_t> index) {
    std::vector<Complex> row(std::min(x.shape[*axis], *length));
    for (auto [i, value] : llvm::enumerate(row)) {
      const double *element = x.reals().data() + dot(index, in) + i * in[*axis];
      value = {element[0], x.shape.back() == 2 ? element[1] : 0};
    }
    if (completes)
      completeSpectrum(row, *length);
    for (auto [k, value] : llvm::enumerate(transform(row, *length, shape[*axis], isInverse))) {
      double *element = y->mutableReals().data() + dot(index, out) + k * out[*axis];
      element[0] = value.real();
      if (!completes)
        element[1] = value.imag();
    }
  });
  return success();
}

/// Transforms of windows of the signal, one every so many samples.
static LogicalResult stft(Call &call) {
  const Tensor &x = call[0];
  FailureOr<int64_t> step = call.getInteger(1);
  const Tensor *window = call.get(2);
  FailureOr<int64_t> length = getOptional(call, 3, window ? window->getNumElements() : 0);
  if (failed(step) || failed(length) || x.shape.size() < 2 || *step < 1 || *length < 1 || *length > x.shape[1] ||
      (window && window->getNumElements() != *length))
    return call.error() << "expected a signal N×L×1 or ×2, a positive step and windows of at most L";
  int64_t parts = x.shape.size() == 3 ? x.shape[2] : 1, frames = (x.shape[1] - *length) / *step + 1;
  int64_t bins = call.node.getInt("onesided", 1) ? *length / 2 + 1 : *length;
  Tensor *y = call.addResult(x.elementType, {x.shape[0], frames, bins, 2});
  if (!y)
    return failure();
  double *out = y->mutableReals().data();
  for (int64_t n = 0; n < x.shape[0]; ++n)
    for (int64_t f = 0; f < frames; ++f) {
      std::vector<Complex> row(*length);
      for (auto [i, value] : llvm::enumerate(row)) {
        const double *element = x.reals().data() + (n * x.shape[1] + f * *step + i) * parts;
        value = Complex(element[0], parts == 2 ? element[1] : 0) * (window ? window->reals()[i] : 1.0);
      }
      for (Complex value : transform(row, *length, bins, false)) {
        *out++ = value.real();
        *out++ = value.imag();
      }
    }
  return success();
}

/// Triangles that are even on the mel scale, over the bins of a spectrum.
static LogicalResult melWeightMatrix(Call &call) {
  FailureOr<int64_t> bands = call.getInteger(0), length = call.getInteger(1), rate = call.getInteger(2);
  FailureOr<double> lower = call.getReal(3), upper = call.getReal(4);
  if (failed(bands) || failed(length) || failed(rate) || failed(lower) || failed(upper))
    return failure();
  int64_t bins = *length / 2 + 1;
  if (*bands < 1 || *length < 1 || *rate < 1)
    return call.error() << "expected positive numbers of bands, samples and samples per second";
  auto toMel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  double low = toMel(*lower), step = (toMel(*upper) - low) / (*bands + 2);
  SmallVector<int64_t> edges;
  for (int64_t i = 0; i < *bands + 2; ++i)
    edges.push_back(std::floor((*length + 1) * (700 * (std::pow(10, (low + i * step) / 2595) - 1)) / *rate));
  auto type = dyn_cast<RankedTensorType>(call.node->getResult(0).getType());
  Tensor *y = call.addResult(type ? type.getElementType() : call[3].elementType, {bins, *bands});
  if (!y)
    return failure();
  auto set = [&](int64_t bin, int64_t band, double value) {
    if (bin >= 0 && bin < bins)
      y->mutableReals()[bin * *bands + band] = value;
  };
  for (int64_t band = 0; band < *bands; ++band) {
    int64_t left = edges[band], centre = edges[band + 1], right = edges[band + 2];
    if (centre == left)
      set(centre, band, 1);
    for (int64_t bin = left; bin < centre; ++bin)
      set(bin + 0, band, double(bin - left) / (centre - left));
    if (centre != left)
      set(centre, band, 1);
    for (int64_t bin = centre; bin < right; ++bin)
      set(bin, band, double(right - bin) / (right - centre));
  }
  return success();
}

ArrayRef<Operator> getSignals() {
  static constexpr Operator table[] = {
      {"DFT", "real integer? integer?", dft},
      {"MelWeightMatrix", "integer integer integer real real", melWeightMatrix},
      {"STFT", "real integer real? integer?", stft},
  };
  return table;
}

} // namespace bn::reference
