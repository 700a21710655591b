#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/check/rule.h"
#include "simulator/redis/cluster_bus.h"

namespace simulator::check {
namespace {

using model::RedisCluster;
using model::kubernetes::Pod;

Place PlaceOf(const Context& context, const RedisCluster& redis, const std::string& field = "") {
  return At(context.deployment,
            absl::StrCat("redis.", redis.name(), field.empty() ? "" : ".", field));
}

bool IsCluster(const RedisCluster& redis) { return redis.node_timeout_seconds() > 0; }

void RunReplicas(const Context& context, Reporter& reporter) {
  for (const RedisCluster& redis : context.deployment.redis()) {
    if (redis.replicas_per_master() > 0) continue;
    const bool cluster = IsCluster(redis);
    model::Finding& finding = reporter.Find(
        PlaceOf(context, redis, "replicas_per_master"),
        cluster ? "a Redis Cluster of masters only cannot fail over: losing one loses its slots"
                : "a single Redis without a replica: its loss empties the cache or loses the state",
        cluster ? "as many replicas again (--cluster-replicas 1)" : "a replica, or a cluster",
        absl::StrCat(redis.masters(), redis.masters() == 1 ? " master" : " masters",
                     ", 0 replicas"));
    if (!cluster) finding.set_severity(model::Finding::WARNING);
  }
}

void RunCreated(const Context& context, Reporter& reporter) {
  for (const RedisCluster& redis : context.deployment.redis()) {
    if (redis.cluster_created()) continue;
    reporter.Find(PlaceOf(context, redis),
                  "nothing creates the cluster: its 16384 slots are assigned to nobody",
                  "a Job that runs redis-cli --cluster create, or an operator");
  }
}

void RunScaled(const Context& context, Reporter& reporter) {
  for (const RedisCluster& redis : context.deployment.redis()) {
    const model::Autoscaler* autoscaler = context.AutoscalerOf(redis.name());
    if (autoscaler == nullptr || redis.rebalancer()) continue;
    reporter.Find(At(context.deployment, absl::StrCat("autoscalers.", autoscaler->name())),
                  "scales Redis, but nothing moves slots: new nodes stay empty, removed nodes take "
                  "their slots with them",
                  "remove the HPA, or add a rebalancer that moves slots before and after",
                  absl::StrCat(autoscaler->min_replicas(), " -> ", autoscaler->max_replicas(),
                               " pods, 0 slots moved"));
  }
}

bool Evicts(const RedisCluster& redis) {
  return !redis.maxmemory_policy().empty() && redis.maxmemory_policy() != "noeviction";
}

void RunPolicy(const Context& context, Reporter& reporter) {
  for (const RedisCluster& redis : context.deployment.redis()) {
    if (redis.role() == "state" && Evicts(redis)) {
      reporter.Find(PlaceOf(context, redis, "maxmemory_policy"),
                    absl::StrCat("holds state, but ", redis.maxmemory_policy(),
                                 " evicts it: sessions, limits and jobs disappear"),
                    "noeviction for state; a cache in a Redis of its own");
    }
    if (redis.role() == "cache" && !Evicts(redis)) {
      reporter.Find(PlaceOf(context, redis, "maxmemory_policy"),
                    "is a cache, but evicts nothing: writes fail when it is full",
                    "maxmemory-policy allkeys-lru");
    }
  }
}

void RunMemory(const Context& context, Reporter& reporter) {
  for (const RedisCluster& redis : context.deployment.redis()) {
    const model::Workload* workload = context.Workload(redis.name());
    if (workload == nullptr || workload->limit_memory_bytes() == 0) continue;
    const double limit = static_cast<double>(workload->limit_memory_bytes());
    if (redis.maxmemory_bytes() == 0) {
      reporter.Find(PlaceOf(context, redis, "maxmemory_bytes"),
                    "no maxmemory: Redis grows until the kernel kills it",
                    "maxmemory at about 75 % of the memory limit",
                    absl::StrFormat("limit %.0f MiB", limit / (1 << 20)));
    } else if (static_cast<double>(redis.maxmemory_bytes()) > 0.85 * limit) {
      reporter.Find(PlaceOf(context, redis, "maxmemory_bytes"),
                    "maxmemory leaves no room for buffers and the copy of a save",
                    "maxmemory at about 75 % of the memory limit",
                    absl::StrFormat("%.0f MiB of %.0f MiB",
                                    static_cast<double>(redis.maxmemory_bytes()) / (1 << 20),
                                    limit / (1 << 20)));
    }
  }
}

// An evicting Redis is meant to be full; a memory target below that always asks for more pods.
void RunTrigger(const Context& context, Reporter& reporter) {
  for (const RedisCluster& redis : context.deployment.redis()) {
    const model::Autoscaler* autoscaler = context.AutoscalerOf(redis.name());
    const model::Workload* workload = context.Workload(redis.name());
    if (autoscaler == nullptr || workload == nullptr || redis.maxmemory_bytes() == 0) continue;
    for (const model::MetricTarget& metric : autoscaler->metrics()) {
      if (metric.name() != "memory" || metric.target_type() != "Utilization") continue;
      const double trigger = static_cast<double>(workload->request_memory_bytes()) *
                             static_cast<double>(metric.target_milli()) / 100;
      if (trigger <= 0 || static_cast<double>(redis.maxmemory_bytes()) <= trigger) continue;
      reporter.Find(At(context.deployment,
                       absl::StrCat("autoscalers.", autoscaler->name(), ".metrics.memory")),
                    "a full cache is its normal state, and lies above the memory target",
                    "do not scale a cache by memory",
                    absl::StrFormat("maxmemory %.0f MiB > %d %% of the request = %.0f MiB",
                                    static_cast<double>(redis.maxmemory_bytes()) / (1 << 20),
                                    static_cast<int>(metric.target_milli()), trigger / (1 << 20)));
    }
  }
}

void RunMasters(const Context& context, Reporter& reporter) {
  for (const RedisCluster& redis : context.deployment.redis()) {
    if (!IsCluster(redis) || redis.masters() >= 3) continue;
    reporter.Find(PlaceOf(context, redis, "masters"),
                  "a Redis Cluster needs three masters for a majority that can fail over",
                  "at least 3 masters", absl::StrCat(redis.masters(), " < 3"));
  }
}

// How long a lost master's slots are away: what the cluster bus needs at least and at most.
void RunNodeTimeout(const Context& context, Reporter& reporter) {
  constexpr double kSlowSeconds = 10;
  for (const RedisCluster& redis : context.deployment.redis()) {
    if (!IsCluster(redis) || redis.replicas_per_master() == 0) continue;
    if (redis.node_timeout_seconds() < kSlowSeconds) continue;
    const simulator::redis::BusRules rules{redis.masters(), redis.replicas_per_master(),
                                           redis.node_timeout_seconds()};
    reporter.Find(
        PlaceOf(context, redis, "node_timeout_seconds"),
        "a lost master is replaced late: its slots are away meanwhile",
        "cluster-node-timeout 5000, or less on a quiet network",
        absl::StrFormat("node timeout %g s -> %.1f to %.1f s", redis.node_timeout_seconds(),
                        simulator::redis::EarliestFailover(rules),
                        simulator::redis::LatestFailover(rules, {.masters = {0}})));
  }
}

// A cache can answer for the slots that it has.
void RunCoverage(const Context& context, Reporter& reporter) {
  for (const RedisCluster& redis : context.deployment.redis()) {
    if (!IsCluster(redis) || redis.role() != "cache" || redis.partial_coverage()) continue;
    reporter.Find(
        PlaceOf(context, redis, "partial_coverage"),
        "one lost shard stops the whole cache until a replica is elected",
        "cluster-require-full-coverage no",
        absl::StrCat("1 of ", redis.masters(), " shards lost -> 0 of 16384 slots served"));
  }
}

// A cluster has database 0 only; a client that selects another is refused by every node.
void RunDatabaseNumber(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    for (const model::kubernetes::Node* container : model::kubernetes::AllContainers(pod)) {
      for (const model::kubernetes::Variable& variable :
           model::kubernetes::Environment(*container, *pod.owner, context.manifests)) {
        const std::string& url = variable.value;
        const size_t scheme = url.find("redis://");
        const size_t slash = scheme == std::string::npos ? scheme : url.find('/', scheme + 8);
        if (slash == std::string::npos || slash + 1 >= url.size()) continue;
        const char digit = url[slash + 1];
        if (digit < '1' || digit > '9') continue;
        for (const RedisCluster& redis : context.deployment.redis()) {
          if (!IsCluster(redis) || url.find(redis.name()) == std::string::npos) continue;
          Place place = At(*pod.owner, absl::StrCat("env ", variable.name));
          if (variable.line > 0) place.line = variable.line;
          reporter.Find(place,
                        absl::StrCat(variable.name, " selects database ", url.substr(slash + 1),
                                     ", but the Redis Cluster ", redis.name(), " has only 0"),
                        "database 0 with a key prefix, or a Redis of its own");
        }
      }
    }
  }
}

void RunPassword(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    if (model::kubernetes::RoleOf(pod, context.manifests) != "redis") continue;
    const std::string text = model::kubernetes::WhatItRuns(pod, context.manifests);
    bool protects = absl::StrContains(text, "requirepass") || absl::StrContains(text, "aclfile") ||
                    absl::StrContains(text, "REDIS_PASSWORD");
    if (protects) continue;
    reporter.Find(At(*pod.owner), "Redis asks for no password",
                  "requirepass from a Secret, and a NetworkPolicy that admits only its clients");
  }
}

}  // namespace

