#pragma once

#include <cstddef>
#include <vector>

// Intervals from independent replications.

namespace simulator {

struct Interval {
  double mean = 0;
  double half_width = 0;  // NaN with fewer than two replications: nothing can be said
  size_t n = 0;
};

// Two-sided 95 % Student interval of the mean of independent, equally distributed values. A
// quantile of a run is such a value too: its interval comes from replications, never from the
// (dependent) requests within one.
Interval MeanInterval(const std::vector<double>& values);

// The 0.975 quantile of Student's t with `degrees` >= 1 degrees of freedom. Tabulated to 30, then
// the Cornish-Fisher expansion around the normal quantile (error below 1e-4).
double StudentT975(size_t degrees);

}  // namespace simulator
