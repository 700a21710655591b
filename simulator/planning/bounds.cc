#include "simulator/planning/bounds.h"

#include <algorithm>
#include <cmath>

#include "simulator/planning/mix_demand.h"

namespace simulator {
namespace {

constexpr double kNanosecond = 1e-9;
constexpr uint64_t kMostBackends = 20000;  // of the contention curve's search
constexpr int kMostSteps = 30;             // towards the hit rate that fits the bound
constexpr double kSmallestStep = 1e-3;

// The largest total speed of the database with at most `backends` busy.
double DatabaseSpeed(const DatabaseModel& database, uint64_t backends) {
  double best = 0;
  for (uint64_t n = 1; n <= std::min(backends, kMostBackends); ++n) {
    const auto busy = static_cast<double>(n);
    const double speed =
        busy / (1 + database.sigma * (busy - 1) + database.kappa * busy * (busy - 1));
    if (speed < best) break;  // past the peak
    best = speed;
    if (best >= database.cores) return database.cores;
  }
  return std::min(best, database.cores);
}

double LargestShardShare(const SystemModel& system) {
  double largest = 0;
  double before = 0;
  for (double cumulative : system.shard_cumulative) {
    largest = std::max(largest, cumulative - before);
    before = cumulative;
  }
  return largest;
}

}  // namespace

double Bounds::Throughput(double users) const {
  return std::min(MaxThroughput(), users / (think_seconds + unloaded_seconds));
}

double Bounds::Response(double users) const {
  return std::max(unloaded_seconds, users / MaxThroughput() - think_seconds);
}

double Bounds::Knee() const { return (think_seconds + unloaded_seconds) * MaxThroughput(); }

double Bounds::ThinkAtKnee(double users) const {
  return std::max(0.0, users / MaxThroughput() - unloaded_seconds);
}

namespace {

// What all users together would send if answers took no time.
double Offered(const Workload& workload) {
  if (workload.open()) return workload.RequestRate();
  return static_cast<double>(workload.users) / std::max(1e-3, workload.mean_think_seconds);
}

Bounds BoundsAt(const Workload& workload, const SystemModel& system, uint32_t pods,
                double throughput) {
  const MixDemand demand = DemandOf(workload, system, throughput, CacheAge::Best());
  const PodModel& pod = system.pod;
  Bounds bounds;
  bounds.think_seconds = workload.mean_think_seconds;
  bounds.unloaded_seconds = demand.unloaded;
  bounds.pods = pods;
  const uint64_t per_pod =
      uint64_t{pod.workers} * (pod.connections_per_worker + pod.audit_connections);
  bounds.connections_asked = pods * per_pod;
  bounds.connections_usable = system.database.usable_connections;
  uint64_t connected_pods =
      std::min<uint64_t>(pods, per_pod > 0 ? bounds.connections_usable / per_pod : 0);
  if (system.database.pooled) {  // the pods' connections end at the pooler
    bounds.connections_asked =
        uint64_t{system.database.pooler_processes} * system.database.pooler_pool_size;
    connected_pods = pods;
  }
  uint64_t connections = connected_pods * pod.workers * pod.connections_per_worker;
  if (system.database.pooled) {
    connections = std::min(
        {connections, bounds.connections_asked, uint64_t{system.database.usable_connections}});
  }
  const auto add = [&](const char* name, double seconds, double capacity, const char* unit) {
    if (seconds > 0) bounds.resources.push_back({name, seconds, capacity, unit});
  };
  add("server_cpu", demand.server, pods * pod.workers * pod.worker_speed, "cores");
  add("database_cpu", demand.database, DatabaseSpeed(system.database, connections), "cores");
  add("database_pool", demand.connection, static_cast<double>(connections), "connections");
  add("pooler_cpu", demand.pooler, system.database.pooler_processes, "threads");
  add("redis_shard_max", demand.redis * LargestShardShare(system), 1, "shards");
  add("hashing", demand.hashing / pod.worker_speed, pods, "threads");
  if (system.ingress_cores > 0) {
    add("ingress_cpu", static_cast<double>(system.ingress_cpu) * kNanosecond * system.ingress_cores,
        system.ingress_cores, "cores");
  }
  std::stable_sort(
      bounds.resources.begin(), bounds.resources.end(),
      [](const ResourceBound& a, const ResourceBound& b) { return a.limit() < b.limit(); });
  return bounds;
}

}  // namespace

Bounds ComputeBounds(const Workload& workload, const SystemModel& system, uint32_t pods) {
  // The hit rate follows the throughput, which the misses bound. Hits grow with the rate, so from
  // the offered rate downwards every step is a bound still, and a tighter one.
  double throughput = Offered(workload);
  Bounds bounds = BoundsAt(workload, system, pods, throughput);
  for (int i = 0; i < kMostSteps && !workload.open(); ++i) {
    const double next =
        std::min(throughput, bounds.Throughput(static_cast<double>(workload.users)));
    if (next > throughput * (1 - kSmallestStep)) break;
    throughput = next;
    bounds = BoundsAt(workload, system, pods, throughput);
  }
  return bounds;
}

uint32_t MostPods(const SystemModel& system) {
  if (!system.autoscaler.has_value()) return system.pod.replicas;
  return std::max(1u, system.autoscaler->max_replicas());
}

}  // namespace simulator
