#include "simulator/planning/resting_pods.h"

#include <algorithm>
#include <cmath>

#include "simulator/planning/load_estimate.h"

namespace simulator {
namespace {

constexpr int kMostSteps = 100;

double CoresAt(const Workload& workload, const SystemModel& system, uint32_t pods,
               double throughput) {
  const LoadEstimate load = EstimateAtRate(workload, system, pods, throughput);
  const StationLoad* server = load.Find("server_cpu");
  return server == nullptr ? 0 : throughput * server->demand_seconds;
}

// Pods that one metric asks for while `pods` share the load; 0: it is not looked at.
double Wanted(const model::MetricTarget& metric, const SystemModel& system, double throughput,
              double cores) {
  const auto target = static_cast<double>(metric.target_milli());
  double per_pod = 0;
  double load = 0;
  if (metric.name() == "cpu") {
    load = cores;
    per_pod = metric.target_type() == "Utilization"
                  ? target / 100 * static_cast<double>(system.pod.request_millicores) / 1000
                  : target / 1000;
  } else if (metric.type() == "Pods" && system.custom_metrics) {
    const auto& exported = system.exported_metrics;
    if (std::find(exported.begin(), exported.end(), metric.name()) == exported.end()) return 0;
    load = throughput;
    per_pod = target / 1000;
  }
  return per_pod > 0 ? std::ceil(load / per_pod - 1e-9) : 0;
}

}  // namespace

uint32_t ExpectedPods(const Workload& workload, const SystemModel& system, double throughput) {
  if (!system.autoscaler.has_value()) return system.pod.replicas;
  const double least =
      system.autoscaler->has_min_replicas() ? std::max(1u, system.autoscaler->min_replicas()) : 1;
  const double most = MostPods(system);
  auto pods = static_cast<uint32_t>(std::min(least, most));
  // More pods sleep more and spend more: upwards from the least until the target is met.
  for (int i = 0; i < kMostSteps; ++i) {
    const double cores = CoresAt(workload, system, pods, throughput);
    double wanted = pods;
    for (const model::MetricTarget& metric : system.autoscaler->metrics()) {
      wanted = std::max(wanted, Wanted(metric, system, throughput, cores));
    }
    const auto next = static_cast<uint32_t>(std::min(wanted, most));
    if (next == pods) break;
    pods = next;
  }
  return pods;
}

Bounds BoundsAtRest(const Workload& workload, const SystemModel& system, double users) {
  const Bounds most = ComputeBounds(workload, system, MostPods(system));
  const double rate = workload.open() ? std::min(workload.RequestRate(), most.MaxThroughput())
                                      : most.Throughput(users);
  return ComputeBounds(workload, system, ExpectedPods(workload, system, rate));
}

}  // namespace simulator
