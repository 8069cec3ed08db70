// Moments.cpp - pools moments, exactly or as moving averages.
// SPDX-License-Identifier: Apache-2.0

#include "Moments.h"

namespace bn::driver {

void merge(Moments &pooled, const Moments &other) {
  for (size_t c = 0; c < pooled.count.size(); ++c) {
    double a = pooled.count[c], b = other.count[c], n = a + b;
    if (b == 0)
      continue;
    double delta = other.mean[c] - pooled.mean[c];
    pooled.variance[c] = (a * pooled.variance[c] + b * other.variance[c] + delta * delta * a * b / n) / n;
    pooled.mean[c] += delta * b / n;
    pooled.count[c] = n;
  }
}

void follow(Moments &average, const Moments &batch, double momentum) {
  for (size_t c = 0; c < average.count.size(); ++c) {
    if (batch.count[c] == 0)
      continue;
    average.mean[c] = momentum * average.mean[c] + (1 - momentum) * batch.mean[c];
    average.variance[c] = momentum * average.variance[c] + (1 - momentum) * batch.variance[c];
    average.count[c] += batch.count[c];
  }
}

void mix(std::vector<double> &of, const std::vector<double> &old, double part) {
  for (size_t c = 0; c < of.size(); ++c)
    of[c] = part * of[c] + (1 - part) * old[c];
}

} // namespace bn::driver
