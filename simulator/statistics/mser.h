#pragma once

#include <cstddef>
#include <vector>

// Warm-up removal by MSER-5 (White, Cobb, Spratt: "A comparison of five steady-state truncation
// heuristics for simulation", WSC 2000): of means of five observations each, cut off the first d
// for which the squared standard error of what remains,
//
//   MSER(d) = sum_{i >= d} (x_i - mean_{i >= d})^2 / (n - d)^2,
//
// is smallest. A minimum in the second half means that the run is too short for the rule, or never
// settles. For one steady run; a scaling story has no warm-up to remove.

namespace simulator {

struct Truncation {
  size_t observations = 0;  // to remove from the front: a multiple of five
  bool settled = false;     // the minimum lies in the first half; false for fewer than 50
};

// NaN observations (nothing in that step) are left out of their mean; a mean of nothing repeats the
// one before.
Truncation Mser5(const std::vector<double>& series);

}  // namespace simulator
