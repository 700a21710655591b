#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/io.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

using ::testing::HasSubstr;

model::Result MustPredict(const TestInputs& inputs) {
  auto result = inputs.Predict();
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? std::move(*result) : model::Result();
}

uint64_t OutcomeOf(const model::Result& result, const std::string& name) {
  const auto it = result.total().outcomes().find(name);
  return it == result.total().outcomes().end() ? 0 : it->second;
}

TEST(EngineTest, TheSameSeedGivesTheSameBytesForAnyNumberOfThreads) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.replications = 3;
  inputs.options.duration_seconds = 20;
  std::string first;
  for (uint32_t threads : {1u, 2u, 3u}) {
    inputs.options.threads = threads;
    const auto json = model::ToJson(MustPredict(inputs));
    ASSERT_TRUE(json.ok());
    if (first.empty()) first = *json;
    EXPECT_TRUE(*json == first) << threads;
  }
  inputs.options.seed = 2;
  EXPECT_FALSE(*model::ToJson(MustPredict(inputs)) == first);
}

TEST(EngineTest, AQuietSystemAnswersEverybody) {
  const model::Result result = MustPredict(TestInputs::FromFiles());
  EXPECT_EQ(QuantityOf(result, "error_rate"), 0);
  EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), 1000, 40);
  EXPECT_EQ(QuantityOf(result, "pods_end"), 5);
  EXPECT_EQ(QuantityOf(result, "database_connections_max"), 20);
  EXPECT_EQ(result.total().requests(), OutcomeOf(result, "ok"));
  EXPECT_EQ(result.total().response_time().total_count(), result.total().requests());
}

TEST(EngineTest, ConnectionsBeyondTheLimitFailWithPoolExhausted) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.deployment.mutable_database()->set_max_connections(13);  // 10 usable of 20 wanted
  const model::Result result = MustPredict(inputs);
  EXPECT_GT(OutcomeOf(result, "pool_exhausted"), 0u);
  EXPECT_GT(QuantityOf(result, "error_rate"), 0.2);
  EXPECT_EQ(QuantityOf(result, "database_connections_max"), 10);
  bool told = false;
  for (const model::Event& event : result.events()) {
    told |= event.text().find("10 of 10 usable are in use") != std::string::npos;
  }
  EXPECT_TRUE(told);
}

TEST(EngineTest, OverloadEndsInTimeoutsAndTheLawsStillHold) {
  TestInputs inputs = TestInputs::Bare(3000, 1.0, 0.01, 0.001);
  inputs.scenario.mutable_retry()->set_timeout_seconds(2);
  inputs.options.duration_seconds = 120;
  const model::Result result = MustPredict(inputs);
  EXPECT_GT(OutcomeOf(result, "timeout"), 0u);
  EXPECT_GT(QuantityOf(result, "error_rate"), 0.9);
  EXPECT_EQ(result.resources(0).name(), "server_cpu");
  EXPECT_NEAR(result.resources(0).utilisation(), 1, 0.01);
}

// More users than five pods carry: the autoscaler must bring the pods and the errors must end.
TEST(EngineTest, TheAutoscalerFollowsARamp) {
  TestInputs inputs = TestInputs::FromFiles();
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_server_cpu_seconds()->set_mean(0.006);
  }
  inputs.options.fixed_pods = 0;
  inputs.options.think_time_seconds = 5;
  inputs.options.ramp_seconds = 120;
  inputs.options.duration_seconds = 300;
  inputs.options.users = 5000;  // 1000 requests/s, 6 cores, 17.1 pods at 70 % of half a core
  const model::Result result = MustPredict(inputs);
  EXPECT_GE(QuantityOf(result, "pods_end"), 16);
  EXPECT_LE(QuantityOf(result, "pods_end"), 20);
  EXPECT_EQ(QuantityOf(result, "error_rate"), 0);
  int scalings = 0;
  for (const model::Event& event : result.events()) {
    if (event.kind() != "scaling") continue;
    ++scalings;
    EXPECT_THAT(event.text(), HasSubstr("cpu "));
    EXPECT_GT(event.to(), event.from());
  }
  EXPECT_GT(scalings, 1);
}

