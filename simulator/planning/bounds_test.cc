#include "simulator/planning/bounds.h"

#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"
#include "simulator/planning/experiment.h"
#include "simulator/planning/resting_pods.h"

namespace simulator {
namespace {

CompiledExperiment CompileInputs(const TestInputs& inputs) {
  const auto compiled =
      CompileExperiment({inputs.scenario, inputs.deployment, inputs.profile, ""}, inputs.options);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *compiled;
}

TEST(BoundsTest, OneStationByHand) {
  const CompiledExperiment bare = CompileInputs(TestInputs::Bare(100, 1.0, 0.020, 0.010));
  const Bounds bounds = ComputeBounds(bare.workload, bare.system, 1);
  ASSERT_EQ(bounds.resources.size(), 3u);
  EXPECT_EQ(bounds.resources[0].name, "server_cpu");
  EXPECT_EQ(bounds.resources[1].name, "database_cpu");
  EXPECT_NEAR(bounds.MaxThroughput(), 50, 1e-6);
  EXPECT_NEAR(bounds.unloaded_seconds, 0.030, 1e-6);
  EXPECT_NEAR(bounds.Knee(), 1.03 * 50, 1e-3);
  EXPECT_NEAR(bounds.Throughput(10), 10 / 1.03, 1e-4);
  EXPECT_NEAR(bounds.Response(100), 1.0, 1e-6);
  EXPECT_NEAR(bounds.ThinkAtKnee(100), 2.0 - 0.030, 1e-6);
}

// Two PgBouncer processes with 4 server connections each, 50 us of their threads a transaction.
TEST(BoundsTest, APoolerByHand) {
  TestInputs inputs = TestInputs::Bare(100, 1.0, 0.001, 0.010);
  model::Database& database = *inputs.deployment.mutable_database();
  database.set_cores_millicores(64000);
  database.set_pooler("transaction");
  database.set_pooler_processes(2);
  database.set_pooler_pool_size(4);
  inputs.profile.mutable_database()->set_pooler_query_seconds(50e-6);
  const CompiledExperiment bare = CompileInputs(inputs);
  const Bounds bounds = ComputeBounds(bare.workload, bare.system, 1);
  EXPECT_EQ(bounds.connections_asked, 8u);
  EXPECT_NEAR(bounds.MaxThroughput(), 8 / 0.010, 1e-6);  // server connections
  EXPECT_NEAR(bounds.unloaded_seconds, 0.011 + 50e-6, 1e-6);
  for (const ResourceBound& resource : bounds.resources) {
    if (resource.name == "pooler_cpu") {
      EXPECT_NEAR(resource.limit(), 2 / 50e-6, 1e-3);
    }
  }
}

TEST(BoundsTest, SimulationStaysInside) {
  for (uint64_t users : {5000, 60000, 400000}) {
    TestInputs inputs = TestInputs::FromFiles();
    inputs.options.users = users;
    inputs.options.ramp_seconds = 0;
    inputs.options.duration_seconds = 12;
    inputs.options.settle_seconds = 4;
    inputs.options.replications = 1;
    const CompiledExperiment compiled = CompileInputs(inputs);
    const Bounds bounds = BoundsAtRest(compiled.workload, compiled.system, users);
    EXPECT_EQ(bounds.pods, 5u);
    const auto result = inputs.Predict();
    ASSERT_TRUE(result.ok()) << result.status();
    const double throughput = QuantityOf(*result, "throughput_per_second");
    EXPECT_LT(throughput, bounds.Throughput(static_cast<double>(users)) * 1.02) << users;
    if (users == 5000) {
      EXPECT_GT(throughput, bounds.Throughput(static_cast<double>(users)) * 0.98);
      EXPECT_GT(QuantityOf(*result, "mean_ms"), bounds.unloaded_seconds * 1000 * 0.98);
    }
    // The demand law at the busiest resources.
    if (users == 400000) continue;
    for (const ResourceBound& resource : bounds.resources) {
      if (resource.name != "server_cpu" && resource.name != "redis_shard_max") continue;
      EXPECT_NEAR(ResourceOf(*result, resource.name).utilisation(), throughput / resource.limit(),
                  0.03)
          << resource.name;
    }
  }
}

TEST(BoundsTest, PodsFollowTheCpuTarget) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.fixed_pods = 0;
  const CompiledExperiment compiled = CompileInputs(inputs);
  EXPECT_EQ(ExpectedPods(compiled.workload, compiled.system, 1), 5u);
  EXPECT_EQ(ExpectedPods(compiled.workload, compiled.system, 1e9), 100u);
  const double demand =
      ComputeBounds(compiled.workload, compiled.system, 5).resources.front().demand_seconds;
  EXPECT_GT(demand, 0);
  EXPECT_EQ(MostPods(compiled.system), 100u);
}

// With cached values of 30 s a run of a minute sees the cold cache, the first expiries, and a hit
// rate that follows what saturation lets through: the bound must follow it too.
TEST(BoundsTest, MissesFollowTheCache) {
  TestInputs inputs = TestInputs::FromFiles();
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    if (demand.cacheable()) demand.set_cache_ttl_seconds(30);
  }
  inputs.deployment.mutable_database()->set_cores_millicores(500);
  inputs.options.clinics = 20;
  inputs.options.ramp_seconds = 0;
  inputs.options.replications = 1;
  double last_demand = 0;
  for (double settle : {1.0, 60.0}) {
    for (uint64_t users : {2000, 40000}) {
      inputs.options.users = users;
      inputs.options.settle_seconds = settle;
      inputs.options.duration_seconds = settle + 25;
      const CompiledExperiment compiled = CompileInputs(inputs);
      const Bounds bounds = ComputeBounds(compiled.workload, compiled.system, 5);
      const auto result = inputs.Predict();
      ASSERT_TRUE(result.ok()) << result.status();
      const double throughput = QuantityOf(*result, "throughput_per_second");
      EXPECT_LT(throughput, bounds.Throughput(static_cast<double>(users)) * 1.02)
          << users << " users, settle " << settle;
      if (settle != 60.0) continue;
      for (const ResourceBound& resource : bounds.resources) {
        if (resource.name != "database_cpu") continue;
        if (users == 2000) {
          last_demand = resource.demand_seconds;
        } else {
          EXPECT_LT(resource.demand_seconds, last_demand);  // more requests, more hits
        }
      }
    }
  }
  EXPECT_GT(last_demand, 0);
}

}  // namespace
}  // namespace simulator
