#include "simulator/planning/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/histogram.h"
#include "simulator/engine/replications.h"
#include "simulator/planning/bounds.h"
#include "simulator/statistics/interval.h"

namespace simulator {
namespace {

constexpr double kFactor = 1.1;

struct Change {
  const char* input;
  // Makes one input kFactor as large; false when that input is 0 or not there.
  bool (*apply)(Experiment* experiment, RunOptions* options);
};

bool Grow(double* value) {
  *value *= kFactor;
  return *value > 0;
}

template <typename Pick>
bool GrowDemands(Experiment* experiment, Pick pick) {
  bool any = false;
  for (model::OperationDemand& operation : *experiment->profile.mutable_operations()) {
    model::Demand* demand = pick(&operation);
    demand->set_mean(demand->mean() * kFactor);
    any |= demand->mean() > 0;
  }
  return any;
}

bool GrowServer(Experiment* experiment, RunOptions*) {
  return GrowDemands(experiment, [](model::OperationDemand* operation) {
    return operation->mutable_server_cpu_seconds();
  });
}

bool GrowDatabase(Experiment* experiment, RunOptions*) {
  return GrowDemands(experiment, [](model::OperationDemand* operation) {
    return operation->mutable_database_cpu_seconds();
  });
}

bool GrowRedis(Experiment* experiment, RunOptions*) {
  model::RedisProfile& redis = *experiment->profile.mutable_redis();
  redis.set_command_seconds(redis.command_seconds() * kFactor);
  const bool demands = GrowDemands(experiment, [](model::OperationDemand* operation) {
    return operation->mutable_redis_cpu_seconds();
  });
  return demands || redis.command_seconds() > 0;
}

bool GrowFlush(Experiment* experiment, RunOptions*) {
  model::DatabaseProfile& database = *experiment->profile.mutable_database();
  database.set_flush_seconds(database.flush_seconds() * kFactor);
  return database.flush_seconds() > 0;
}

bool GrowRoundTrip(Experiment* experiment, RunOptions*) {
  model::RedisProfile& redis = *experiment->profile.mutable_redis();
  redis.set_network_round_trip_seconds(redis.network_round_trip_seconds() * kFactor);
  return redis.network_round_trip_seconds() > 0;
}

bool GrowWakeUps(Experiment* experiment, RunOptions*) {
  model::WakeUps& wake = *experiment->profile.mutable_wake_ups();
  bool any = false;
  for (model::Demand* demand : {wake.mutable_server_seconds(), wake.mutable_database_seconds(),
                                wake.mutable_server_turn_seconds()}) {
    demand->set_mean(demand->mean() * kFactor);
    any |= demand->mean() > 0;
  }
  return any;
}

bool GrowUsers(Experiment*, RunOptions* options) {
  options->users =
      static_cast<uint64_t>(std::llround(static_cast<double>(options->users) * kFactor));
  return options->users > 0;
}

bool GrowThinkTime(Experiment*, RunOptions* options) {
  return options->think_time_seconds > 0 && Grow(&options->think_time_seconds);
}

constexpr Change kChanges[] = {
    {"server CPU per request", GrowServer},
    {"database CPU per request", GrowDatabase},
    {"Redis time per command", GrowRedis},
    {"WAL flush", GrowFlush},
    {"network round trip", GrowRoundTrip},
    {"waking sleepers", GrowWakeUps},
    {"users", GrowUsers},
    {"think time", GrowThinkTime},
};

double Elasticity(double before, double after) {
  return std::log(after / before) / std::log(kFactor);
}

struct Answer {
  double limit = 0;
  std::vector<double> p95;  // per replication, seconds
};

absl::StatusOr<Answer> Ask(const Experiment& experiment, const RunOptions& options, bool simulate) {
  const auto compiled = CompileExperiment(experiment, options);
  if (!compiled.ok()) return compiled.status();
  Answer answer;
  answer.limit =
      ComputeBounds(compiled->workload, compiled->system, options.fixed_pods).MaxThroughput();
  if (!simulate) return answer;
  const auto replications = RunReplications(compiled->workload, compiled->system, options);
  if (!replications.ok()) return replications.status();
  for (const ReplicationResult& replication : *replications) {
    model::Histogram response;
    for (const OperationStats& stats : replication.operations) response.Merge(stats.response);
    answer.p95.push_back(static_cast<double>(response.Quantile(0.95)) * 1e-9);
  }
  return answer;
}

void CompareTails(const Answer& before, const Answer& after, Sensitivity* sensitivity) {
  std::vector<double> elasticities;
  for (size_t i = 0; i < std::min(before.p95.size(), after.p95.size()); ++i) {
    if (before.p95[i] <= 0 || after.p95[i] <= 0) continue;
    elasticities.push_back(Elasticity(before.p95[i], after.p95[i]));
  }
  if (elasticities.empty()) return;
  const Interval interval = MeanInterval(elasticities);
  sensitivity->simulated = true;
  sensitivity->p95_elasticity = interval.mean;
  sensitivity->p95_error = interval.half_width;
}

}  // namespace

absl::StatusOr<std::vector<Sensitivity>> SensitivityToInputs(const Experiment& experiment,
                                                             const RunOptions& options,
                                                             uint32_t pods, bool simulate) {
  RunOptions base = options;
  base.fixed_pods = pods;
  {  // The users and think time in force, so that both can grow.
    const auto compiled = CompileExperiment(experiment, base);
    if (!compiled.ok()) return compiled.status();
    base.users = compiled->workload.users;
    base.think_time_seconds = compiled->workload.mean_think_seconds;
  }
  const auto before = Ask(experiment, base, simulate);
  if (!before.ok()) return before.status();
  std::vector<Sensitivity> list;
  for (const Change& change : kChanges) {
    Experiment changed = experiment;
    RunOptions changed_options = base;
    if (!change.apply(&changed, &changed_options)) continue;
    const auto after = Ask(changed, changed_options, simulate);
    if (!after.ok()) return after.status();
    Sensitivity sensitivity;
    sensitivity.input = change.input;
    sensitivity.limit_elasticity = Elasticity(before->limit, after->limit);
    CompareTails(*before, *after, &sensitivity);
    list.push_back(sensitivity);
  }
  return list;
}

}  // namespace simulator
