#include "simulator/commands/plan.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "model/io.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/flag_values.h"
#include "simulator/commands/plan_answer.h"
#include "simulator/planning/plan_search.h"

namespace simulator {
namespace {

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
  absl::Status status = RequireFlags(flags, {"scenario", "deployment", "profile", "slo"});
  status.Update(ReadCount(flags, "users", 1, 16'000'000, &options.users));
  status.Update(ReadRate(flags, "rate", &options.rate_per_second));
  status.Update(ReadSeconds(flags, "think_time", &options.think_time_seconds));
  status.Update(ReadSeconds(flags, "duration", &options.duration_seconds));
  status.Update(ReadCount(flags, "replications", 1, 1000, &options.replications));
  status.Update(ReadCount(flags, "threads", 1, 64, &options.threads));
  status.Update(ReadCount(flags, "seed", 0, ~uint64_t{0}, &options.seed));
  status.Update(ReadError(flags, "model_error", &options.model_error));
  status.Update(ReadError(flags, "latency_model_error", &options.latency_model_error));
  status.Update(ReadError(flags, "margin", &request.margin));
  status.Update(ReadCount(flags, "max_simulations", 1, 1000, &request.most_simulations));
  status.Update(ReadCount(flags, "max_replications", 1, 1000, &request.most_replications));
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
  model::Result measured;
  absl::Status status = PrintPlan(request, *api, *plan, &measured);
  if (status.ok() && flags.contains("out")) {
    status = model::WriteJson(measured, UserPath(flags.at("out")));
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
                                       "rate",
                                       "think_time",
                                       "slo",
                                       "cpu",
                                       "connections",
                                       "database_cores",
                                       "redis_masters",
                                       "max_pods",
                                       "max_simulations",
                                       "max_replications",
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
