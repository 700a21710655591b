#include "simulator/analytic/birth_death.h"

#include <algorithm>

namespace simulator::analytic {
namespace {

constexpr double kNegligible = 1e-20;

// The state from which weights fall in both directions: births outpace deaths below it.
int64_t Mode(const Rate& birth, const Rate& death, int64_t last) {
  int64_t mode = 0;
  while (mode < last && birth(mode) > death(mode + 1)) ++mode;
  return mode;
}

}  // namespace

std::vector<double> StationaryDistribution(const Rate& birth, const Rate& death, int64_t last) {
  const int64_t mode = Mode(birth, death, last);
  std::vector<double> weights(mode + 1, 0.0);
  weights[mode] = 1.0;
  for (int64_t n = mode; n > 0; --n) {
    if (birth(n - 1) <= 0) break;
    weights[n - 1] = weights[n] * death(n) / birth(n - 1);
    if (weights[n - 1] < 1e-300) break;
  }
  for (int64_t n = mode; n < last; ++n) {
    const double next = weights[n] * birth(n) / death(n + 1);
    if (next <= 0 || (next < kNegligible && next < weights[n])) break;
    weights.push_back(next);
  }
  // Small terms first.
  std::vector<double> sorted = weights;
  std::sort(sorted.begin(), sorted.end());
  double sum = 0;
  for (double weight : sorted) sum += weight;
  for (double& weight : weights) weight /= sum;
  return weights;
}

double ErlangB(int64_t c, double a) {
  double blocking = 1.0;
  for (int64_t k = 1; k <= c; ++k) {
    blocking = a * blocking / (static_cast<double>(k) + a * blocking);
  }
  return blocking;
}

double ErlangC(int64_t c, double a) {
  const double blocking = ErlangB(c, a);
  const double servers = static_cast<double>(c);
  return servers * blocking / (servers - a * (1.0 - blocking));
}

}  // namespace simulator::analytic
