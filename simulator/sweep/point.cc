#include "simulator/sweep/point.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "model/yaml/quantity.h"
#include "simulator/commands/run_options.h"
#include "simulator/faults/fault_loader.h"

namespace simulator {
namespace {

bool ChangesDeployment(const std::string& name) {
  return std::find(std::begin(kDeploymentParameters), std::end(kDeploymentParameters), name) !=
         std::end(kDeploymentParameters);
}

absl::StatusOr<uint32_t> Figure(const std::string& name, const std::string& value) {
  if (name == "cpu" || name == "database_cores") {
    const auto milli = model::ParseMillicores(value);
    if (milli.ok() && *milli > 0) return *milli;
    return absl::InvalidArgumentError(
        absl::StrCat("expected cores such as 2 or 500m, found '", value, "'"));
  }
  const auto count = model::ParseCount(value);
  if (count.ok() && *count > 0 && *count <= 1'000'000) return static_cast<uint32_t>(*count);
  return absl::InvalidArgumentError(
      absl::StrCat("expected a whole number, 1 or more, found '", value, "'"));
}

absl::StatusOr<model::Workload*> Api(model::Deployment* deployment) {
  for (model::Workload& workload : *deployment->mutable_workloads()) {
    if (workload.role() == "api") return &workload;
  }
  return absl::InvalidArgumentError("the deployment has no workload with the role api");
}

absl::Status ChangeApi(const std::string& name, uint32_t figure, model::Deployment* deployment) {
  const auto api = Api(deployment);
  if (!api.ok()) return api.status();
  model::Workload& workload = **api;
  if (name == "workers") workload.set_workers(figure);
  if (name == "connections") workload.set_connections_per_worker(figure);
  if (name == "cpu") {
    if (workload.limit_millicores() > 0) {
      workload.set_request_millicores(
          static_cast<uint32_t>(std::lround(static_cast<double>(workload.request_millicores()) *
                                            figure / workload.limit_millicores())));
    }
    workload.set_limit_millicores(figure);
  }
  return absl::OkStatus();
}

absl::Status Change(const std::string& name, uint32_t figure, model::Deployment* deployment) {
  if (name == "database_cores") {
    deployment->mutable_database()->set_cores_millicores(figure);
  } else if (name == "max_connections") {
    deployment->mutable_database()->set_max_connections(figure);
  } else if (name == "redis_masters") {
    if (deployment->redis().empty()) {
      return absl::InvalidArgumentError("redis_masters: the deployment has no Redis");
    }
    for (model::RedisCluster& redis : *deployment->mutable_redis()) redis.set_masters(figure);
  } else {
    return ChangeApi(name, figure, deployment);
  }
  return absl::OkStatus();
}

absl::StatusOr<PreparedPoint> Prepare(const SweepPlan& plan, const SweepPoint& point) {
  PreparedPoint prepared;
  prepared.experiment = {plan.scenario(), plan.deployment(), plan.profile(), plan.profile_digest()};
  FlagMap flags(plan.base().begin(), plan.base().end());
  for (const std::string& name : plan.parameters()) {
    const std::string& value = point.settings().at(name);
    if (!ChangesDeployment(name)) {
      flags[name] = value;
      continue;
    }
    const auto figure = Figure(name, value);
    if (!figure.ok()) return figure.status();
    const absl::Status changed = Change(name, *figure, &prepared.experiment.deployment);
    if (!changed.ok()) return changed;
  }
  const auto faults = flags.extract("faults");  // the plan has its text
  auto options = ReadRunOptions(flags);
  if (!options.ok()) return options.status();
  if (!faults.empty()) {
    auto parsed = ParseFaultPlan(plan.fault_plans().at(faults.mapped()), faults.mapped());
    if (!parsed.ok()) return parsed.status();
    if (absl::Status used = UseFaults(*std::move(parsed), &*options); !used.ok()) return used;
  }
  if (options->settle_by_mser) {
    return absl::InvalidArgumentError("--settle: expected a time; in a sweep it is not looked for");
  }
  prepared.options = *options;
  auto compiled = CompileExperiment(prepared.experiment, prepared.options);
  if (!compiled.ok()) return compiled.status();
  prepared.compiled = *std::move(compiled);
  return prepared;
}

}  // namespace

absl::Status CheckParameter(const std::string& name, const std::string& value) {
  if (name == "faults") return absl::OkStatus();  // its file is read with the sweep's
  if (ChangesDeployment(name)) return Figure(name, value).status();
  FlagMap flags = {{name, value}};
  // They mean something only with a precision, which may stand elsewhere.
  if (name == "precision_of" || name == "max_replications") flags["precision"] = "0.1";
  return ReadRunOptions(flags).status();
}

std::string SettingsInWords(const SweepPlan& plan, const SweepPoint& point) {
  std::string words;
  for (const std::string& name : plan.parameters()) {
    absl::StrAppend(&words, words.empty() ? "" : " ", name, "=", point.settings().at(name));
  }
  return words;
}

absl::StatusOr<PreparedPoint> PreparePoint(const SweepPlan& plan, int point) {
  auto prepared = Prepare(plan, plan.points(point));
  if (prepared.ok()) return prepared;
  return absl::InvalidArgumentError(absl::StrCat(plan.file(), ":", plan.points(point).line(), ": ",
                                                 SettingsInWords(plan, plan.points(point)), ": ",
                                                 std::string(prepared.status().message())));
}

}  // namespace simulator
