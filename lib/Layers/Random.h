// Random.h - random numbers that are the same on every machine.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LAYERS_RANDOM_H
#define BN_LIB_LAYERS_RANDOM_H

#include <cmath>
#include <numbers>
#include <random>

namespace bn::layers {

/// The standard defines the engine to the bit, but not its distributions: those are ours.
class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}

  /// From [low, high).
  double uniform(double low, double high) { return low + (high - low) * (static_cast<double>(engine() >> 11) * 0x1p-53); }

  /// By Box and Muller.
  double normal(double mean, double stddev) {
    double radius = std::sqrt(-2 * std::log(1 - uniform(0, 1))); // 1 − u is never 0
    return mean + stddev * radius * std::cos(2 * std::numbers::pi * uniform(0, 1));
  }

  /// Drawn again until it lies within two standard deviations.
  double truncatedNormal(double mean, double stddev) {
    for (;;)
      if (double z = normal(0, 1); std::abs(z) <= 2)
        return mean + stddev * z;
  }

private:
  std::mt19937_64 engine;
};

} // namespace bn::layers

#endif // BN_LIB_LAYERS_RANDOM_H
