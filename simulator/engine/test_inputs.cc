#include "simulator/engine/test_inputs.h"

#include <algorithm>
#include <cmath>

#include "gtest/gtest.h"
#include "model/io.h"
#include "model/kubernetes/deployment_loader.h"
#include "model/scenario_loader.h"
#include "simulator/engine/prediction.h"
#include "simulator/engine/replications.h"

namespace simulator {
namespace {

constexpr char kFolder[] = "simulator/engine/testdata/";

template <typename T>
T Must(absl::StatusOr<T> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? std::move(*value) : T();
}

}  // namespace

TestInputs TestInputs::FromFiles(const std::string& prefix) {
  const std::string folder = kFolder + prefix;
  TestInputs inputs;
  inputs.scenario = Must(model::LoadScenario(folder + "scenario.yaml"));
  inputs.deployment = Must(model::LoadDeployment(folder + "deployment.yaml"));
  inputs.profile = Must(model::ReadJson<model::Profile>(folder + "profile.json"));
  if (!prefix.empty()) return inputs;
  inputs.options.ramp_seconds = 10;
  inputs.options.duration_seconds = 60;
  inputs.options.fixed_pods = 5;
  inputs.options.replications = 2;
  return inputs;
}

TestInputs TestInputs::Bare(uint64_t users, double think, double server, double database) {
  TestInputs inputs;
  inputs.scenario.set_name("bare");
  inputs.scenario.mutable_users()->set_model(model::Users::CLOSED);
  model::Journey& journey = *inputs.scenario.add_journeys();
  journey.set_name("only");
  journey.set_weight(1);
  model::Step& step = *journey.add_steps();
  step.set_operation("work");
  step.set_probability(1);
  step.mutable_request()->set_method("GET");
  inputs.scenario.mutable_think_time()->mutable_exponential()->set_mean_seconds(think);

  model::Workload& api = *inputs.deployment.add_workloads();
  api.set_name("api");
  api.set_role("api");
  api.set_replicas(1);
  api.set_workers(1);
  api.set_limit_millicores(1000);
  api.set_request_millicores(1000);
  api.set_connections_per_worker(static_cast<uint32_t>(users));
  api.set_pipeline_depth(1);
  inputs.deployment.mutable_database()->set_cores_millicores(1000);
  inputs.deployment.mutable_database()->set_max_connections(100000);

  model::OperationDemand& work = *inputs.profile.add_operations();
  work.set_operation("work");
  work.mutable_server_cpu_seconds()->set_mean(server);
  work.mutable_server_cpu_seconds()->set_scv(1);
  work.mutable_database_cpu_seconds()->set_mean(database);
  work.mutable_database_cpu_seconds()->set_scv(1);
  work.mutable_database_round_trips()->set_mean(database > 0 ? 1 : 0);

  inputs.options.users = users;
  inputs.options.ramp_seconds = 0;
  inputs.options.duration_seconds = 1000;
  inputs.options.settle_seconds = 50;
  inputs.options.replications = 4;
  return inputs;
}

void TestInputs::CacheByClinic(double ttl_seconds) {
  model::RedisCluster& redis = *deployment.add_redis();
  redis.set_name("cache");
  redis.set_role("cache");
  redis.set_masters(1);
  model::OperationDemand& demand = *profile.mutable_operations(0);
  demand.set_cacheable(true);
  demand.set_cache_ttl_seconds(ttl_seconds);
  demand.mutable_redis_commands()->set_mean(1);
  profile.mutable_redis()->set_command_seconds(1e-9);
  auto& feeder = (*scenario.mutable_feeders())["clinic"];
  feeder.set_entity("clinic");
  feeder.set_pick(model::Feeder::UNIFORM);
  scenario.mutable_journeys(0)->mutable_steps(0)->mutable_request()->set_path(
      "/clinics/${clinic.id}");
}

absl::StatusOr<std::vector<ReplicationResult>> TestInputs::Run() const {
  const absl::StatusOr<Workload> workload = Workload::Compile(scenario, options);
  if (!workload.ok()) return workload.status();
  const absl::StatusOr<SystemModel> system =
      SystemModel::Compile(scenario, *workload, deployment, profile, options);
  if (!system.ok()) return system.status();
  return RunReplications(*workload, *system, options);
}

absl::StatusOr<model::Result> TestInputs::Predict() const {
  const absl::StatusOr<Workload> workload = Workload::Compile(scenario, options);
  if (!workload.ok()) return workload.status();
  const absl::StatusOr<SystemModel> system =
      SystemModel::Compile(scenario, *workload, deployment, profile, options);
  if (!system.ok()) return system.status();
  const auto replications = RunReplications(*workload, *system, options);
  if (!replications.ok()) return replications.status();
  return BuildPrediction({scenario, deployment, profile}, *workload, *system, options,
                         *replications);
}

double QuantityOf(const model::Result& result, const std::string& name) {
  for (const model::Quantity& quantity : result.quantities()) {
    if (quantity.name() == name) return quantity.value();
  }
  ADD_FAILURE() << "no quantity " << name;
  return std::nan("");
}

const model::ResourceUse& ResourceOf(const model::Result& result, const std::string& name) {
  for (const model::ResourceUse& use : result.resources()) {
    if (use.name() == name) return use;
  }
  ADD_FAILURE() << "no resource " << name;
  return result.resources(0);
}

std::pair<double, double> Repairman(int users, double think, double service, int servers) {
  // Birth and death of the number at the station, relative weights in log space.
  std::vector<double> weight(static_cast<size_t>(users) + 1, 0);
  double most = 0;
  for (int k = 1; k <= users; ++k) {
    weight[static_cast<size_t>(k)] = weight[static_cast<size_t>(k) - 1] +
                                     std::log((users - k + 1) / think) -
                                     std::log(std::min(k, servers) / service);
    most = std::max(most, weight[static_cast<size_t>(k)]);
  }
  double sum = 0;
  double number = 0;
  for (int k = 0; k <= users; ++k) {
    const double p = std::exp(weight[static_cast<size_t>(k)] - most);
    sum += p;
    number += p * k;
  }
  number /= sum;
  const double throughput = (users - number) / think;
  return {throughput, number / throughput};
}

}  // namespace simulator
