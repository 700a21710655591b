#include "simulator/planning/bounds.h"

#include <algorithm>
#include <cmath>

namespace simulator {
namespace {

constexpr double kNanosecond = 1e-9;
constexpr double kSaturated = 1e300;
constexpr uint64_t kMostBackends = 20000;  // of the contention curve's search
constexpr int kMostSteps = 30;             // towards the hit rate that fits the bound
constexpr double kSmallestStep = 1e-3;

// Mean work of one request of the mix, seconds.
struct MixDemand {
  double server = 0;
  double database = 0;
  double connection = 0;  // a connection's time: segments and the flushes it is held for
  double pooler = 0;      // of PgBouncer's thread
  double redis = 0;
  double hashing = 0;
  double unloaded = 0;
};

// The least share of requests that can miss at `throughput` of the whole mix: the engine's own
// figure, worked out from the rate. Just before the first values expire a cache that began empty
// holds more than it does later, and a run may end there: the better of the two.
double Misses(const OperationModel& operation, double throughput) {
  if (!operation.cacheable) return 1;
  if (!operation.cache.has_value()) return 1 - operation.hit_rate;
  const double ttl = operation.cache->ttl_seconds();
  const double hits = std::max(operation.cache->HitRate(throughput * ttl),
                               operation.cache->ColdHitRate(throughput * ttl, ttl * (1 - 1e-9)));
  return 1 - std::clamp(hits, 0.0, 1.0);
}

// Demands when the mix as a whole comes at `throughput`.
MixDemand DemandOf(const Workload& workload, const SystemModel& system, double throughput) {
  MixDemand sum;
  const double flush = static_cast<double>(system.database.flush) * kNanosecond;
  const double trip = static_cast<double>(system.round_trip) * kNanosecond;
  const double insert = static_cast<double>(system.database.audit_insert) * kNanosecond;
  for (size_t i = 0; i < system.operations.size(); ++i) {
    const OperationModel& operation = system.operations[i];
    const double share = workload.mix[i];
    const double misses = Misses(operation, throughput);
    const double segments = misses * operation.round_trips.mean();
    const double segment = operation.segment.mean() * kNanosecond;
    const double flushes = segments > 0 ? misses * operation.commits.mean() * flush : 0;
    const double commands = operation.redis_commands.mean();
    const double busy = static_cast<double>(operation.redis_busy) * kNanosecond;
    const double server = operation.server_cpu.mean() * kNanosecond;
    const double hashing = operation.blocking.mean() * kNanosecond;
    sum.server += share * server;
    sum.database += share * segments * segment;
    sum.connection += share * (segments * segment + flushes);
    if (system.database.pooled) {
      const double pooler =
          segments * static_cast<double>(system.database.pooler_query) * kNanosecond;
      sum.pooler += share * pooler;
      sum.unloaded += share * pooler;
    }
    sum.redis += share * commands * busy;
    sum.hashing += share * hashing;
    double alone = (server + hashing) / system.pod.worker_speed;
    alone += std::min(1.0, commands) * (trip + busy);
    alone += segments * (segment / std::min(1.0, system.database.cores) + trip) + flushes;
    if (operation.audited_read && flush > 0) {
      alone += operation.audits.mean() * (insert + trip + flush);
    }
    sum.unloaded += share * alone;
  }
  sum.unloaded += static_cast<double>(system.ingress_cpu) * kNanosecond;
  return sum;
}

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

// Mean time of a request at the database with Poisson arrivals: processor sharing at a speed that
// depends on how many are busy, up to `connections`; more wait at the last speed. Product form:
// p(n) ~ prod X D / speed(k), for any law of the demand.
double DatabaseResponse(const DatabaseModel& database, double demand, double throughput,
                        uint64_t connections) {
  double weight = 1;
  double sum = 1;
  double number = 0;
  double ratio = 0;
  const uint64_t states = std::clamp<uint64_t>(connections, 1, kMostBackends);
  for (uint64_t n = 1; n <= states; ++n) {
    const auto busy = static_cast<double>(n);
    const double speed = std::min(database.cores, busy / (1 + database.sigma * (busy - 1) +
                                                          database.kappa * busy * (busy - 1)));
    ratio = throughput * demand / speed;
    weight *= ratio;
    sum += weight;
    number += busy * weight;
    if (sum > 1e200) {  // only ratios count
      weight /= sum;
      number /= sum;
      sum = 1;
    }
  }
  if (ratio >= 1) return kSaturated;  // with all connections busy the database falls behind
  const double last = weight * ratio / (1 - ratio);
  sum += last;
  number += last * (static_cast<double>(states) + 1 / (1 - ratio));
  return number / sum / throughput;
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
  return static_cast<double>(workload.users) / std::max(1e-3, workload.mean_think_seconds);
}

Bounds BoundsAt(const Workload& workload, const SystemModel& system, uint32_t pods,
                double throughput) {
  const MixDemand demand = DemandOf(workload, system, throughput);
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
  for (int i = 0; i < kMostSteps; ++i) {
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

uint32_t ExpectedPods(const Workload& workload, const SystemModel& system, double throughput) {
  if (!system.autoscaler.has_value()) return system.pod.replicas;
  const double server = DemandOf(workload, system, throughput).server;
  double wanted = 1;
  for (const model::MetricTarget& metric : system.autoscaler->metrics()) {
    const auto target = static_cast<double>(metric.target_milli());
    double per_pod = 0;
    double load = 0;
    if (metric.name() == "cpu") {
      load = throughput * server;
      per_pod = metric.target_type() == "Utilization"
                    ? target / 100 * static_cast<double>(system.pod.request_millicores) / 1000
                    : target / 1000;
    } else if (metric.type() == "Pods" && system.custom_metrics) {
      const auto& exported = system.exported_metrics;
      if (std::find(exported.begin(), exported.end(), metric.name()) == exported.end()) continue;
      load = throughput;
      per_pod = target / 1000;
    }
    if (per_pod > 0) wanted = std::max(wanted, std::ceil(load / per_pod - 1e-9));
  }
  const double least =
      system.autoscaler->has_min_replicas() ? std::max(1u, system.autoscaler->min_replicas()) : 1;
  const double most = MostPods(system);
  return static_cast<uint32_t>(std::clamp(wanted, std::min(least, most), most));
}

Bounds BoundsAtRest(const Workload& workload, const SystemModel& system, double users) {
  const Bounds most = ComputeBounds(workload, system, MostPods(system));
  return ComputeBounds(workload, system, ExpectedPods(workload, system, most.Throughput(users)));
}

double RoughResponse(const Bounds& bounds, const SystemModel& system, double throughput) {
  double response = bounds.unloaded_seconds;
  for (const ResourceBound& resource : bounds.resources) {
    const double load = throughput / resource.limit();
    if (load >= 1) return kSaturated;
    double service = resource.demand_seconds;
    double servers = 1;  // that share one queue
    if (resource.name == "database_cpu") {
      const uint64_t connections =
          uint64_t{bounds.pods} * system.pod.workers * system.pod.connections_per_worker;
      const double there =
          DatabaseResponse(system.database, resource.demand_seconds, throughput, connections);
      response += std::max(0.0, there - resource.demand_seconds);
      continue;
    }
    if (resource.name == "server_cpu") service /= system.pod.worker_speed;
    if (resource.name == "database_pool") servers = system.pod.connections_per_worker;
    response += service * std::pow(load, std::sqrt(2 * (servers + 1)) - 1) / (1 - load) / servers;
  }
  return std::min(response, kSaturated);
}

}  // namespace simulator
