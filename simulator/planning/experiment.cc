#include "simulator/planning/experiment.h"

#include <cstdio>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/io.h"
#include "model/kubernetes/deployment_loader.h"
#include "model/scenario_loader.h"
#include "model/yaml/message_reader.h"
#include "model/yaml/node.h"
#include "simulator/engine/prediction.h"
#include "simulator/engine/replications.h"
#include "simulator/planning/offered_load.h"
#include "simulator/planning/stopping.h"

namespace simulator {

absl::StatusOr<Experiment> LoadExperiment(const std::string& scenario_path,
                                          const std::string& deployment_path,
                                          const std::string& profile_path) {
  Experiment experiment;
  std::vector<std::string> warnings;
  absl::StatusOr<model::Scenario> scenario = model::LoadScenario(scenario_path, &warnings);
  if (!scenario.ok()) return scenario.status();
  for (const std::string& warning : warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  experiment.scenario = *std::move(scenario);
  absl::StatusOr<model::Deployment> deployment =
      absl::EndsWith(deployment_path, ".json") ? model::ReadJson<model::Deployment>(deployment_path)
                                               : model::LoadDeployment(deployment_path);
  if (!deployment.ok()) return deployment.status();
  experiment.deployment = *std::move(deployment);
  absl::StatusOr<model::Profile> profile = model::ReadJson<model::Profile>(profile_path);
  if (!profile.ok()) return profile.status();
  experiment.profile = *std::move(profile);
  absl::StatusOr<std::string> digest = model::Sha256OfFile(profile_path);
  if (!digest.ok()) return digest.status();
  experiment.profile_digest = *std::move(digest);
  return experiment;
}

absl::Status ApplyOverload(const std::string& path, Experiment* experiment) {
  const auto node = model::YamlNode::Load(path);
  if (!node.ok()) return node.status();
  model::Overload overload;
  if (absl::Status status = model::ReadMessage(*node, &overload); !status.ok()) return status;
  const auto map = node->AsMapOfAny();
  if (!map.ok()) return map.status();
  bool found = false;
  for (model::Workload& workload : *experiment->deployment.mutable_workloads()) {
    if (workload.role() != "api") continue;
    found = true;
    *workload.mutable_overload() = overload;
    for (const model::YamlMap::Entry& entry : map->entries()) {
      model::Origin& origin = (*experiment->deployment.mutable_origins())[absl::StrCat(
          "workloads.", workload.name(), ".overload.", entry.key)];
      origin.set_file(path);
      origin.set_line(entry.line);
    }
  }
  if (found) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": the deployment has no workload of the role api to apply it to"));
}

absl::StatusOr<CompiledExperiment> CompileExperiment(const Experiment& experiment,
                                                     const RunOptions& options) {
  absl::StatusOr<Workload> workload = Workload::Compile(experiment.scenario, options);
  if (!workload.ok()) return workload.status();
  absl::StatusOr<SystemModel> system = SystemModel::Compile(
      experiment.scenario, *workload, experiment.deployment, experiment.profile, options);
  if (!system.ok()) return system.status();
  return CompiledExperiment{*std::move(workload), *std::move(system)};
}

absl::Status UseShortRun(const Experiment& experiment, double measured_seconds,
                         RunOptions* options) {
  constexpr double kThinkTimes = 5;
  constexpr double kSingleSettle = 5;  // seconds, where nobody thinks
  options->ramp_seconds = 0;
  options->duration_seconds = measured_seconds;
  const auto workload = Workload::Compile(experiment.scenario, *options);
  if (!workload.ok()) return workload.status();
  // Of open models until as many leave as come: a session is that many requests long.
  const double requests = workload->open() ? workload->RequestRate() / workload->arrival_rate : 1.0;
  options->settle_seconds = kThinkTimes * workload->mean_think_seconds * std::max(1.0, requests);
  if (workload->single_requests) options->settle_seconds = kSingleSettle;
  options->duration_seconds = options->settle_seconds + measured_seconds;
  return absl::OkStatus();
}

absl::StatusOr<model::Result> Simulate(
    const Experiment& experiment, const CompiledExperiment& compiled, const RunOptions& given,
    const std::function<void(uint32_t, const ReplicationResult&)>& finished) {
  std::vector<std::string> warnings;
  const std::string overload = Overload(compiled.workload, compiled.system);
  const auto explained = [&](const absl::Status& status) {
    if (!absl::IsFailedPrecondition(status) || overload.empty()) return status;
    return absl::FailedPreconditionError(
        absl::StrCat(std::string(status.message()), "; ", overload));
  };
  RunOptions options = given;
  if (options.settle_by_mser) {
    const absl::StatusOr<SettleTime> settle = FindSettleTime(compiled, options);
    if (!settle.ok()) return explained(settle.status());
    options.settle_seconds = settle->seconds;
    if (!settle->settled) {
      warnings.push_back(
          "MSER-5 finds no steady state in the first half of the run: it is too short, or the "
          "system never settles");
    }
  }
  const Join join = [&](const std::vector<ReplicationResult>& replications) {
    return JoinReplications(experiment, compiled, options, replications);
  };
  absl::StatusOr<model::Result> result;
  if (options.precision > 0) {
    const auto replicated = ReplicateUntilPrecise(compiled, options, join, finished);
    if (!replicated.ok()) return explained(replicated.status());
    result = join(replicated->replications);
  } else {
    const auto replications =
        RunReplications(compiled.workload, compiled.system, options, finished);
    if (!replications.ok()) return explained(replications.status());
    result = join(*replications);
  }
  for (const std::string& warning : warnings) result->mutable_provenance()->add_warnings(warning);
  return result;
}

model::Result JoinReplications(const Experiment& experiment, const CompiledExperiment& compiled,
                               const RunOptions& options,
                               const std::vector<ReplicationResult>& replications) {
  model::Result result =
      BuildPrediction({experiment.scenario, experiment.deployment, experiment.profile},
                      compiled.workload, compiled.system, options, replications);
  NotePrecision(options, replications.size(), &result);
  const std::string overload = Overload(compiled.workload, compiled.system);
  if (!overload.empty()) {
    result.mutable_provenance()->add_warnings("unstable at the largest rate: " + overload);
  }
  result.mutable_provenance()->set_profile_digest(experiment.profile_digest);
  return result;
}

absl::StatusOr<model::Result> Predict(const Experiment& experiment, const RunOptions& options) {
  const absl::StatusOr<CompiledExperiment> compiled = CompileExperiment(experiment, options);
  if (!compiled.ok()) return compiled.status();
  return Simulate(experiment, *compiled, options);
}

}  // namespace simulator
