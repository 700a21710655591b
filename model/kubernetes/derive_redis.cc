#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/kubernetes/derive.h"

namespace model::kubernetes {
namespace {

// The value after a directive, in redis.conf ("maxmemory 1gb") or as an argument ("--maxmemory
// 1gb"); the last one wins, as in Redis.
std::string Directive(const std::string& text, absl::string_view name) {
  std::string value;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "#")) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t="), absl::SkipEmpty());
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      absl::string_view word = words[i];
      absl::ConsumePrefix(&word, "--");
      if (word == name) value = std::string(words[i + 1]);
    }
  }
  return value;
}

uint64_t RedisMemory(const std::string& value) {
  const size_t end = value.find_first_not_of("0123456789");
  uint64_t number = 0;
  if (!absl::SimpleAtoi(value.substr(0, end), &number)) return 0;
  const std::string unit = end == std::string::npos ? "" : absl::AsciiStrToLower(value.substr(end));
  uint64_t factor = 1;
  if (unit == "k") factor = 1000;
  if (unit == "kb") factor = 1ull << 10;
  if (unit == "m") factor = 1'000'000;
  if (unit == "mb") factor = 1ull << 20;
  if (unit == "g") factor = 1'000'000'000;
  if (unit == "gb") factor = 1ull << 30;
  return number > (1ull << 62) / factor ? 0 : number * factor;
}

// What the pods that are no Redis servers do to the cluster.
struct Care {
  bool created = false;
  bool rebalanced = false;
  uint32_t replicas_per_master = 0;
};

Care CareFor(const Manifests& manifests) {
  Care care;
  for (const Object& object : manifests.objects) {
    if (absl::StrContains(object.kind, "RedisCluster")) {  // an operator's resource
      care.created = true;
      care.rebalanced = true;
    }
    const std::optional<Pod> pod = PodOf(object);
    if (!pod) continue;
    const std::string text = WhatItRuns(*pod, manifests);
    care.rebalanced = care.rebalanced || absl::StrContains(text, "cluster rebalance");
    if (!absl::StrContains(text, "--cluster create") &&
        !absl::StrContains(text, "cluster addslots"))
      continue;
    care.created = true;
    const std::string replicas = Directive(text, "cluster-replicas");
    uint32_t count = 0;
    if (absl::SimpleAtoi(replicas, &count) && count <= 100) care.replicas_per_master = count;
  }
  return care;
}

void DeriveOne(const Object& object, const Pod& pod, const Manifests& manifests, const Care& care,
               Deployment* deployment) {
  const std::string text = WhatItRuns(pod, manifests);
  const uint32_t replicas =
      static_cast<uint32_t>(std::clamp<long>(object["spec.replicas"].Integer(1), 0, 1'000'000));
  RedisCluster* redis = deployment->add_redis();
  redis->set_name(object.name);
  SetOrigin(deployment, absl::StrCat("redis.", object.name), object, "", object.line);
  const bool clustered = Directive(text, "cluster-enabled") == "yes";
  const uint32_t group = clustered ? care.replicas_per_master + 1 : 1;
  redis->set_masters(clustered ? replicas / group : std::min(replicas, 1u));
  redis->set_replicas_per_master(clustered && replicas >= group ? care.replicas_per_master : 0);
  redis->set_cluster_created(!clustered || care.created);
  redis->set_rebalancer(clustered && care.rebalanced);
  redis->set_maxmemory_bytes(RedisMemory(Directive(text, "maxmemory")));
  const std::string policy = Directive(text, "maxmemory-policy");
  redis->set_maxmemory_policy(policy.empty() ? "noeviction" : policy);
  const std::string timeout = Directive(text, "cluster-node-timeout");
  double milliseconds = 15000;
  if (!timeout.empty() && !absl::SimpleAtod(timeout, &milliseconds)) milliseconds = 15000;
  redis->set_node_timeout_seconds(clustered ? milliseconds / 1000 : 0);
  redis->set_partial_coverage(Directive(text, "cluster-require-full-coverage") == "no");
  const std::string role = ReadLabels((*pod.metadata)["labels"])["redis-role"];
  redis->set_role(!role.empty()                               ? role
                  : redis->maxmemory_policy() == "noeviction" ? "state"
                                                              : "cache");
  const auto cpu = PodResource(pod, "limits", "cpu");
  if (cpu)
    redis->set_limit_millicores(static_cast<uint32_t>(std::clamp<int64_t>(*cpu, 0, 1 << 30)));
}

bool FollowsAMaster(const Pod& pod, const Manifests& manifests) {
  const std::string text = WhatItRuns(pod, manifests);
  for (const char* sign :
       {"replicaof", "slaveof", "REDIS_REPLICATION_MODE=slave", "REDIS_REPLICATION_MODE=replica"}) {
    if (absl::StrContains(text, sign)) return true;
  }
  return false;
}

}  // namespace

void DeriveRedis(const Manifests& manifests, Deployment* deployment) {
  const Care care = CareFor(manifests);
  uint32_t followers = 0;
  for (const Object& object : manifests.objects) {
    const std::optional<Pod> pod = PodOf(object);
    if (!pod || RoleOf(*pod, manifests) != "redis") continue;
    if (FollowsAMaster(*pod, manifests)) {  // a workload of replicas, beside the master's
      followers +=
          static_cast<uint32_t>(std::clamp<long>(object["spec.replicas"].Integer(1), 0, 1'000'000));
      continue;
    }
    DeriveOne(object, *pod, manifests, care, deployment);
  }
  for (RedisCluster& redis : *deployment->mutable_redis()) {
    if (redis.node_timeout_seconds() == 0) redis.set_replicas_per_master(followers);
  }
}

}  // namespace model::kubernetes
