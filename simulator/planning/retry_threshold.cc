#include "simulator/planning/retry_threshold.h"

#include <algorithm>
#include <cmath>

#include "simulator/planning/bounds.h"

namespace simulator {
namespace {

std::string LeftOut(const Workload& workload, const SystemModel& system) {
  std::string list;
  const auto add = [&list](bool there, const char* what) {
    if (there) list += (list.empty() ? "" : ", ") + std::string(what);
  };
  add(workload.timeout == kNever, "clients without a timeout");
  add(workload.retry.attempts > 0 && workload.retry.budget > 0, "the retry budget");
  add(workload.breaker.on(), "the circuit breaker");
  add(system.overload.queued() || system.overload.deadline_before_database,
      "the server's overload control");
  add(system.autoscaler.has_value(), "the autoscaler");
  return list;
}

}  // namespace

RetryThreshold ThresholdOf(const Workload& workload, const SystemModel& system, double users) {
  const Bounds bounds = ComputeBounds(workload, system, system.pod.replicas);
  RetryThreshold threshold;
  threshold.leaves_out = LeftOut(workload, system);
  threshold.capacity = bounds.MaxThroughput();
  const double cycle = bounds.think_seconds + bounds.unloaded_seconds;
  threshold.normal = users / cycle;
  threshold.upper_users = threshold.capacity * cycle;
  if (workload.timeout == kNever) return threshold;
  const RetryModel& retry = workload.retry;
  double pauses = 0;
  for (uint32_t k = 0; k < retry.attempts; ++k) {
    pauses +=
        retry.first_backoff_seconds * std::pow(retry.backoff_factor, k) * (1 - retry.jitter / 2);
  }
  const double tries = retry.attempts + 1.0;
  const double stuck_cycle = bounds.think_seconds + tries * ToSeconds(workload.timeout) + pauses;
  threshold.collapsed = users * tries / stuck_cycle;
  threshold.lower_users = threshold.capacity * stuck_cycle / tries;
  return threshold;
}

}  // namespace simulator
