#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

model::Result MustPredict(const TestInputs& inputs) {
  auto result = inputs.Predict();
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? std::move(*result) : model::Result();
}

// 50 workers, each next to idle, 1 ms of CPU a request, on one machine of `cores`.
TestInputs ManyWorkers(double cores, double requests_per_second) {
  TestInputs inputs =
      TestInputs::Bare(static_cast<uint64_t>(20 * requests_per_second), 20, 0.001, 0);
  inputs.deployment.mutable_workloads(0)->set_workers(50);
  inputs.deployment.mutable_workloads(0)->set_limit_millicores(50000);
  inputs.deployment.mutable_host()->set_cores(cores);
  inputs.options.duration_seconds = 200;
  inputs.options.replications = 2;
  return inputs;
}

// Processor sharing on one core: S / (1 - rho).
TEST(SharedHostTest, OneCoreHasTheMeanOfProcessorSharing) {
  for (double rate : {200.0, 500.0, 700.0}) {
    const model::Result result = MustPredict(ManyWorkers(1, rate));
    const double rho = QuantityOf(result, "throughput_per_second") * 0.001;
    EXPECT_NEAR(QuantityOf(result, "mean_ms"), 1 / (1 - rho), 0.05 / (1 - rho)) << rate;
    EXPECT_NEAR(QuantityOf(result, "server_cpu_cores"), rho, 0.01);
  }
}

// Processor sharing on two cores: S / (1 - rho^2), rho per core.
TEST(SharedHostTest, TwoCoresComeNearTheMeanOfProcessorSharing) {
  for (double rate : {600.0, 1200.0}) {
    const model::Result result = MustPredict(ManyWorkers(2, rate));
    const double rho = QuantityOf(result, "throughput_per_second") * 0.001 / 2;
    const double exact = 1 / (1 - rho * rho);
    EXPECT_NEAR(QuantityOf(result, "mean_ms"), exact, 0.1 * exact) << rate;
  }
}

// A machine of one core gives a database of four no more than one.
TEST(SharedHostTest, TheDatabaseGetsNoMoreThanTheMachineHas) {
  TestInputs inputs = TestInputs::Bare(20, 0.01, 0, 0.001);
  inputs.deployment.mutable_database()->set_cores_millicores(4000);
  inputs.deployment.mutable_host()->set_cores(1);
  inputs.options.duration_seconds = 100;
  const auto [throughput, response] = Repairman(20, 0.01, 0.001, 1);
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), throughput, 0.03 * throughput);
  EXPECT_LE(QuantityOf(result, "database_cpu_cores"), 1.001);
}

// The worker's limit lets 50 requests/s through, for which the database's one backend needs three
// quarters of the one core. The worker has a backlog and stands still for most of each period; were
// it runnable then, the backend would have half of the core.
TEST(SharedHostTest, WhoIsThrottledTakesNoCore) {
  TestInputs inputs = TestInputs::Bare(200, 0.1, 0.001, 0.015);
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_connections_per_worker(1);
  api.set_limit_millicores(50);
  api.set_limit_period_seconds(0.1);
  inputs.deployment.mutable_host()->set_cores(1);
  inputs.options.duration_seconds = 200;
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "throughput_per_second"), 50, 1);
}

TEST(SharedHostTest, WhoSleptWaitsToBeScheduled) {
  TestInputs inputs = TestInputs::Bare(1, 1, 0.002, 0);
  inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_scv(0);
  inputs.profile.mutable_wake_ups()->set_scheduling_seconds(0.0005);
  const double alone = QuantityOf(MustPredict(inputs), "mean_ms");
  inputs.deployment.mutable_host()->set_cores(2);
  // The load generator is woken to send, the worker to answer.
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "mean_ms"), alone + 1, 1e-3);
  // The generator's CPU for sending is half of what it needs.
  inputs.profile.set_client_cpu_seconds(0.0004);
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "mean_ms"), alone + 1.2, 1e-3);
}

TEST(SharedHostTest, BadInputIsNamed) {
  TestInputs inputs = ManyWorkers(0, 100);
  EXPECT_NE(inputs.Predict().status().message().find("host.cores: expected above 0"),
            std::string::npos)
      << inputs.Predict().status();
  inputs = ManyWorkers(2, 100);
  inputs.deployment.mutable_nodes()->set_count(3);
  EXPECT_NE(inputs.Predict().status().message().find("host: one machine for everything"),
            std::string::npos);
  inputs = ManyWorkers(2, 100);
  inputs.profile.set_client_cpu_seconds(-1);
  EXPECT_NE(inputs.Predict().status().message().find("client_cpu_seconds"), std::string::npos);
}

}  // namespace
}  // namespace simulator
