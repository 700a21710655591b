#include <cmath>

#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"
#include "simulator/statistics/interval.h"

// The whole engine against closed forms: no part of the path may add or lose time.
namespace simulator {
namespace {

void ExpectRepairman(const TestInputs& inputs, int users, double think, double service,
                     int servers) {
  const auto replications = inputs.Run();
  ASSERT_TRUE(replications.ok()) << replications.status();
  std::vector<double> throughput, response;
  for (const ReplicationResult& replication : *replications) {
    const OperationStats& stats = replication.operations[0];
    throughput.push_back(static_cast<double>(stats.outcomes[kOk]) /
                         ToSeconds(replication.measured_to - replication.measured_from));
    response.push_back(stats.response.mean() * 1e-9);
  }
  const auto [x, r] = Repairman(users, think, service, servers);
  // 1.8 half-widths of a 95 % interval with 3 degrees of freedom is about a 99 % interval.
  const Interval simulated_x = MeanInterval(throughput);
  const Interval simulated_r = MeanInterval(response);
  EXPECT_NEAR(simulated_x.mean, x, 1.8 * simulated_x.half_width + 1e-9);
  EXPECT_NEAR(simulated_r.mean, r, 1.8 * simulated_r.half_width);
  EXPECT_NEAR(simulated_r.mean, r, 0.02 * r);
}

TEST(OracleTest, OneWorkerIsMM1OverN) {
  for (double service : {0.012, 0.02}) {  // below and at saturation
    ExpectRepairman(TestInputs::Bare(50, 1.0, service, 0), 50, 1.0, service, 1);
  }
}

// With per-request balancing users are counts; the same closed form, and the same as with records.
TEST(OracleTest, UsersAsCountsAreMM1OverN) {
  TestInputs inputs = TestInputs::Bare(50, 1.0, 0.016, 0);
  model::Service& service = *inputs.deployment.add_services();
  service.add_workloads("api");
  service.set_balancing("per_request");
  for (const bool counts : {true, false}) {
    inputs.options.count_users = counts;
    ExpectRepairman(inputs, 50, 1.0, 0.016, 1);
  }
}

TEST(OracleTest, DatabaseCoresAreMMcOverN) {
  TestInputs inputs = TestInputs::Bare(120, 1.0, 0, 0.03);
  inputs.deployment.mutable_database()->set_cores_millicores(4000);
  ExpectRepairman(inputs, 120, 1.0, 0.03, 4);
}

// A worker's queue that is open in effect: many users, long think times. M/M/1: R = S / (1 - rho),
// P(R > t) = exp(-t / R), so p95 = R ln 20.
TEST(OracleTest, ManyUsersMakeMM1) {
  TestInputs inputs = TestInputs::Bare(20000, 400.0, 0.01, 0);
  inputs.options.duration_seconds = 4000;
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  const double rho = QuantityOf(*result, "throughput_per_second") * 0.01;
  EXPECT_NEAR(QuantityOf(*result, "throughput_per_second"), 50, 0.7);
  const double mean = 10 / (1 - rho);
  EXPECT_NEAR(QuantityOf(*result, "mean_ms"), mean, 0.03 * mean);
  EXPECT_NEAR(QuantityOf(*result, "p95_ms"), mean * std::log(20.0), 0.04 * mean * std::log(20.0));
  EXPECT_NEAR(ResourceOf(*result, "server_cpu").utilisation(), rho, 0.01);
}

// A limit of half a core. With a very short period it is a CPU of half the speed; with a long one
// and little load, requests find the CPU at its full speed.
TEST(OracleTest, AShortLimitPeriodIsASlowerCpu) {
  TestInputs inputs = TestInputs::Bare(20000, 1000.0, 0.01, 0);
  inputs.options.duration_seconds = 3000;
  inputs.deployment.mutable_workloads(0)->set_limit_millicores(500);
  inputs.deployment.mutable_workloads(0)->set_limit_period_seconds(0.001);
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  const double rho = QuantityOf(*result, "throughput_per_second") * 0.02;
  const double mean = 20 / (1 - rho);
  EXPECT_NEAR(QuantityOf(*result, "mean_ms"), mean, 0.04 * mean);
  EXPECT_NEAR(QuantityOf(*result, "server_cpu_cores"), rho / 2, 0.005);
}

TEST(OracleTest, ALongLimitPeriodLetsQuietPodsRunAtFullSpeed) {
  TestInputs inputs = TestInputs::Bare(100, 100.0, 0.001, 0);
  inputs.options.duration_seconds = 3000;
  inputs.deployment.mutable_workloads(0)->set_limit_millicores(500);
  inputs.deployment.mutable_workloads(0)->set_limit_period_seconds(0.1);
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NEAR(QuantityOf(*result, "mean_ms"), 1, 0.06);
}

// Delay stations are insensitive: with a lognormal think time (timing wheel) of the same mean the
// throughput of exponential service is the same.
TEST(OracleTest, ThinkTimesLawDoesNotMatterForTheMean) {
  TestInputs inputs = TestInputs::Bare(50, 1.0, 0, 0.012);
  model::Distribution& law = *inputs.scenario.mutable_think_time();
  law.mutable_lognormal()->set_median_seconds(std::exp(-0.5 * 0.8 * 0.8));
  law.mutable_lognormal()->set_p95_seconds(std::exp(-0.5 * 0.8 * 0.8 + 1.6448536 * 0.8));
  ExpectRepairman(inputs, 50, 1.0, 0.012, 1);
}

}  // namespace
}  // namespace simulator
