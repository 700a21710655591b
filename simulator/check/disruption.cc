#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::DisruptionBudget;
using model::kubernetes::Share;

// How many of `pods` a budget lets the eviction API take at once (percentages round up, as the
// disruption controller rounds both).
int64_t Allowed(const DisruptionBudget& budget, uint32_t pods) {
  if (!budget.max_unavailable().empty()) {
    return std::min<int64_t>(Share(budget.max_unavailable(), pods, true), pods);
  }
  if (budget.min_available().empty()) return pods;
  return static_cast<int64_t>(pods) - Share(budget.min_available(), pods, true);
}

std::string BudgetText(const DisruptionBudget& budget) {
  return budget.max_unavailable().empty()
             ? absl::StrCat("minAvailable ", budget.min_available())
             : absl::StrCat("maxUnavailable ", budget.max_unavailable());
}

// The pods of the workloads a budget selects, at least or at most.
uint32_t Pods(const Context& context, const DisruptionBudget& budget, bool most) {
  uint32_t pods = 0;
  for (const std::string& name : budget.workloads()) {
    const model::Workload* workload = context.Workload(name);
    if (workload == nullptr) continue;
    pods += most ? context.MaxPods(*workload) : context.MinPods(*workload);
  }
  return pods;
}

Place PlaceOf(const Context& context, const DisruptionBudget& budget) {
  return At(context.deployment, absl::StrCat("disruption_budgets.", budget.name()));
}

void RunSelects(const Context& context, Reporter& reporter) {
  for (const DisruptionBudget& budget : context.deployment.disruption_budgets()) {
    if (!budget.workloads().empty()) continue;
    reporter.Find(PlaceOf(context, budget), "selects no pod of these manifests",
                  "make its selector match the pods' labels");
  }
}

void RunBlocks(const Context& context, Reporter& reporter) {
  for (const DisruptionBudget& budget : context.deployment.disruption_budgets()) {
    const uint32_t pods = Pods(context, budget, false);
    if (budget.workloads().empty() || pods == 0 || Allowed(budget, pods) > 0) continue;
    reporter.Find(PlaceOf(context, budget),
                  absl::StrCat("allows no eviction of ", absl::StrJoin(budget.workloads(), ", "),
                               ": no node that runs its pods can be drained"),
                  "maxUnavailable: 1, or more replicas than minAvailable",
                  absl::StrCat(BudgetText(budget), " of ", pods, pods == 1 ? " pod" : " pods",
                               " leaves 0 to evict"));
  }
}

void RunProtects(const Context& context, Reporter& reporter) {
  for (const DisruptionBudget& budget : context.deployment.disruption_budgets()) {
    const uint32_t pods = Pods(context, budget, false);
    if (budget.workloads().empty() || pods == 0 || Allowed(budget, pods) < pods) continue;
    reporter.Find(
        PlaceOf(context, budget), "allows evicting every pod at once",
        "set minAvailable or maxUnavailable so that some pods stay",
        absl::StrCat(BudgetText(budget), " of ", pods, " pods leaves ", pods, " to evict"));
  }
}

void RunLittle(const Context& context, Reporter& reporter) {
  for (const DisruptionBudget& budget : context.deployment.disruption_budgets()) {
    const uint32_t most = Pods(context, budget, true);
    const int64_t allowed = Allowed(budget, most);
    if (most < 4 || allowed >= most || allowed * 2 <= most) continue;
    reporter.Find(PlaceOf(context, budget),
                  "protects little: more than half of the pods may be evicted at once",
                  "maxUnavailable in percent (10-25 %), which grows with the replicas",
                  absl::StrCat(BudgetText(budget), " of ", most, " pods allows evicting ", allowed,
                               " at once"));
  }
}

void RunQuorum(const Context& context, Reporter& reporter) {
  for (const DisruptionBudget& budget : context.deployment.disruption_budgets()) {
    for (const model::RedisCluster& redis : context.deployment.redis()) {
      const auto& names = budget.workloads();
      if (redis.masters() < 3 || std::find(names.begin(), names.end(), redis.name()) == names.end())
        continue;
      const uint32_t pods = Pods(context, budget, false);
      const int64_t allowed = Allowed(budget, pods);
      if (allowed * 2 < redis.masters()) continue;
      reporter.Find(PlaceOf(context, budget),
                    "allows evicting a majority of the Redis masters: the cluster stops",
                    "maxUnavailable: 1",
                    absl::StrCat(allowed, " of ", redis.masters(), " masters may go at once"));
    }
  }
}

void RunMissing(const Context& context, Reporter& reporter) {
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (workload.role() != "api" && workload.role() != "redis") continue;
    if (context.MaxPods(workload) < 2) continue;
    bool found = false;
    for (const DisruptionBudget& budget : context.deployment.disruption_budgets()) {
      const auto& names = budget.workloads();
      found = found || std::find(names.begin(), names.end(), workload.name()) != names.end();
    }
    if (found) continue;
    reporter.Find(At(context.deployment, absl::StrCat("workloads.", workload.name())),
                  "no PodDisruptionBudget: a drain may take all its pods of a node at once",
                  "add one with maxUnavailable in percent");
  }
}

void RunSingle(const Context& context, Reporter& reporter) {
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (workload.role() != "api" || context.MinPods(workload) != 1) continue;
    reporter.Find(At(context.deployment, absl::StrCat("workloads.", workload.name(), ".replicas")),
                  "runs as a single pod: its loss is an outage until the next one is ready",
                  "at least 2 replicas (minReplicas of the HPA)");
  }
}

void RunRollout(const Context& context, Reporter& reporter) {
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (workload.role() != "api" || workload.kind() != "Deployment") continue;
    const uint32_t pods = context.MinPods(workload);
    const uint32_t away = Share(workload.max_unavailable(), pods, false);
    if (pods == 0 || away * 2 < pods) continue;
    reporter.Find(
        At(context.deployment, absl::StrCat("workloads.", workload.name(), ".max_unavailable")),
        "a rollout takes half of the pods or more away at once",
        "strategy RollingUpdate with maxUnavailable: 0 and a maxSurge",
        absl::StrCat(away, " of ", pods, " pods unavailable"));
  }
}

}  // namespace

Rules DisruptionRules() {
  using model::Finding;
  return {
      {"pdb-selects-nothing", Finding::ERROR, false, "a budget selects pods that exist",
       RunSelects},
      {"pdb-blocks-drain", Finding::ERROR, false, "a budget leaves at least one pod to evict",
       RunBlocks},
      {"pdb-protects-nothing", Finding::ERROR, false, "a budget keeps at least one pod",
       RunProtects},
      {"pdb-protects-little", Finding::WARNING, false,
       "a budget keeps at least half of the pods at the largest scale", RunLittle},
      {"pdb-allows-quorum-loss", Finding::WARNING, false,
       "a budget keeps a majority of the Redis masters", RunQuorum},
      {"pdb-missing", Finding::NOTE, false, "replicated services have a budget", RunMissing},
      {"rollout-outage", Finding::WARNING, false, "a rollout keeps more than half of the pods",
       RunRollout},
      {"single-pod", Finding::WARNING, false, "a service runs at least two pods", RunSingle},
  };
}

}  // namespace simulator::check
