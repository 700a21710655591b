#include "simulator/commands/validate.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "model/io.h"
#include "model/kubernetes/deployment_loader.h"
#include "report/claims.h"
#include "report/console.h"
#include "report/evidence.h"
#include "report/html/page.h"
#include "report/judge.h"
#include "report/ladder.h"
#include "simulator/check/check.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/flag_values.h"
#include "simulator/faults/fault_loader.h"
#include "simulator/planning/bounds.h"
#include "simulator/planning/experiment.h"
#include "simulator/planning/operating_points.h"
#include "simulator/planning/screening.h"

namespace simulator {
namespace {

constexpr char kDefaultThinkTimes[] = "5s,10s,20s,60s,120s";

class Validation {
 public:
  explicit Validation(FlagMap flags) : flags_(std::move(flags)) {}

  // InvalidArgument: a flag's mistake.
  absl::Status ReadFlags() {
    options_.ramp_seconds = 60;
    options_.duration_seconds = 300;
    options_.replications = 2;
    absl::Status status = RequireFlags(flags_, {"claims", "scenario", "profile"});
    status.Update(ReadSeconds(flags_, "ramp", &options_.ramp_seconds));
    status.Update(ReadSeconds(flags_, "duration", &options_.duration_seconds));
    status.Update(ReadCount(flags_, "seed", 0, ~uint64_t{0}, &options_.seed));
    status.Update(ReadCount(flags_, "replications", 1, 1000, &options_.replications));
    status.Update(ReadCount(flags_, "threads", 1, 64, &options_.threads));
    status.Update(ReadError(flags_, "model_error", &options_.model_error));
    status.Update(ReadError(flags_, "latency_model_error", &options_.latency_model_error));
    status.Update(ReadSwitch(flags_, "screening", &screening_));
    if (!status.ok()) return status;
    const auto given = flags_.find("think_times");
    auto times =
        ParseSecondsList("think_times", given == flags_.end() ? kDefaultThinkTimes : given->second);
    if (!times.ok()) return times.status();
    for (double seconds : *times) {
      if (seconds <= 0) {
        return absl::InvalidArgumentError("--think_times: a closed load needs times above 0");
      }
    }
    think_times_ = *std::move(times);
    return absl::OkStatus();
  }

  absl::Status AddDeployments(const std::vector<std::string>& named) {
    if (named.empty()) {
      return absl::InvalidArgumentError("--deployment NAME=PATH is missing; name at least one");
    }
    for (const std::string& text : named) {
      const std::pair<std::string, std::string> item =
          absl::StrSplit(text, absl::MaxSplits('=', 1));
      if (item.first.empty() || item.second.empty() || paths_.contains(item.first)) {
        return absl::InvalidArgumentError(
            absl::StrCat("--deployment: expected NAME=PATH, each name once, found '", text, "'"));
      }
      paths_[item.first] = UserPath(item.second);
      names_.push_back(item.first);
    }
    return absl::OkStatus();
  }

  absl::Status Run() {
    const absl::Time start = absl::Now();
    for (auto part :
         {&Validation::Load, &Validation::Simulate, &Validation::JudgeAll, &Validation::Write}) {
      if (absl::Status status = (this->*part)(); !status.ok()) return status;
    }
    std::printf("%s", report::RenderVerdictTable(verdicts_, isatty(STDOUT_FILENO) != 0).c_str());
    std::fprintf(stderr, "validated in %.1f s wall: %zu points simulated, %zu screened\n",
                 absl::ToDoubleSeconds(absl::Now() - start), simulated_, screened_.size());
    return absl::OkStatus();
  }

 private:
  struct Screened {
    SimulationPoint point;
    Screening screening;
  };

  absl::Status Load() {
    auto claims = report::LoadClaims(UserPath(flags_.at("claims")));
    if (!claims.ok()) return claims.status();
    claims_ = *std::move(claims);
    for (const std::string& name : names_) {
      auto loaded = model::kubernetes::Load({paths_.at(name)});
      if (!loaded.ok()) return loaded.status();
      for (const std::string& note : loaded->manifests.notes) {
        std::fprintf(stderr, "note: %s\n", note.c_str());
      }
      loaded->deployment.set_name(name);
      model::CheckReport check = Check(*loaded);
      check.set_deployment(name);
      evidence_.AddCheck(check, absl::StrCat("check-", name, ".json"));
      deployments_[name] = std::move(loaded->deployment);
    }
    auto experiment = LoadExperiment(UserPath(flags_.at("scenario")), paths_.at(names_.front()),
                                     UserPath(flags_.at("profile")));
    if (!experiment.ok()) return experiment.status();
    experiment_ = *std::move(experiment);
    auto points = PointsOf(claims_, names_, experiment_.profile.name(), think_times_);
    if (!points.ok()) return points.status();
    points_ = *std::move(points);
    return LoadFaultPlans();
  }

  absl::Status LoadFaultPlans() {
    const Nanos end = ToNanos(options_.ramp_seconds + options_.duration_seconds);
    for (const SimulationPoint& point : points_) {
      if (point.faults.empty() || fault_plans_.contains(point.faults)) continue;
      auto plan =
          LoadFaultPlanWithin(FaultPlanPath(UserPath(flags_.at("claims")), point.faults), end);
      if (!plan.ok()) return plan.status();
      fault_plans_[point.faults] = *std::move(plan);
    }
    return absl::OkStatus();
  }

