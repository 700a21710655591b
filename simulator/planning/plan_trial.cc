#include "simulator/planning/plan_trial.h"

#include <algorithm>
#include <utility>

#include "simulator/planning/offered_load.h"
#include "simulator/planning/stopping.h"

namespace simulator {

Experiment Configured(const Experiment& experiment, const std::string& api,
                      const Configuration& configuration, double factor) {
  Experiment configured = experiment;
  configured.deployment = WithConfiguration(experiment.deployment, api, configuration);
  const auto scale = [factor](model::Demand* demand) { demand->set_mean(demand->mean() * factor); };
  for (model::OperationDemand& operation : *configured.profile.mutable_operations()) {
    scale(operation.mutable_server_cpu_seconds());
    scale(operation.mutable_database_cpu_seconds());
    scale(operation.mutable_redis_cpu_seconds());
    scale(operation.mutable_blocking_cpu_seconds());
  }
  model::RedisProfile& redis = *configured.profile.mutable_redis();
  redis.set_command_seconds(redis.command_seconds() * factor);
  return configured;
}

absl::StatusOr<std::string> ApiWorkload(const PlanRequest& request) {
  RunOptions options = request.options;
  options.fixed_pods = 1;
  const auto compiled = CompileExperiment(*request.experiment, options);
  if (!compiled.ok()) return compiled.status();
  return compiled->system.pod.workload;
}

namespace {

// Replications until the service level is decided.
absl::StatusOr<model::Result> Decide(const PlanRequest& request, const Experiment& experiment,
                                     const CompiledExperiment& compiled,
                                     const RunOptions& options) {
  const Join join = [&](const std::vector<ReplicationResult>& replications) {
    return JoinReplications(experiment, compiled, options, replications);
  };
  const auto next = [&](const model::Result& result, uint32_t done) -> absl::StatusOr<uint32_t> {
    if (!Compare(request.objectives, result).narrows) return done;
    return std::max(done, std::min(2 * done, request.most_replications));
  };
  const auto replications = ReplicateInRounds(compiled, options, join, next, nullptr);
  if (!replications.ok()) return replications.status();
  return join(*replications);
}

}  // namespace

absl::StatusOr<PlanTrial> Try(const PlanRequest& request, const std::string& api,
                              const Configuration& configuration, bool with_margin) {
  RunOptions options = request.options;
  options.fixed_pods = configuration.pods;
  if (with_margin) options.model_error = 0;  // the margin stands for it
  const double factor = with_margin ? 1 + request.margin : 1;
  const Experiment experiment = Configured(*request.experiment, api, configuration, factor);
  const auto compiled = CompileExperiment(experiment, options);
  if (!compiled.ok()) return compiled.status();
  PlanTrial trial;
  trial.configuration = configuration;
  trial.cost_per_hour =
      CostPerHour(configuration, request.experiment->deployment, api, request.prices);
  // A short run of an overloaded open system may look well.
  trial.words = Overload(compiled->workload, compiled->system);
  trial.unstable = !trial.words.empty();
  if (trial.unstable) return trial;
  auto result = Decide(request, experiment, *compiled, options);
  if (absl::IsFailedPrecondition(result.status())) {
    trial.unstable = true;
    trial.words = std::string(result.status().message());
    return trial;
  }
  if (!result.ok()) return result.status();
  const ServiceLevelAnswer answer = Compare(request.objectives, *result);
  trial.met = answer.met;
  trial.words = answer.words;
  trial.result = *std::move(result);
  return trial;
}

}  // namespace simulator
