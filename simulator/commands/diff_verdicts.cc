#include "simulator/commands/diff_verdicts.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "report/claims.h"
#include "report/evidence.h"
#include "report/judge.h"
#include "simulator/faults/fault_loader.h"
#include "simulator/planning/operating_points.h"
#include "simulator/planning/screening.h"

namespace simulator {
namespace {

bool Decides(const model::ClaimList& claims, const std::string& name) {
  for (const model::Claim& claim : claims.claims()) {
    for (const model::Decision& decision : claim.decisions()) {
      if (decision.deployment() == name) return true;
    }
  }
  return false;
}

absl::StatusOr<RunOptions> OptionsAt(const SimulationPoint& point, const std::string& claims_path,
                                     RunOptions options) {
  options.users = static_cast<uint64_t>(point.users);
  options.think_time_seconds = point.think_seconds;
  if (point.faults.empty()) return options;
  auto plan = LoadFaultPlanWithin(FaultPlanPath(claims_path, point.faults),
                                  ToNanos(options.ramp_seconds + options.duration_seconds));
  if (!plan.ok()) return plan.status();
  options.faults = *std::move(plan);
  return options;
}

}  // namespace

absl::StatusOr<model::VerdictReport> JudgeAs(const std::string& name,
                                             const std::string& claims_path,
                                             const model::CheckReport& check,
                                             const Experiment* experiment,
                                             const RunOptions& options) {
  const auto claims = report::LoadClaims(claims_path);
  if (!claims.ok()) return claims.status();
  if (!Decides(*claims, name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--judge_as: no claim of ", claims_path, " is about '", name, "'"));
  }
  report::Evidence evidence;
  model::CheckReport renamed = check;
  renamed.set_deployment(name);
  evidence.AddCheck(std::move(renamed), absl::StrCat("check-", name, ".json"));
  if (experiment != nullptr) {
    Experiment named = *experiment;
    named.deployment.set_name(name);
    const auto points = PointsOf(*claims, {name}, named.profile.name(), {});
    if (!points.ok()) return points.status();
    for (const SimulationPoint& point : *points) {
      if (!point.decides) continue;
      const auto at = OptionsAt(point, claims_path, options);
      if (!at.ok()) return at.status();
      auto result = Predict(named, *at);
      if (!result.ok()) return result.status();
      evidence.AddResult(*std::move(result), point.FileName());
    }
  }
  evidence.SetMissingSimulationReason("not simulated: no --scenario and --profile were given");
  auto verdicts = report::Judge(*claims, evidence);
  if (verdicts.ok() && experiment != nullptr) {
    RefuseOtherProfiles(experiment->profile.name(), &*verdicts);
  }
  return verdicts;
}

}  // namespace simulator
