#pragma once

#include <cstddef>
#include <vector>

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// The CPU request that the Vertical Pod Autoscaler's recommender would give, from the same samples:
// a histogram of cores used whose weights halve every 24 hours, buckets 5 % apart from 0.01 cores
// up; each sample, one a pod and minute, weighs the pod's request (0.1 cores at least).
//
//   target  upper end of the bucket of the 90th percentile, plus 15 %
//   lower   50th percentile plus 15 %, divided by (1 + 0.001 / c)^2
//   upper   95th percentile plus 15 %, times 1 + 1 / c
//   c = days of history, or samples / 1440 when there are fewer
//
// and nothing below 25 millicores. Recommends only: it never changes a pod. (Upstream:
// vertical-pod-autoscaler/pkg/recommender, aggregate_container_state and logic/recommender.)
class VerticalRecommender {
 public:
  struct Recommendation {
    double target_cores = 0;
    double lower_cores = 0;
    double upper_cores = 0;
  };

  VerticalRecommender();

  // Instants must not go backwards.
  void Add(Nanos now, double cores, double request_cores);
  // All 0 before the first sample.
  Recommendation Recommend() const;
  size_t samples() const { return samples_; }

 private:
  double Percentile(double p) const;

  std::vector<double> weights_;
  double total_ = 0;
  size_t samples_ = 0;
  Nanos first_ = 0;
  Nanos last_ = 0;
};

}  // namespace simulator