  RunOptions OptionsAt(const SimulationPoint& point) const {
    RunOptions options = options_;
    options.users = static_cast<uint64_t>(point.users);
    options.think_time_seconds = point.think_seconds;
    if (!point.faults.empty()) options.faults = fault_plans_.at(point.faults);
    return options;
  }

  absl::StatusOr<Bounds> BoundsAt(const SimulationPoint& point) const {
    const auto compiled = CompileExperiment(experiment_, OptionsAt(point));
    if (!compiled.ok()) return compiled.status();
    return ComputeBounds(compiled->workload, compiled->system, MostPods(compiled->system));
  }

  absl::Status Simulate() {
    for (const SimulationPoint& point : points_) {
      experiment_.deployment = deployments_.at(point.deployment);
      const absl::StatusOr<Bounds> bounds = BoundsAt(point);
      if (!bounds.ok()) return bounds.status();
      if (point.faults.empty()) knees_[{point.deployment, point.users}] = *bounds;
      const Screening screening = Screen(*bounds, point);
      if (screening_ && !point.decides && screening.answer != Screening::kOpen) {
        screened_.push_back({point, screening});
        continue;
      }
      const absl::Time start = absl::Now();
      auto result = Predict(experiment_, OptionsAt(point));
      if (!result.ok()) return result.status();
      ++simulated_;
      std::fprintf(stderr, "%s: %.0f users, think time %g s%s%s: %.1f s wall\n",
                   point.deployment.c_str(), point.users, point.think_seconds,
                   point.faults.empty() ? "" : ", faults ", point.faults.c_str(),
                   absl::ToDoubleSeconds(absl::Now() - start));
      evidence_.AddResult(*std::move(result), point.FileName());
    }
    return absl::OkStatus();
  }

  absl::Status JudgeAll() {
    evidence_.SetMissingSimulationReason(
        "not simulated: its deployment or profile was not given to this run");
    auto verdicts = report::Judge(claims_, evidence_);
    if (!verdicts.ok()) return verdicts.status();
    verdicts_ = *std::move(verdicts);
    RefuseOtherProfiles(experiment_.profile.name(), &verdicts_);
    std::stable_sort(screened_.begin(), screened_.end(), [](const Screened& a, const Screened& b) {
      return a.point.think_seconds < b.point.think_seconds;
    });
    for (const Screened& screened : screened_) {
      NoteScreened(screened.point, screened.screening, &verdicts_);
    }
    for (const auto& [point, knee] : knees_) NoteKnee(point.first, point.second, knee, &verdicts_);
    model::Provenance& provenance = *verdicts_.mutable_provenance();
    provenance.set_engine("simulator");
    provenance.set_seed(options_.seed);
    provenance.set_scenario_name(experiment_.scenario.name());
    provenance.set_scenario_digest(experiment_.scenario.digest());
    provenance.set_profile_name(experiment_.profile.name());
    provenance.set_profile_digest(experiment_.profile_digest);
    provenance.set_replications(options_.replications);
    provenance.set_valid(true);
    return absl::OkStatus();
  }

  absl::Status Write() {
    const auto out = flags_.find("out");
    if (out == flags_.end()) return absl::OkStatus();
    const std::string folder = UserPath(out->second) + "/";
    absl::Status status = model::WriteJson(verdicts_, folder + "verdict.json");
    report::PageInputs page;
    page.verdicts = &verdicts_;
    page.profile = &experiment_.profile;
    for (const auto& [name, check] : evidence_.checks()) {
      status.Update(model::WriteJson(check, folder + "check-" + name + ".json"));
    }
    for (const auto& [name, result] : evidence_.results()) {
      status.Update(model::WriteJson(result, folder + name));
      page.headline = evidence_.Predicted("production", {1e6, 10});
    }
    page.ladder = report::LadderOf({&experiment_.profile, nullptr, nullptr, page.headline});
    status.Update(model::WriteFile(report::RenderPage(page), folder + "index.html"));
    return status;
  }

  FlagMap flags_;
  RunOptions options_;
  bool screening_ = true;
  std::vector<double> think_times_;
  std::map<std::string, std::string> paths_;
  std::vector<std::string> names_;
  std::map<std::string, model::Deployment> deployments_;
  std::map<std::pair<std::string, double>, Bounds> knees_;  // by deployment and users
  model::ClaimList claims_;
  Experiment experiment_;
  std::vector<SimulationPoint> points_;
  std::map<std::string, FaultPlan> fault_plans_;  // by name
  std::vector<Screened> screened_;
  size_t simulated_ = 0;
  report::Evidence evidence_;
  model::VerdictReport verdicts_;
};

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator validate: %s\n", std::string(status.message()).c_str());
  return code;
}

}  // namespace

int RunValidate(std::vector<std::string> args) {
  const auto deployments = TakeRepeated("deployment", &args);
  if (!deployments.ok()) return Fail(deployments.status(), 2);
  const auto flags = ParseFlags(args, {"claims", "scenario", "profile", "deployment", "think_times",
                                       "ramp", "duration", "seed", "replications", "threads",
                                       "model_error", "latency_model_error", "screening", "out"});
  if (!flags.ok()) return Fail(flags.status(), 2);
  Validation validation(*flags);
  absl::Status status = validation.ReadFlags();
  status.Update(validation.AddDeployments(*deployments));
  if (!status.ok()) return Fail(status, 2);
  status = validation.Run();
  return status.ok() ? 0 : Fail(status, 1);
}

}  // namespace simulator
