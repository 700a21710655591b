#include "simulator/planning/load_estimate.h"

#include "gtest/gtest.h"
#include "simulator/analytic/closed_networks.h"
#include "simulator/engine/test_inputs.h"
#include "simulator/planning/experiment.h"
#include "simulator/planning/resting_pods.h"
#include "simulator/planning/station_load.h"

namespace simulator {
namespace {

CompiledExperiment CompileInputs(const TestInputs& inputs) {
  const auto compiled =
      CompileExperiment({inputs.scenario, inputs.deployment, inputs.profile, ""}, inputs.options);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *compiled;
}

LoadEstimate Estimate(const TestInputs& inputs, uint32_t pods) {
  const CompiledExperiment compiled = CompileInputs(inputs);
  return EstimateLoad(compiled.workload, compiled.system, pods);
}

// Two single servers in a row: within a few percent of the exact solution by convolution, and
// exact for one user.
TEST(LoadEstimateTest, IsNearTheExactClosedNetwork) {
  for (int64_t users : {1, 10, 30, 60, 100, 200}) {
    const auto exact = analytic::SolveClosedNetwork(users, 1.0, {{0.020, 1}, {0.010, 1}});
    ASSERT_TRUE(exact.ok());
    const LoadEstimate estimate =
        Estimate(TestInputs::Bare(static_cast<uint64_t>(users), 1.0, 0.020, 0.010), 1);
    EXPECT_NEAR(estimate.throughput, exact->x, 0.04 * exact->x) << users;
    EXPECT_NEAR(estimate.response_seconds, exact->r, 0.2 * exact->r) << users;
    if (users == 1) {
      EXPECT_NEAR(estimate.response_seconds, 0.030, 1e-6);
    }
  }
}

// One worker with four connections to four cores: M/M/4 at the database.
TEST(LoadEstimateTest, ConnectionsWaitByErlangC) {
  TestInputs inputs = TestInputs::Bare(700, 10.0, 0, 0.050);
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(4);
  inputs.deployment.mutable_database()->set_cores_millicores(4000);
  const auto exact = analytic::SolveRepairman(700, 10.0, 0.050, 4);
  ASSERT_TRUE(exact.ok());
  const LoadEstimate estimate = Estimate(inputs, 1);
  EXPECT_NEAR(estimate.throughput, exact->x, 0.01 * exact->x);
  EXPECT_NEAR(estimate.response_seconds, exact->r, 0.05 * exact->r);
  EXPECT_NEAR(estimate.Find("database_pool")->utilisation, exact->rho, 0.01);
}

TEST(LoadEstimateTest, AnExceptionalFirstServiceByHand) {
  EventLoopStation station;
  station.rate = station.seen_rate = 500;
  station.work = 0.001;
  station.second_moment = 2e-6;
  station.wake_up = 0.0005;
  const EventLoopLoad load = Load(station);
  const double busy = 500 * 0.0015 / (1 + 500 * 0.0005);
  EXPECT_NEAR(load.busy, busy, 1e-9);
  EXPECT_NEAR(load.wake_ups, 1 - busy, 1e-9);
  EXPECT_NEAR(load.service, 0.001 + 0.0005 * (1 - busy), 1e-9);
  // Pollaczek and Khinchine's wait, and Welch's part for who comes after a longer first.
  EXPECT_NEAR(load.wait, 500 * 2e-6 / 2 / 0.5 + 500 * (1e-6 + 0.25e-6) / 2 / 1.25, 1e-9);
}

TEST(LoadEstimateTest, AGroupSharesItsFlush) {
  EXPECT_NEAR(LoadOfGroup(1e-6, 0.01).response, 0.01, 1e-6);
  const GroupLoad busy = LoadOfGroup(1e4, 0.01);  // 100 in each, and the next waits half a flush
  EXPECT_NEAR(busy.batch, 100, 1e-6);
  EXPECT_NEAR(busy.response, 0.015, 1e-6);
}

// What `explain` prints against runs, with wake-ups of workers and backends, at 8 %, 35 % and 80 %
// of the CPU and beyond it.
TEST(LoadEstimateTest, UtilisationWithWakeUpsIsThatOfARun) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.fixed_pods = 2;
  inputs.options.ramp_seconds = 0;
  inputs.options.settle_seconds = 4;
  inputs.options.duration_seconds = 14;
  inputs.options.think_time_seconds = 2;
  inputs.deployment.mutable_database()->set_cores_millicores(4000);
  inputs.profile.mutable_wake_ups()->mutable_server_seconds()->set_mean(40e-6);
  inputs.profile.mutable_wake_ups()->mutable_database_seconds()->set_mean(60e-6);
  for (uint64_t users : {2000u, 20000u, 60000u, 120000u}) {
    inputs.options.users = users;
    const LoadEstimate estimate = Estimate(inputs, 2);
    const auto result = inputs.Predict();
    ASSERT_TRUE(result.ok()) << result.status();
    const double throughput = QuantityOf(*result, "throughput_per_second");
    const double mean = QuantityOf(*result, "mean_ms") / 1000;
    EXPECT_NEAR(estimate.throughput, throughput, 0.02 * throughput) << users;
    EXPECT_NEAR(estimate.response_seconds, mean, 0.07 * mean) << users;
    EXPECT_NEAR(estimate.wake_ups, QuantityOf(*result, "wake_ups_per_request"), 0.05) << users;
    for (const char* name : {"server_cpu", "database_cpu", "redis_shard_max"}) {
      const double simulated = ResourceOf(*result, name).utilisation();
      EXPECT_NEAR(estimate.Find(name)->utilisation, simulated, 0.05 * simulated)
          << name << " at " << users;
    }
  }
}

// A database that could not do the work if every segment woke its backend, and can when they wait
// for each other: it settles between, all cores busy.
TEST(LoadEstimateTest, WaitingSparesTheDatabaseItsWakeUps) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.fixed_pods = 4;
  inputs.options.ramp_seconds = 0;
  inputs.options.settle_seconds = 2;
  inputs.options.duration_seconds = 6;
  inputs.options.think_time_seconds = 2;
  inputs.options.users = 80000;
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(8);
  inputs.deployment.mutable_database()->set_cores_millicores(3000);
  inputs.profile.mutable_wake_ups()->mutable_database_seconds()->set_mean(60e-6);
  const LoadEstimate estimate = Estimate(inputs, 4);
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  const double throughput = QuantityOf(*result, "throughput_per_second");
  EXPECT_NEAR(estimate.throughput, throughput, 0.02 * throughput);
  EXPECT_NEAR(estimate.Find("database_cpu")->utilisation,
              ResourceOf(*result, "database_cpu").utilisation(), 0.05);
}

}  // namespace
}  // namespace simulator
