// Moments.h - mean and variance by channel, pooled over batches.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_MOMENTS_H
#define BN_LIB_DRIVER_MOMENTS_H

#include <cstddef>
#include <vector>

namespace bn::driver {

/// Moments of the elements of every channel. Those of no element are of any value.
struct Moments {
  std::vector<double> mean, variance, count;

  explicit Moments(size_t channels) : mean(channels), variance(channels), count(channels) {}
};

/// Takes the elements of `other` in (Chan's formula): the same as if all had been looked at together.
void merge(Moments &pooled, const Moments &other);

/// Lets an average follow a batch, which counts 1 − momentum.
void follow(Moments &average, const Moments &batch, double momentum);

/// part·of + (1 − part)·old.
void mix(std::vector<double> &of, const std::vector<double> &old, double part);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_MOMENTS_H