// A count that does not follow the metrics at once: the timeline says what holds it.
TEST(EngineTest, HeldBackDecisionsAreTold) {
  TestInputs inputs = TestInputs::FromFiles();
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_server_cpu_seconds()->set_mean(0.006);
  }
  inputs.options.fixed_pods = 0;
  inputs.options.think_time_seconds = 5;
  inputs.options.ramp_seconds = 0;
  inputs.options.duration_seconds = 300;
  inputs.options.users = 5000;
  inputs.options.replications = 1;
  const model::Result result = MustPredict(inputs);
  std::string told;
  for (const model::Event& event : result.events()) {
    if (event.kind() != "held" && event.kind() != "scaling") continue;
    told += event.text() + "\n";
    if (event.kind() == "held") {
      EXPECT_EQ(event.from(), event.to());
    }
  }
  EXPECT_THAT(told, HasSubstr("held at"));
  EXPECT_THAT(told, HasSubstr("by the 100 %/30 s policy; stays at 10"));
  EXPECT_THAT(told, HasSubstr("stabilization window"));
  EXPECT_THAT(told, HasSubstr("within tolerance"));
}

TEST(EngineTest, MorePodsNeverServeLess) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.users = 400;
  inputs.options.think_time_seconds = 0.1;  // 4000/s wanted
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_server_cpu_seconds()->set_mean(0.005);
  }
  double before = 0;
  for (uint32_t pods : {1u, 2u, 4u, 8u}) {
    inputs.options.fixed_pods = pods;
    const double now = QuantityOf(MustPredict(inputs), "throughput_per_second");
    EXPECT_GE(now, before * 0.995) << pods;
    before = now;
  }
  EXPECT_GT(before, 2000);
}

TEST(EngineTest, HalfTheDemandIsHalfTheBusyTime) {
  TestInputs inputs = TestInputs::FromFiles();
  const double slow = QuantityOf(MustPredict(inputs), "server_cpu_cores");
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    model::Demand& cpu = *demand.mutable_server_cpu_seconds();
    cpu.set_mean(cpu.mean() / 2);
  }
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "server_cpu_cores"), slow / 2, 0.01 * slow);
}

TEST(EngineTest, ASlowStatementBlocksThePipelineBehindIt) {
  TestInputs inputs = TestInputs::Bare(40, 0.5, 0, 0.01);
  inputs.deployment.mutable_database()->set_cores_millicores(64000);
  inputs.options.duration_seconds = 200;
  const double many = QuantityOf(MustPredict(inputs), "mean_ms");
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(1);
  inputs.deployment.mutable_workloads(0)->set_pipeline_depth(64);
  const double one = QuantityOf(MustPredict(inputs), "mean_ms");
  EXPECT_NEAR(many, 10, 0.3);
  EXPECT_NEAR(one, Repairman(40, 0.5, 0.01, 1).second * 1e3, 2);
}

// Connections stick: after the ramp new pods stay idle with per-connection balancing, and the old
// ones stay hot; an ingress that balances requests spreads them at once.
TEST(EngineTest, StickyConnectionsLeaveNewPodsIdle) {
  TestInputs inputs = TestInputs::FromFiles();
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_server_cpu_seconds()->set_mean(0.0065);
  }
  inputs.options.fixed_pods = 0;
  inputs.options.think_time_seconds = 4;
  inputs.options.ramp_seconds = 0;
  inputs.options.duration_seconds = 240;
  inputs.options.users = 5000;  // 8 cores of the first five pods' 10
  inputs.options.replications = 1;
  const model::Result sticky = MustPredict(inputs);
  inputs.deployment.mutable_services(0)->set_balancing("per_request");
  const model::Result spread = MustPredict(inputs);
  EXPECT_GE(QuantityOf(sticky, "pods_end"), 10);
  EXPECT_GT(QuantityOf(sticky, "mean_ms"), 1.5 * QuantityOf(spread, "mean_ms"));
}

TEST(EngineTest, PodsBeyondTheNodesStayPending) {
  TestInputs inputs = TestInputs::FromFiles();
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_server_cpu_seconds()->set_mean(0.006);
  }
  inputs.options.fixed_pods = 0;
  inputs.options.think_time_seconds = 5;
  inputs.options.users = 5000;
  inputs.options.duration_seconds = 180;
  inputs.options.replications = 1;
  inputs.deployment.mutable_nodes()->set_count(2);
  inputs.deployment.mutable_nodes()->set_millicores(2000);  // four pods of half a core each
  const model::Result result = MustPredict(inputs);
  EXPECT_EQ(QuantityOf(result, "pods_max"), 8);
  bool told = false;
  for (const model::Event& event : result.events()) {
    told |= event.text() == "pending: 0/2 nodes are available: 2 insufficient cpu";
  }
  EXPECT_TRUE(told);
}

