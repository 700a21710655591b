#include "simulator/availability/renewal.h"

#include <algorithm>
#include <cmath>

namespace simulator::availability {

double Down(double failures_per_year, double repair_seconds) {
  if (failures_per_year <= 0 || repair_seconds <= 0) return 0;
  return repair_seconds / (kYearSeconds / failures_per_year + repair_seconds);
}

double LongestRepair(double failures_per_year, double share) {
  if (failures_per_year <= 0 || share >= 1) return kYearSeconds;
  return std::min(kYearSeconds, kYearSeconds / failures_per_year * share / (1 - share));
}

double HighestRate(double repair_seconds, double share) {
  if (repair_seconds <= 0 || share >= 1) return 1e9;
  return kYearSeconds / repair_seconds * share / (1 - share);
}

double AtLeast(uint32_t k, uint32_t n, double up) {
  if (k == 0) return 1;
  if (up <= 0) return 0;
  if (up >= 1) return k <= n ? 1 : 0;
  double sum = 0;
  for (uint32_t i = k; i <= n; ++i) {
    sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(i + 1.0) - std::lgamma(n - i + 1.0) +
                    i * std::log(up) + (n - i) * std::log1p(-up));
  }
  return std::min(1.0, sum);
}

double LongestRepairOfMany(uint32_t k, uint32_t n, double failures_per_year, double share) {
  // The tail that is small is summed, so that nothing is lost to rounding: n - k + 1 or more down.
  const auto down = [&](double repair) {
    return AtLeast(n - k + 1, n, Down(failures_per_year, repair));
  };
  if (k == 0 || down(kYearSeconds) <= share) return kYearSeconds;
  double low = 0;
  double high = kYearSeconds;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (down(middle) <= share ? low : high) = middle;
  }
  return low;
}

}  // namespace simulator::availability
