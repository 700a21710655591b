#include "simulator/commands/plan.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "model/io.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/flag_values.h"
#include "simulator/planning/plan_search.h"

namespace simulator {
namespace {

constexpr double kHoursPerMonth = 730;
constexpr uint32_t kAssumedZones = 3;

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator plan: %s\n", std::string(status.message()).c_str());
  return code;
}

// "1,2,4" or "500m,2": ascending, without doubles.
absl::StatusOr<std::vector<uint32_t>> ReadChoices(const FlagMap& flags, const std::string& name,
                                                  const std::string& otherwise, double unit) {
  const auto given = flags.find(name);
  const std::string text = given == flags.end() ? otherwise : given->second;
  std::vector<uint32_t> list;
  if (given == flags.end() && text.empty()) return list;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const bool milli = unit > 1 && !part.empty() && part.back() == 'm';
    if (milli) part.remove_suffix(1);
    double value = 0;
    const bool number = absl::SimpleAtod(part, &value);
    value *= milli ? 1 : unit;
    if (!number || !(value >= 1 && value <= 1e6) || value != std::floor(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, ": expected ",
                       unit > 1 ? "cores such as 1,2,4 or 500m" : "whole numbers such as 1,2,4",
                       ", found '", text, "'"));
    }
    list.push_back(static_cast<uint32_t>(value));
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

absl::StatusOr<PlanRequest> ReadRequest(const FlagMap& flags) {
  PlanRequest request;
  RunOptions& options = request.options;
  options.duration_seconds = 20;
  options.replications = 2;
  absl::Status status = RequireFlags(flags, {"scenario", "deployment", "profile", "users", "slo"});
  status.Update(ReadCount(flags, "users", 1, 16'000'000, &options.users));
  status.Update(ReadSeconds(flags, "think_time", &options.think_time_seconds));
  status.Update(ReadSeconds(flags, "duration", &options.duration_seconds));
  status.Update(ReadCount(flags, "replications", 1, 1000, &options.replications));
  status.Update(ReadCount(flags, "threads", 1, 64, &options.threads));
  status.Update(ReadCount(flags, "seed", 0, ~uint64_t{0}, &options.seed));
  status.Update(ReadError(flags, "model_error", &options.model_error));
  status.Update(ReadError(flags, "latency_model_error", &options.latency_model_error));
  status.Update(ReadError(flags, "margin", &request.margin));
  status.Update(ReadCount(flags, "max_simulations", 1, 1000, &request.most_simulations));
  status.Update(ReadCount(flags, "max_pods", 1, 20'000, &request.choices.most_pods));
  if (options.duration_seconds < 1) {
    status.Update(absl::InvalidArgumentError("--duration: expected at least 1s"));
  }
  if (!status.ok()) return status;
  auto objectives = ParseServiceLevel(flags.at("slo"));
  auto cpu = ReadChoices(flags, "cpu", "1,2,4", 1000);
  auto connections = ReadChoices(flags, "connections", "1,2,4,8", 1);
  auto database =
      ReadChoices(flags, "database_cores", "1,2,4,6,8,12,16,20,24,28,32,40,48,64,96,128", 1000);
  auto redis = ReadChoices(flags, "redis_masters", "", 1);
  for (const absl::Status& one : {objectives.status(), cpu.status(), connections.status(),
                                  database.status(), redis.status()}) {
    if (!one.ok()) return one;
  }
  request.objectives = *std::move(objectives);
  request.choices.cpu_millicores = *std::move(cpu);
  request.choices.connections = *std::move(connections);
  request.choices.database_millicores = *std::move(database);
  if (!redis->empty()) request.choices.redis_masters = *std::move(redis);
  return request;
}

std::string Cost(double per_hour, const Prices& prices) {
  if (!prices.given) return absl::StrFormat("%g cores", per_hour);
  return absl::StrFormat("%.2f %s/h", per_hour, prices.currency);
}

void PrintTrial(const PlanTrial& trial, const Prices& prices, std::FILE* out) {
  std::fprintf(out, "%-6s %-70s %14s  %s\n", trial.met ? "met" : "missed",
               trial.configuration.Words().c_str(), Cost(trial.cost_per_hour, prices).c_str(),
               trial.words.c_str());
}

void PrintBottlenecks(const model::Result& result) {
  std::string text;
  for (int i = 0; i < std::min(3, result.resources_size()); ++i) {
    const model::ResourceUse& use = result.resources(i);
    absl::StrAppend(
        &text, i == 0 ? "" : ", then ",
        absl::StrFormat("%s %.0f %% of %.4g", use.name(), 100 * use.utilisation(), use.capacity()));
  }
  std::printf("bottlenecks      %s\n", text.c_str());
}

class Printer {
 public:
  Printer(const PlanRequest& request, std::string api, const Plan& plan)
      : request_(request), api_(std::move(api)), plan_(plan) {}

  absl::Status Print() {
    std::printf(
        "%zu configurations: %zu ruled out by the bounds, %zu shapes end at the connection "
        "limit; %zu simulated%s\n",
        plan_.configurations, plan_.by_bounds, plan_.by_connections, plan_.trials.size(),
        plan_.exhausted ? " (the most allowed: --max_simulations)" : "");
    std::printf("simulated with every demand %g %% above the profile's (--margin)\n",
                100 * request_.margin);
    for (const PlanTrial& trial : plan_.trials) PrintTrial(trial, request_.prices, stdout);
    if (plan_.best < 0) {
      return absl::NotFoundError(
          absl::StrCat("no configuration meets the service level",
                       plan_.nearest_by_bounds.empty() ? "" : "; the bounds' best miss: ",
                       plan_.nearest_by_bounds));
    }
    const PlanTrial& best = plan_.trials[static_cast<size_t>(plan_.best)];
    std::printf("\nplan             %s\n", best.configuration.Words().c_str());
    PrintResources(best);
    const auto nominal = Try(request_, api_, best.configuration, false);
    if (!nominal.ok()) return nominal.status();
    std::printf("as measured      %s, %s\n", nominal->met ? "met" : "missed",
                nominal->words.c_str());
    PrintBottlenecks(nominal->result);
    PrintCost(best);
    PrintNextCheaper(best);
    for (auto loss : {&Printer::NodeLoss, &Printer::ZoneLoss}) {
      if (absl::Status status = (this->*loss)(best); !status.ok()) return status;
    }
    for (const std::string& warning : nominal->result.provenance().warnings()) {
      std::printf("warning: %s\n", warning.c_str());
    }
    return absl::OkStatus();
  }

 private:
  void PrintResources(const PlanTrial& best) {
    const Configuration& chosen = best.configuration;
    std::printf("cores            %g API + %g database\n",
                chosen.pods * chosen.cpu_millicores / 1000.0, chosen.database_millicores / 1000.0);
    for (const model::RedisCluster& redis : request_.experiment->deployment.redis()) {
      const uint32_t masters = chosen.redis_masters > 0 ? chosen.redis_masters : redis.masters();
      std::printf("Redis %-10s %u master%s with %u replica%s each\n", redis.name().c_str(), masters,
                  masters == 1 ? "" : "s", redis.replicas_per_master(),
                  redis.replicas_per_master() == 1 ? "" : "s");
    }
    RunOptions options = request_.options;
    options.fixed_pods = chosen.pods;
    const auto compiled =
        CompileExperiment(Configured(*request_.experiment, api_, chosen, 1), options);
    if (!compiled.ok()) return;
    const Bounds bounds = ComputeBounds(compiled->workload, compiled->system, chosen.pods);
    std::printf("connections      %llu of %llu usable (%u audit connection%s a worker)\n",
                static_cast<unsigned long long>(bounds.connections_asked),
                static_cast<unsigned long long>(bounds.connections_usable),
                compiled->system.pod.audit_connections,
                compiled->system.pod.audit_connections == 1 ? "" : "s");
    std::printf("throughput       at most %.0f requests/s by the bounds, %.0f asked\n",
                bounds.MaxThroughput(), bounds.Throughput(static_cast<double>(options.users)));
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

absl::Status MakePlan(const FlagMap& flags, PlanRequest request) {
  const absl::Time start = absl::Now();
  const auto experiment =
      LoadExperiment(UserPath(flags.at("scenario")), UserPath(flags.at("deployment")),
                     UserPath(flags.at("profile")));
  if (!experiment.ok()) return experiment.status();
  request.experiment = &*experiment;
  if (flags.contains("redis_masters") && experiment->deployment.redis().empty()) {
    return absl::InvalidArgumentError("--redis_masters: the deployment has no Redis");
  }
  const absl::Status timed =
      UseShortRun(*experiment, request.options.duration_seconds, &request.options);
  if (!timed.ok()) return timed;
  if (flags.contains("prices")) {
    const auto prices = LoadPrices(UserPath(flags.at("prices")));
    if (!prices.ok()) return prices.status();
    request.prices = *prices;
  }
  const auto api = ApiWorkload(request);
  if (!api.ok()) return api.status();
  const auto plan = FindPlan(request, [&](const PlanTrial& trial) {
    std::fprintf(stderr, "%6.1f s  ", absl::ToDoubleSeconds(absl::Now() - start));
    PrintTrial(trial, request.prices, stderr);
  });
  if (!plan.ok()) return plan.status();
  absl::Status status = Printer(request, *api, *plan).Print();
  if (status.ok() && flags.contains("out")) {
    status = model::WriteJson(plan->trials[static_cast<size_t>(plan->best)].result,
                              UserPath(flags.at("out")));
  }
  std::fprintf(stderr, "planned in %.1f s wall\n", absl::ToDoubleSeconds(absl::Now() - start));
  return status;
}

}  // namespace

int RunPlan(std::vector<std::string> args) {
  const auto flags = ParseFlags(args, {"scenario",
                                       "deployment",
                                       "profile",
                                       "users",
                                       "think_time",
                                       "slo",
                                       "cpu",
                                       "connections",
                                       "database_cores",
                                       "redis_masters",
                                       "max_pods",
                                       "max_simulations",
                                       "prices",
                                       "margin",
                                       "duration",
                                       "replications",
                                       "threads",
                                       "seed",
                                       "model_error",
                                       "latency_model_error",
                                       "out"});
  if (!flags.ok()) return Fail(flags.status(), 2);
  const auto request = ReadRequest(*flags);
  if (!request.ok()) return Fail(request.status(), 2);
  const absl::Status status = MakePlan(*flags, *request);
  return status.ok() ? 0 : Fail(status, 1);
}

}  // namespace simulator
