// Usage ratios over per-pod samples, with the controller's truncations.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "simulator/hpa/types.h"

namespace simulator::hpa {

// A ratio R = usage / target and the figures it was made of.
struct UsageRatio {
  double ratio = 0;
  int32_t utilization_percent = 0;  // utilization only
  int64_t average_milli = 0;        // per counted pod, truncated
};

// Ratio of sums over pods with both a sample and a request, as an integer percent of the target.
// Error when no sample belongs to a pod with a request.
absl::StatusOr<UsageRatio> UtilizationRatio(const PodSamples& samples,
                                            const std::map<std::string, int64_t>& requests_milli,
                                            int32_t target_percent);

// trunc(sum / number of samples) over the target; samples of unknown pods take part.
// `samples` is not empty.
UsageRatio AverageRatio(const PodSamples& samples, int64_t target_milli);

}  // namespace simulator::hpa
