#include <cmath>

#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

model::Result MustPredict(const TestInputs& inputs) {
  auto result = inputs.Predict();
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? std::move(*result) : model::Result();
}

double CpuPerRequest(const model::Result& result) {
  return QuantityOf(result, "server_cpu_cores") / QuantityOf(result, "throughput_per_second");
}

// Server demand 1 ms, a wake-up 0.5 ms, 10 s of thinking: about Poisson with users / 10 s.
TestInputs Sleepy(uint64_t users) {
  TestInputs inputs = TestInputs::Bare(users, 10, 0.001, 0);
  inputs.options.duration_seconds = 300;
  inputs.options.replications = 2;
  inputs.profile.mutable_wake_ups()->mutable_server_seconds()->set_mean(0.0005);
  return inputs;
}

// The busy share u = x (d + w (1 - u)), as a request finds the worker idle with 1 - u (arrivals see
// time averages): u = x (d + w) / (1 + x w).
TEST(WakeUpsTest, TheBusyShareIsThatOfAnExceptionalFirstService) {
  for (uint64_t users : {1000u, 5000u, 8000u}) {
    const model::Result result = MustPredict(Sleepy(users));
    const double rate = QuantityOf(result, "throughput_per_second");
    const double busy = rate * 0.0015 / (1 + rate * 0.0005);
    EXPECT_NEAR(QuantityOf(result, "server_cpu_cores"), busy, 0.01 * busy) << users;
    EXPECT_NEAR(QuantityOf(result, "wake_ups_per_request"), 1 - busy, 0.02) << users;
  }
}

// One user: each sleep is its think time, an exponential cut at `longest`, so of mean
// think x (1 - exp(-longest / think)).
TEST(WakeUpsTest, ALongerSleepCostsMoreUpToALimit) {
  TestInputs inputs = Sleepy(1);
  inputs.scenario.mutable_think_time()->mutable_exponential()->set_mean_seconds(0.1);
  inputs.options.duration_seconds = 2000;
  inputs.profile.mutable_wake_ups()->set_server_per_slept_second(0.02);
  inputs.profile.mutable_wake_ups()->set_server_longest_sleep_seconds(0.05);
  const double slept = 0.1 * (1 - std::exp(-0.5));
  EXPECT_NEAR(CpuPerRequest(MustPredict(inputs)), 0.0015 + 0.02 * slept, 3e-5);
}

TEST(WakeUpsTest, ABackendsLongerSleepCostsMoreUpToALimit) {
  TestInputs inputs = TestInputs::Bare(1, 0.1, 0, 0.002);
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(1);
  inputs.options.duration_seconds = 2000;
  inputs.profile.mutable_wake_ups()->set_database_per_slept_second(0.02);
  inputs.profile.mutable_wake_ups()->set_database_longest_sleep_seconds(0.05);
  const double slept = 0.1 * (1 - std::exp(-0.5));
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(
      QuantityOf(result, "database_cpu_cores") / QuantityOf(result, "throughput_per_second"),
      0.002 + 0.02 * slept, 4e-5);
}

TEST(WakeUpsTest, MoreLoadNeverRaisesTheDemand) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.fixed_pods = 1;
  inputs.profile.mutable_wake_ups()->mutable_server_seconds()->set_mean(40e-6);
  inputs.profile.mutable_wake_ups()->mutable_server_turn_seconds()->set_mean(5e-6);
  inputs.profile.mutable_wake_ups()->mutable_database_seconds()->set_mean(60e-6);
  double before = 1;
  for (uint64_t users : {500u, 2000u, 8000u, 16000u, 40000u}) {
    inputs.options.users = users;
    const double now = CpuPerRequest(MustPredict(inputs));
    EXPECT_LT(now, before * 1.01) << users;
    before = now;
  }
}

TEST(WakeUpsTest, ASaturatedWorkerIsSparedAllOfThem) {
  TestInputs inputs = Sleepy(12000);
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), 1000, 10);
  EXPECT_NEAR(CpuPerRequest(result), 0.001, 1e-5);
}

TEST(WakeUpsTest, TheDatabasePaysForASleepingBackendOnly) {
  TestInputs inputs = TestInputs::Bare(1, 1, 0, 0.002);
  inputs.profile.mutable_wake_ups()->mutable_database_seconds()->set_mean(0.001);
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "mean_ms"), 3, 0.15);
  // One connection, always busy, spares it: capacity 500 segments/s, not 333.
  inputs.options.users = 2000;
  inputs.options.duration_seconds = 100;
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(1);
  inputs.deployment.mutable_workloads(0)->set_pipeline_depth(4096);
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "throughput_per_second"), 500, 10);
}

TEST(WakeUpsTest, TheClientsRoundTripIsPartOfEveryResponse) {
  TestInputs inputs = TestInputs::Bare(1, 1, 0.002, 0);
  inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_scv(0);
  const double without = QuantityOf(MustPredict(inputs), "mean_ms");
  inputs.profile.set_client_round_trip_seconds(0.003);
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "mean_ms"), without + 3, 1e-6);
}

TEST(WakeUpsTest, BadProfilesAreNamed) {
  TestInputs inputs = Sleepy(10);
  inputs.profile.mutable_wake_ups()->mutable_server_seconds()->set_mean(-1);
  EXPECT_NE(inputs.Predict().status().message().find("wake_ups: negative demand"),
            std::string::npos);
  inputs = Sleepy(10);
  inputs.profile.mutable_database()->add_flush_quantile_seconds(2);
  inputs.profile.mutable_database()->add_flush_quantile_seconds(1);
  EXPECT_NE(inputs.Predict().status().message().find("flush_quantile_seconds: expected ascending"),
            std::string::npos);
}

}  // namespace
}  // namespace simulator
