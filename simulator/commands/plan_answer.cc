#include "simulator/commands/plan_answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/planning/bounds.h"
#include "simulator/planning/load_estimate.h"

namespace simulator {
namespace {

constexpr double kHoursPerMonth = 730;
constexpr uint32_t kAssumedZones = 3;

std::string Cost(double per_hour, const Prices& prices) {
  if (!prices.given) return absl::StrFormat("%g cores", per_hour);
  return absl::StrFormat("%.2f %s/h", per_hour, prices.currency);
}

class Printer {
 public:
  Printer(const PlanRequest& request, std::string api, const Plan& plan)
      : request_(request), api_(std::move(api)), plan_(plan) {}

  absl::Status Print(model::Result* measured) {
    PrintSearch();
    if (plan_.best < 0) {
      return absl::NotFoundError(absl::StrCat("no configuration meets the service level",
                                              plan_.nearest_by_bounds.empty() ? "" : "; ",
                                              plan_.nearest_by_bounds));
    }
    const PlanTrial& best = plan_.trials[static_cast<size_t>(plan_.best)];
    std::printf("\nplan             %s\n", best.configuration.Words().c_str());
    RunOptions options = request_.options;
    options.fixed_pods = best.configuration.pods;
    const auto compiled =
        CompileExperiment(Configured(*request_.experiment, api_, best.configuration, 1), options);
    if (!compiled.ok()) return compiled.status();
    const Bounds bounds =
        ComputeBounds(compiled->workload, compiled->system, best.configuration.pods);
    PrintResources(best, compiled->system, bounds);
    const auto nominal = Try(request_, api_, best.configuration, false);
    if (!nominal.ok()) return nominal.status();
    std::printf("as measured      %s, %s\n", nominal->met ? "met" : "missed",
                nominal->words.c_str());
    PrintBracket(*compiled, bounds, nominal->result);
    PrintBottlenecks(nominal->result, bounds);
    PrintCost(best);
    PrintNextCheaper(best);
    for (auto loss : {&Printer::NodeLoss, &Printer::ZoneLoss}) {
      if (absl::Status status = (this->*loss)(best); !status.ok()) return status;
    }
    for (const std::string& warning : nominal->result.provenance().warnings()) {
      std::printf("warning: %s\n", warning.c_str());
    }
    *measured = nominal->result;
    return absl::OkStatus();
  }

 private:
  void PrintSearch() {
    uint32_t replications = 0;
    for (const PlanTrial& trial : plan_.trials) {
      replications += trial.result.provenance().replications();
    }
    std::printf(
        "%zu configurations: %zu ruled out by the bounds, %zu shapes end at the connection "
        "limit; %zu simulated in %u replications%s\n",
        plan_.configurations, plan_.by_bounds, plan_.by_connections, plan_.trials.size(),
        replications, plan_.exhausted ? " (the most allowed: --max_simulations)" : "");
    std::printf("simulated with every demand %g %% above the profile's (--margin)\n",
                100 * request_.margin);
    for (const PlanTrial& trial : plan_.trials) PrintTrial(trial, request_.prices, stdout);
  }

  void PrintResources(const PlanTrial& best, const SystemModel& system, const Bounds& bounds) {
    const Configuration& chosen = best.configuration;
    std::printf("cores            %g API + %g database",
                chosen.pods * chosen.cpu_millicores / 1000.0, chosen.database_millicores / 1000.0);
    if (chosen.pooler_pool > 0) std::printf(" + %u PgBouncer", chosen.pooler_processes);
    std::printf("\n");
    for (const model::RedisCluster& redis : request_.experiment->deployment.redis()) {
      const uint32_t masters = chosen.redis_masters > 0 ? chosen.redis_masters : redis.masters();
      std::printf("Redis %-10s %u master%s with %u replica%s each\n", redis.name().c_str(), masters,
                  masters == 1 ? "" : "s", redis.replicas_per_master(),
                  redis.replicas_per_master() == 1 ? "" : "s");
    }
    std::printf("connections      %llu of %llu usable (%u audit connection%s a worker)\n",
                static_cast<unsigned long long>(bounds.connections_asked),
                static_cast<unsigned long long>(bounds.connections_usable),
                system.pod.audit_connections, system.pod.audit_connections == 1 ? "" : "s");
    const uint64_t own = uint64_t{chosen.pods} * chosen.workers *
                         (chosen.connections + system.pod.audit_connections);
    std::printf("PgBouncer        %s: the pods ask %llu connections of %llu usable\n",
                chosen.pooler_pool > 0 ? "yes" : "no", static_cast<unsigned long long>(own),
                static_cast<unsigned long long>(bounds.connections_usable));
  }

  // The simulated figures between the bounds and the mean value analysis.
  void PrintBracket(const CompiledExperiment& compiled, const Bounds& bounds,
                    const model::Result& result) {
    const RunOptions& options = request_.options;
    const Workload& workload = compiled.workload;
    const LoadEstimate load =
        EstimateLoad(workload, compiled.system, bounds.pods,
                     CacheAge{(options.settle_seconds + options.duration_seconds) / 2});
    const auto users = static_cast<double>(workload.users);
    const bool open = workload.open();
    std::printf(
        "throughput       %.0f requests/s simulated, %.0f by mean value analysis, at most "
        "%.0f%s\n",
        Quantity(result, "throughput_per_second"), load.throughput,
        open ? bounds.MaxThroughput() : bounds.Throughput(users),
        open ? " can be done" : " by the bounds");
    std::printf(
        "mean response    %.3g ms simulated, %.3g by mean value analysis, at least %.3g by "
        "the bounds\n",
        Quantity(result, "mean_ms"), 1000 * load.response_seconds,
        1000 * (open ? bounds.unloaded_seconds : bounds.Response(users)));
  }

