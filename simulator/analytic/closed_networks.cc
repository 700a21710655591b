#include "simulator/analytic/closed_networks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simulator/analytic/birth_death.h"

namespace simulator::analytic {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();
constexpr int64_t kMaxUsers = 20'000;

// Logarithms of the normalising constants for 0..N users.
using LogVector = std::vector<double>;

double LogSum(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kNone ? a : a + std::log1p(std::exp(b - a));
}

LogVector DelayFactors(int64_t n, double think) {
  LogVector factors(n + 1, kNone);
  factors[0] = 0;
  if (think <= 0) return factors;
  for (int64_t k = 1; k <= n; ++k) {
    factors[k] = factors[k - 1] + std::log(think / static_cast<double>(k));
  }
  return factors;
}

LogVector StationFactors(int64_t n, const ClosedStation& station) {
  LogVector factors(n + 1, kNone);
  factors[0] = 0;
  for (int64_t k = 1; k <= n; ++k) {
    factors[k] = factors[k - 1] +
                 std::log(station.demand / static_cast<double>(std::min(k, station.servers)));
  }
  return factors;
}

LogVector AddStation(const LogVector& g, const ClosedStation& station) {
  const int64_t n = static_cast<int64_t>(g.size()) - 1;
  LogVector sum = g;
  if (station.servers == 1) {
    const double demand = std::log(station.demand);
    for (int64_t k = 1; k <= n; ++k) sum[k] = LogSum(sum[k], sum[k - 1] + demand);
    return sum;
  }
  const LogVector factors = StationFactors(n, station);
  for (int64_t k = 0; k <= n; ++k) {
    double largest = kNone;
    for (int64_t j = 0; j <= k; ++j) largest = std::max(largest, g[k - j] + factors[j]);
    double total = 0;
    for (int64_t j = 0; j <= k; ++j) total += std::exp(g[k - j] + factors[j] - largest);
    sum[k] = largest + std::log(total);
  }
  return sum;
}

// Mean number at a station from the network with and without it: P(j there) is
// factor(j) * G_without(N - j) / G(N).
double MeanNumber(const LogVector& without, const LogVector& factors, double log_g) {
  const int64_t n = static_cast<int64_t>(without.size()) - 1;
  double mean = 0;
  for (int64_t j = 1; j <= n; ++j) {
    mean += static_cast<double>(j) * std::exp(factors[j] + without[n - j] - log_g);
  }
  return mean;
}

}  // namespace

absl::StatusOr<Repairman> SolveRepairman(int64_t n, double think, double service, int64_t c) {
  if (n < 1 || think < 0 || service <= 0 || c < 1) {
    return absl::InvalidArgumentError("needs N >= 1, Z_s >= 0, S_s > 0, c >= 1");
  }
  std::vector<double> p(n + 1, 0.0);
  p[n] = 1.0;  // without think time everybody is at the station
  if (think > 0) {
    p = StationaryDistribution(
        [n, think](int64_t k) { return static_cast<double>(n - k) / think; },
        [service, c](int64_t k) { return static_cast<double>(std::min(k, c)) / service; }, n);
  }
  double busy = 0;
  Repairman result;
  for (int64_t k = 0; k < static_cast<int64_t>(p.size()); ++k) {
    busy += p[k] * static_cast<double>(std::min(k, c));
    result.l += p[k] * static_cast<double>(k);
    result.lq += p[k] * static_cast<double>(std::max<int64_t>(k - c, 0));
  }
  result.x = busy / service;
  result.rho = busy / static_cast<double>(c);
  result.r = result.l / result.x;
  result.wq = result.lq / result.x;
  return result;
}

absl::StatusOr<ClosedNetwork> SolveClosedNetwork(int64_t n, double think,
                                                 const std::vector<ClosedStation>& stations) {
  if (n < 1 || n > kMaxUsers || think < 0 || stations.empty()) {
    return absl::InvalidArgumentError("needs 1 <= N <= 20000, Z_s >= 0 and a station");
  }
  for (const ClosedStation& station : stations) {
    if (station.demand <= 0 || station.servers < 1) {
      return absl::InvalidArgumentError("each station needs D_s > 0 and c >= 1");
    }
  }
  const LogVector delay = DelayFactors(n, think);
  LogVector all = delay;
  for (const ClosedStation& station : stations) all = AddStation(all, station);
  ClosedNetwork result;
  result.x = std::exp(all[n - 1] - all[n]);
  for (size_t i = 0; i < stations.size(); ++i) {
    LogVector without = delay;
    for (size_t j = 0; j < stations.size(); ++j) {
      if (j != i) without = AddStation(without, stations[j]);
    }
    const double number = MeanNumber(without, StationFactors(n, stations[i]), all[n]);
    result.q.push_back(number);
    result.residence.push_back(number / result.x);
    result.u.push_back(result.x * stations[i].demand / static_cast<double>(stations[i].servers));
    result.r += number / result.x;
  }
  return result;
}

}  // namespace simulator::analytic
