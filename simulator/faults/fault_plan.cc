#include "simulator/faults/fault_plan.h"

#include <cassert>
#include <filesystem>

namespace simulator {

namespace {

using P = FaultParameter;

std::vector<FaultRule> PlatformFaults() {
  return {
      {FaultKind::kSlowdown,
       "slowdown",
       true,
       FaultRule::kMustLast,
       {{"factor", P::kNumber, 0, 10, 1, true}}},
      {FaultKind::kPodCrash,
       "pod_crash",
       true,
       FaultRule::kInstant,
       {{"pods", P::kCount, 1, 20'000, 1}}},
      {FaultKind::kNodeLoss,
       "node_loss",
       true,
       FaultRule::kMayLast,
       {{"nodes", P::kCount, 1, 5'000, 1}}},
      {FaultKind::kZoneLoss,
       "zone_loss",
       true,
       FaultRule::kMayLast,
       {{"zone", P::kCount, 0, 100, 0}}},
      {FaultKind::kDrainNode,
       "drain_node",
       true,
       FaultRule::kMayLast,
       {{"nodes", P::kCount, 1, 5'000, 1}}},
      {FaultKind::kRollingUpdate, "rolling_update", true, FaultRule::kInstant, {}},
      {FaultKind::kIngressLoss,
       "ingress_loss",
       true,
       FaultRule::kMustLast,
       {{"replicas", P::kCount, 1, 200, 1}}},
  };
}

std::vector<FaultRule> DatabaseFaults() {
  return {
      {FaultKind::kDatabaseRestart,
       "database_restart",
       true,
       FaultRule::kInstant,
       {{"recovery", P::kSeconds, 0, 86'400, 0}}},
      {FaultKind::kDatabaseFailover, "database_failover", true, FaultRule::kInstant, {}},
      {FaultKind::kDatabaseSlowdown,
       "database_slowdown",
       true,
       FaultRule::kMustLast,
       {{"factor", P::kNumber, 0, 10, 1, true}}},
  };
}

std::vector<FaultRule> RedisFaults() {
  return {
      {FaultKind::kRedisMasterLoss,
       "redis_master_loss",
       true,
       FaultRule::kMayLast,
       {{"shard", P::kCount, 0, 1'000, 0},
        {"silent", P::kCount, 0, 1, 0},     // with its machine: connections hang
        {"replica", P::kCount, 0, 1, 0}}},  // a replica goes with it
      {FaultKind::kCacheLost, "cache_lost", true, FaultRule::kInstant, {}},
      {FaultKind::kRedisReshard,
       "redis_reshard",
       true,
       FaultRule::kInstant,
       {{"masters", P::kCount, 0, 1'000, 0}}},  // 0: as many as there are
      {FaultKind::kRedisLost,
       "redis_lost",
       true,
       FaultRule::kMayLast,
       {{"silent", P::kCount, 0, 1, 0}}},
  };
}

}  // namespace

absl::Span<const FaultRule> FaultRules() {
  static const auto* const kRules = [] {
    auto* rules = new std::vector<FaultRule>(PlatformFaults());
    for (const auto& more : {DatabaseFaults(), RedisFaults()}) {
      rules->insert(rules->end(), more.begin(), more.end());
    }
    return rules;
  }();
  return *kRules;
}

const FaultRule& RuleOf(FaultKind kind) {
  const FaultRule& rule = FaultRules()[static_cast<size_t>(kind)];
  assert(rule.kind == kind);
  return rule;
}

double Fault::Get(const std::string& name) const {
  const auto found = parameters.find(name);
  if (found != parameters.end()) return found->second;
  for (const FaultParameter& parameter : RuleOf(kind).parameters) {
    if (parameter.name == name) return parameter.otherwise;
  }
  assert(false);
  return 0;
}

std::string FaultPlan::Name() const {
  if (empty()) return "";
  return std::filesystem::path(file).stem().string();
}

}  // namespace simulator