TEST(EngineTest, PodsGoAgainWhenTheUsersHaveLeft) {
  TestInputs inputs = TestInputs::FromFiles();
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_server_cpu_seconds()->set_mean(0.006);
  }
  inputs.options = RunOptions();
  inputs.options.replications = 1;
  inputs.options.think_time_seconds = 5;
  inputs.scenario.mutable_users()->clear_stages();
  for (const auto& [users, seconds] : {std::pair{4000, 60}, {4000, 120}, {100, 10}, {100, 700}}) {
    model::Stage& stage = *inputs.scenario.mutable_users()->add_stages();
    stage.set_users(static_cast<uint64_t>(users));
    stage.set_duration_seconds(seconds);
  }
  const model::Result result = MustPredict(inputs);
  EXPECT_GT(QuantityOf(result, "pods_max"), 10);
  EXPECT_LT(QuantityOf(result, "pods_end"), QuantityOf(result, "pods_max"));
  double last = 0;
  for (const model::Event& event : result.events()) {
    if (event.kind() != "scaling" || event.to() > event.from()) continue;
    EXPECT_LE(event.from() - event.to(), 2);  // 2 pods per 60 s
    if (last > 0) {
      EXPECT_GE(event.at_seconds() - last, 55);
    }
    last = event.at_seconds();
  }
  EXPECT_GT(last, 60 + 120 + 300);
}

// Without a ramp users begin where a steady state would find them: the rate and the mix of the
// first seconds are the long run's, also when think times have a memory.
TEST(EngineTest, WithoutARampTheRunStartsInTheSteadyState) {
  for (const bool memory : {false, true}) {
    for (const bool per_request : {false, true}) {
      TestInputs inputs = TestInputs::FromFiles();
      if (memory) {
        inputs.scenario.mutable_think_time()->mutable_erlang()->set_mean_seconds(10);
        inputs.scenario.mutable_think_time()->mutable_erlang()->set_phases(9);
      }
      if (per_request) inputs.deployment.mutable_services(0)->set_balancing("per_request");
      inputs.options.ramp_seconds = 0;
      inputs.options.settle_seconds = 0;
      inputs.options.duration_seconds = 3;
      inputs.options.users = 100000;
      const model::Result result = MustPredict(inputs);
      EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), 10000, 150);
      const double journeys = 60 * 2.05 + 30;
      for (const model::OperationResult& operation : result.operations()) {
        const double expected = operation.operation() == "ehr.comprehensive"     ? 30 / journeys
                                : operation.operation() == "appointments.create" ? 3 / journeys
                                                                                 : 60 / journeys;
        EXPECT_NEAR(static_cast<double>(operation.requests()) /
                        static_cast<double>(result.total().requests()),
                    expected, 0.01)
            << operation.operation();
      }
    }
  }
}

// Journeys of several steps keep their mix and their rate when users are counts.
TEST(EngineTest, CountsAndRecordsAgree) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.deployment.mutable_services(0)->set_balancing("per_request");
  inputs.options.duration_seconds = 120;
  const model::Result counts = MustPredict(inputs);
  inputs.options.count_users = false;
  const model::Result records = MustPredict(inputs);
  for (const char* name : {"throughput_per_second", "p50_ms", "p95_ms", "server_cpu_cores"}) {
    EXPECT_NEAR(QuantityOf(counts, name), QuantityOf(records, name),
                0.02 * QuantityOf(records, name))
        << name;
  }
  for (int i = 0; i < counts.operations_size(); ++i) {
    const auto expected = static_cast<double>(records.operations(i).requests());
    EXPECT_NEAR(static_cast<double>(counts.operations(i).requests()), expected,
                6 * std::sqrt(2 * expected))
        << counts.operations(i).operation();
  }
}

TEST(EngineTest, BadInputIsNamed) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.deployment.mutable_workloads(0)->set_limit_millicores(0);
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("workloads.api.limit_millicores: no CPU limit"));
  inputs = TestInputs::FromFiles();
  inputs.profile.mutable_operations()->DeleteSubrange(1, 1);
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("no demand for operation appointments.mine"));
  inputs = TestInputs::FromFiles();
  inputs.deployment.clear_workloads();
  EXPECT_THAT(std::string(inputs.Predict().status().message()), HasSubstr("none has the role api"));
  inputs = TestInputs::FromFiles();
  inputs.scenario.mutable_users()->set_model(model::Users::OPEN);
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("users.stages: no stage has a rate"));
}

TEST(EngineTest, WarnsWhenItExtrapolates) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.profile.clear_loads();
  inputs.profile.add_loads()->set_requests_per_second(100);
  const model::Result result = MustPredict(inputs);
  bool extrapolated = false;
  for (const std::string& warning : result.provenance().warnings()) {
    extrapolated |= warning.find("extrapolated 1") == 0 || warning.find("extrapolated 9.") == 0;
  }
  EXPECT_TRUE(extrapolated);
}

}  // namespace
}  // namespace simulator