Rules RedisRules() {
  using model::Finding;
  return {
      {"redis-no-replicas", Finding::ERROR, false, "every Redis master has a replica", RunReplicas},
      {"redis-not-created", Finding::ERROR, false, "something assigns the cluster's slots",
       RunCreated},
      {"redis-scaled-without-rebalancer", Finding::ERROR, false,
       "an HPA over Redis comes with something that moves slots", RunScaled},
      {"redis-too-few-masters", Finding::ERROR, false, "a Redis Cluster has at least three masters",
       RunMasters},
      {"redis-eviction-policy", Finding::WARNING, false,
       "a cache evicts, sessions and jobs are never evicted", RunPolicy},
      {"redis-maxmemory", Finding::WARNING, false, "maxmemory is set and below the memory limit",
       RunMemory},
      {"redis-memory-trigger", Finding::WARNING, false,
       "a cache's maxmemory is not above the HPA's memory target", RunTrigger},
      {"redis-failover-slow", Finding::WARNING, false,
       "a lost Redis master is replaced within 10 seconds or so", RunNodeTimeout},
      {"redis-full-coverage", Finding::NOTE, false, "a cache goes on with the slots that it has",
       RunCoverage},
      {"redis-database-number", Finding::ERROR, true, "clients of a Redis Cluster use database 0",
       RunDatabaseNumber},
      {"redis-without-password", Finding::NOTE, true, "Redis asks for a password", RunPassword},
  };
}

}  // namespace simulator::check
