// Open Jackson network: each station is an M/M/c of its own, times add up over the visits.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace simulator::analytic {

struct JacksonStation {
  double visits = 1;  // mean visits of one customer
  double mu = 1;      // per second and server
  int64_t servers = 1;
  int64_t shards = 1;  // the flow is split evenly over this many equal stations
};

struct Jackson {
  std::vector<double> w;    // per visit
  std::vector<double> rho;  // per server
  double total_w = 0;       // sum of visits * w
  double total_l = 0;       // lambda * total_w
};

absl::StatusOr<Jackson> SolveJackson(double lambda, const std::vector<JacksonStation>& stations);

}  // namespace simulator::analytic