  static double Quantity(const model::Result& result, const std::string& name) {
    for (const model::Quantity& quantity : result.quantities()) {
      if (quantity.name() == name) return quantity.value();
    }
    return 0;
  }

  void PrintBottlenecks(const model::Result& result, const Bounds& bounds) {
    std::string text;
    for (int i = 0; i < std::min(3, result.resources_size()); ++i) {
      const model::ResourceUse& use = result.resources(i);
      absl::StrAppendFormat(&text, "%s%s %.0f %% of %.4g", i == 0 ? "" : ", then ", use.name(),
                            100 * use.utilisation(), use.capacity());
    }
    std::printf("bottlenecks      %s\n", text.c_str());
    const double rate = Quantity(result, "throughput_per_second");
    text.clear();
    for (size_t i = 0; rate > 0 && i < std::min<size_t>(3, bounds.resources.size()); ++i) {
      absl::StrAppendFormat(&text, "%s%s at %.2g x this load (%.0f requests/s)",
                            i == 0 ? "" : ", then ", bounds.resources[i].name,
                            bounds.resources[i].limit() / rate, bounds.resources[i].limit());
    }
    std::printf("saturated are    %s\n", text.c_str());
  }

  void PrintCost(const PlanTrial& best) {
    if (!request_.prices.given) {
      std::printf("cost             %s (no --prices: a core counts 1, memory nothing)\n",
                  Cost(best.cost_per_hour, request_.prices).c_str());
      return;
    }
    std::printf("cost             %s, %.0f %s a month of %g hours (by --prices)\n",
                Cost(best.cost_per_hour, request_.prices).c_str(),
                best.cost_per_hour * kHoursPerMonth, request_.prices.currency.c_str(),
                kHoursPerMonth);
  }

  void PrintNextCheaper(const PlanTrial& best) {
    if (plan_.closest_cheaper_miss < 0) {
      std::printf("next cheaper     none simulated: what costs less is ruled out by the bounds\n");
      return;
    }
    const PlanTrial& miss = plan_.trials[static_cast<size_t>(plan_.closest_cheaper_miss)];
    std::printf("next cheaper     misses: %s, %s (%s less)\n", miss.configuration.Words().c_str(),
                miss.words.c_str(),
                Cost(best.cost_per_hour - miss.cost_per_hour, request_.prices).c_str());
  }

  absl::Status NodeLoss(const PlanTrial& best) {
    const model::Nodes& nodes = request_.experiment->deployment.nodes();
    uint32_t share = 1;
    std::string assumed = "nodes not given: one pod a node assumed";
    const model::Deployment with =
        WithConfiguration(request_.experiment->deployment, api_, best.configuration);
    for (const model::Workload& workload : with.workloads()) {
      if (workload.name() != api_ || nodes.count() == 0) continue;
      share = (best.configuration.pods + nodes.count() - 1) / nodes.count();
      assumed = absl::StrFormat("spread over %d nodes", nodes.count());
    }
    return Loss("a node", share, assumed, best);
  }

  absl::Status ZoneLoss(const PlanTrial& best) {
    const uint32_t given = request_.experiment->deployment.nodes().zones();
    const uint32_t zones = given > 0 ? given : kAssumedZones;
    return Loss("a zone", (best.configuration.pods + zones - 1) / zones,
                absl::StrFormat("%d zones%s", zones, given > 0 ? "" : " assumed"), best);
  }

  absl::Status Loss(const char* what, uint32_t share, const std::string& assumed,
                    const PlanTrial& best) {
    Configuration left = best.configuration;
    std::printf("without %s  ", what);
    if (share >= left.pods) {
      std::printf(" no pod is left (%s)\n", assumed.c_str());
      return absl::OkStatus();
    }
    left.pods -= share;
    const auto trial = Try(request_, api_, left, false);
    if (!trial.ok()) return trial.status();
    std::printf(" %u of %u pods left (%s; the database stays): %s, %s\n", left.pods,
                best.configuration.pods, assumed.c_str(), trial->met ? "met" : "missed",
                trial->words.c_str());
    return absl::OkStatus();
  }

  const PlanRequest& request_;
  const std::string api_;
  const Plan& plan_;
};

}  // namespace

void PrintTrial(const PlanTrial& trial, const Prices& prices, std::FILE* out) {
  std::fprintf(out, "%-6s %-70s %14s  %s\n", trial.met ? "met" : "missed",
               trial.configuration.Words().c_str(), Cost(trial.cost_per_hour, prices).c_str(),
               trial.words.c_str());
}

absl::Status PrintPlan(const PlanRequest& request, const std::string& api, const Plan& plan,
                       model::Result* measured) {
  return Printer(request, api, plan).Print(measured);
}

}  // namespace simulator
