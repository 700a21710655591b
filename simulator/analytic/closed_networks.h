// Closed queueing networks in steady state.
//
// N users alternate between thinking (mean Z seconds) and one visit of each station. Times in
// seconds. The delay's law does not matter, only its mean (product form).
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace simulator::analytic {

// M/M/c//N: one station with c servers, exponential think and service.
struct Repairman {
  double x = 0;    // throughput
  double r = 0;    // response time
  double l = 0;    // number at the station
  double lq = 0;   // number waiting there
  double wq = 0;   // wait
  double rho = 0;  // utilization per server
};
absl::StatusOr<Repairman> SolveRepairman(int64_t n, double think, double service, int64_t c);

struct ClosedStation {
  double demand = 0;  // mean work of one visit
  int64_t servers = 1;
};

struct ClosedNetwork {
  double x = 0;
  double r = 0;                   // sum of residences
  std::vector<double> q;          // mean number at each station
  std::vector<double> residence;  // q / x
  std::vector<double> u;          // utilization per server
};

// Exact by Buzen's convolution in logarithms: all terms are positive, so nothing cancels, also for
// stations with several servers, where mean value analysis loses digits. O(stations * N^2) with
// several servers, O(stations * N) otherwise; N at most 20000.
absl::StatusOr<ClosedNetwork> SolveClosedNetwork(int64_t n, double think,
                                                 const std::vector<ClosedStation>& stations);

}  // namespace simulator::analytic
