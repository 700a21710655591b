#include "simulator/planning/load_estimate.h"

#include <algorithm>
#include <cmath>

#include "simulator/planning/stations_at_rate.h"

namespace simulator {
namespace {

constexpr int kCacheRounds = 4;  // of the hit rate and the throughput
constexpr int kBisections = 50;  // of the throughput

// The throughput at which N users are all accounted for.
LoadEstimate SolveClosed(const Workload& workload, const SystemModel& system, uint32_t pods,
                         const MixDemand& demand) {
  const auto users = static_cast<double>(workload.users);
  const double seen = users > 0 ? (users - 1) / users : 0;
  double low = 0;
  double high = users / std::max(1e-9, workload.mean_think_seconds + demand.unloaded);
  LoadEstimate best = StationsAtRate(system, pods, demand, 0, seen);
  for (int i = 0; i < kBisections && high - low > 1e-7 * high; ++i) {
    const double rate = (low + high) / 2;
    LoadEstimate estimate = StationsAtRate(system, pods, demand, rate, seen);
    if (!estimate.saturated &&
        rate * (workload.mean_think_seconds + estimate.response_seconds) < users) {
      low = rate;
      best = std::move(estimate);
    } else {
      high = rate;
    }
  }
  // Between the last rate that can be and the first that cannot, the users' law says how long.
  if (best.throughput > 0) {
    best.response_seconds =
        std::max(best.response_seconds, users / best.throughput - workload.mean_think_seconds);
  }
  return best;
}

}  // namespace

const StationLoad* LoadEstimate::Find(const std::string& name) const {
  for (const StationLoad& station : stations) {
    if (station.name == name) return &station;
  }
  return nullptr;
}

LoadEstimate EstimateLoad(const Workload& workload, const SystemModel& system, uint32_t pods,
                          CacheAge age) {
  if (workload.open()) return EstimateAtRate(workload, system, pods, workload.RequestRate(), age);
  // The hit rate follows the throughput, which the misses slow down.
  double rate = static_cast<double>(workload.users) / std::max(1e-3, workload.mean_think_seconds);
  LoadEstimate estimate;
  for (int i = 0; i < kCacheRounds; ++i) {
    estimate = SolveClosed(workload, system, pods, DemandOf(workload, system, rate, age));
    if (std::abs(estimate.throughput - rate) <= 1e-3 * rate) break;
    rate = estimate.throughput;
  }
  return estimate;
}

LoadEstimate EstimateAtRate(const Workload& workload, const SystemModel& system, uint32_t pods,
                            double rate, CacheAge age) {
  return StationsAtRate(system, pods, DemandOf(workload, system, rate, age), rate, 1);
}

double ResponseAlone(const Workload& workload, const SystemModel& system, uint32_t pods,
                     CacheAge age) {
  const double rate = workload.open() ? workload.RequestRate()
                                      : static_cast<double>(workload.users) /
                                            std::max(1e-3, workload.mean_think_seconds);
  return StationsAtRate(system, pods, DemandOf(workload, system, rate, age), 0, 0).response_seconds;
}

}  // namespace simulator
