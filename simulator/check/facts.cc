#include <algorithm>

#include "absl/strings/str_cat.h"
#include "simulator/check/rule.h"
#include "simulator/check/scaling_arithmetic.h"

namespace simulator::check {
namespace {

void PodFacts(const Context& context, const model::Workload& api, Reporter& reporter) {
  const std::string object = absl::StrCat(api.kind(), "/", api.name());
  const double max = context.MaxPods(api);
  const double min = context.MinPods(api);
  reporter.AddFact("max_pods", max, "pods");
  reporter.AddFact("min_pods", min, "pods");
  if (min > 0) {
    reporter.AddFact("pods_ratio", max / min, "", absl::StrCat(max, " / ", min));
  }
  const double request = api.request_millicores() / 1000.0;
  const double limit = api.limit_millicores() / 1000.0;
  reporter.AddFact("cores_requested_per_pod", request, "cores");
  reporter.AddFact("cores_requested_max", max * request, "cores",
                   absl::StrCat(max, " pods x ", request));
  if (limit > 0) {
    reporter.AddFact("cores_limit_per_pod", limit, "cores");
    reporter.AddFact("cores_limit_max", max * limit, "cores", absl::StrCat(max, " pods x ", limit));
  }
  reporter.AddFact("memory_requested_max_bytes",
                   max * static_cast<double>(api.request_memory_bytes()), "bytes",
                   absl::StrCat(max, " pods x ", api.request_memory_bytes()));
  if (api.limit_memory_bytes() > 0) {
    reporter.AddFact("memory_limit_max_bytes", max * static_cast<double>(api.limit_memory_bytes()),
                     "bytes");
  }
  reporter.AddFact("workers_per_pod", api.workers(), "processes");
  if (api.start_seconds() > 0) reporter.AddFact("pod_start_seconds", api.start_seconds(), "s");
}

void ScalingFacts(const model::Autoscaler& autoscaler, Reporter& reporter) {
  const uint32_t min = autoscaler.min_replicas();
  const uint32_t max = autoscaler.max_replicas();
  const ScalingTime up = ScaleUpTime(autoscaler, min, max);
  const ScalingTime down = ScaleDownTime(autoscaler, max, min);
  if (up.possible) {
    reporter.AddFact("scale_up_seconds", up.policy_seconds, "s", up.path);
    reporter.AddFact("scale_up_total_seconds", up.total_seconds, "s",
                     absl::StrCat(up.window_seconds, " s window, ", up.steps, " steps"));
  }
  if (down.possible) {
    reporter.AddFact("scale_down_seconds", down.policy_seconds, "s", down.path);
    reporter.AddFact("scale_down_total_seconds", down.total_seconds, "s",
                     absl::StrCat(down.window_seconds, " s window, ", down.steps, " steps"));
  }
}

void DatabaseFacts(const model::Database& database, Reporter& reporter) {
  if (database.max_connections() == 0) return;
  reporter.AddFact("database_cores", database.cores_millicores() / 1000.0, "cores");
  reporter.AddFact("database_memory_bytes", static_cast<double>(database.memory_bytes()), "bytes");
  reporter.AddFact("database_max_connections", database.max_connections(), "connections");
  reporter.AddFact("database_standbys", database.standbys(), "servers");
  reporter.AddFact("database_synchronous_commit", database.synchronous_commit() ? 1 : 0, "");
  reporter.AddFact("database_configuration_mounted", database.configuration_mounted() ? 1 : 0, "");
  reporter.AddFact("database_storage_bytes", static_cast<double>(database.storage_bytes()),
                   "bytes");
}

// Nodes are pods: masters and replicas, between the bounds of an autoscaler where one scales them.
void RedisFacts(const Context& context, Reporter& reporter) {
  const model::Deployment& deployment = context.deployment;
  if (deployment.redis().empty()) return;
  uint32_t masters = 0;
  uint32_t fewest = deployment.redis(0).replicas_per_master();
  uint32_t fewest_pods = 0;
  uint32_t most_pods = 0;
  for (const model::RedisCluster& redis : deployment.redis()) {
    if (const model::Workload* workload = context.Workload(redis.name())) {
      fewest_pods += context.MinPods(*workload);
      most_pods += context.MaxPods(*workload);
    }
    masters += redis.masters();
    fewest = std::min(fewest, redis.replicas_per_master());
  }
  reporter.AddFact("redis_masters", masters, "servers");
  reporter.AddFact("redis_replicas_per_master", fewest, "servers");
  if (most_pods == 0) return;
  reporter.AddFact("redis_pods_min", fewest_pods, "pods");
  reporter.AddFact("redis_pods_max", most_pods, "pods");
}

void RunFacts(const Context& context, Reporter& reporter) {
  if (const model::Workload* api = context.Api()) {
    PodFacts(context, *api, reporter);
    if (const model::Autoscaler* autoscaler = context.AutoscalerOf(*api)) {
      ScalingFacts(*autoscaler, reporter);
    }
  }
  DatabaseFacts(context.deployment.database(), reporter);
  RedisFacts(context, reporter);
}

}  // namespace

Rules FactRules() {
  return {{"figures", model::Finding::NOTE, false,
           "works out the figures that claims are decided by; never a finding itself", RunFacts}};
}

}  // namespace simulator::check
