#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

// What the fault plan does to pods and nodes. Every run asserts the laws (simulation.h), so that a
// request that a dying pod loses twice, or never, fails the test.
namespace simulator {
namespace {

using ::testing::HasSubstr;

// The test deployment: five pods of two workers, requests balanced one by one, 1000 requests/s.
TestInputs Steady(double seconds) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.replications = 1;
  inputs.options.ramp_seconds = 0;
  inputs.options.settle_seconds = 5;
  inputs.options.duration_seconds = seconds;
  inputs.deployment.mutable_services(0)->set_balancing("per_request");
  inputs.scenario.mutable_retry()->set_timeout_seconds(2);
  return inputs;
}

void AddFault(FaultKind kind, double at, std::map<std::string, double> parameters,
              TestInputs* inputs, double duration = 0) {
  Fault& fault = inputs->options.faults.faults.emplace_back();
  fault.kind = kind;
  fault.at = ToNanos(at);
  fault.duration = ToNanos(duration);
  fault.parameters = std::move(parameters);
}

model::Result Must(const TestInputs& inputs) {
  auto result = inputs.Predict();
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? std::move(*result) : model::Result();
}

uint64_t Outcome(const model::Result& result, const std::string& name) {
  const auto it = result.total().outcomes().find(name);
  return it == result.total().outcomes().end() ? 0 : it->second;
}

// The first event that has this in its text; -1: none.
double When(const model::Result& result, const std::string& text, const std::string& subject = "") {
  for (const model::Event& event : result.events()) {
    const bool here = subject.empty() || event.subject() == subject;
    if (here && event.text().find(text) != std::string::npos) return event.at_seconds();
  }
  return -1;
}

TEST(RollingUpdateTest, WithPreStopNobodyNoticesIt) {
  TestInputs inputs = Steady(90);
  inputs.deployment.mutable_workloads(0)->set_pre_stop_seconds(5);
  AddFault(FaultKind::kRollingUpdate, 20, {}, &inputs);
  const model::Result result = Must(inputs);
  EXPECT_GT(When(result, "rolling update is complete"), 20);
  EXPECT_EQ(result.total().requests(), Outcome(result, "ok"));
  EXPECT_EQ(QuantityOf(result, "pods_end"), 5);
}

// Each of five pods is refused for the second in which it is still in the Service: with one to two
// pods more than that, about 5 x 1000/s x 1 s / 6.
TEST(RollingUpdateTest, WithoutPreStopRequestsAreRefused) {
  TestInputs inputs = Steady(90);
  AddFault(FaultKind::kRollingUpdate, 20, {}, &inputs);
  const model::Result result = Must(inputs);
  EXPECT_GT(Outcome(result, "refused"), 500u);
  EXPECT_LT(Outcome(result, "refused"), 1200u);
  EXPECT_EQ(Outcome(result, "reset"), 0u);
  inputs.deployment.mutable_ingress()->set_present(true);  // tries another pod
  EXPECT_EQ(Must(inputs).total().requests(), Outcome(Must(inputs), "ok"));
}

TEST(PodCrashTest, RequestsUnderWayAreResetAndTheContainerComesBack) {
  TestInputs inputs = TestInputs::Bare(20, 0.1, 0.05, 0);  // always some at the one worker
  inputs.options.replications = 1;
  inputs.options.settle_seconds = 5;
  inputs.options.duration_seconds = 90;
  for (const double at : {20.0, 40.0, 60.0}) {
    AddFault(FaultKind::kPodCrash, at, {{"pods", 1}}, &inputs);
  }
  const model::Result result = Must(inputs);
  // Of 20 users all but two or so wait for the one worker at each crash.
  EXPECT_GE(Outcome(result, "reset"), 45u);
  EXPECT_LE(Outcome(result, "reset"), 60u);
  EXPECT_GT(Outcome(result, "refused"), 0u);
  EXPECT_EQ(When(result, "crashed; restart 1 in 0 s"), 20);
  EXPECT_EQ(When(result, "crashed; restart 2 in 10 s"), 40);
  EXPECT_EQ(When(result, "crashed; restart 3 in 20 s"), 60);
}

TEST(PodCrashTest, AtRandomAtTheRateOfAllPods) {
  TestInputs inputs = Steady(600);
  inputs.options.users = 100;
  FaultProcess& process = inputs.options.faults.processes.emplace_back();
  process.fault.kind = FaultKind::kPodCrash;
  process.every_seconds = 100;  // each of five: 30 in 600 s, less their pauses
  const model::Result result = Must(inputs);
  int crashes = 0;
  for (const model::Event& event : result.events()) crashes += event.kind() == "fault";
  EXPECT_GE(crashes, 15);
  EXPECT_LE(crashes, 42);
}

TEST(PodCrashTest, StatementsUnderWayAndQueuesAreAccountedFor) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.replications = 1;
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_database_cpu_seconds()->set_mean(0.015);  // pipelines and wait queues fill
  }
  inputs.deployment.mutable_workloads(0)->set_pipeline_depth(2);
  for (int i = 0; i < 8; ++i) {
    AddFault(FaultKind::kPodCrash, 20 + 5 * i, {{"pods", 2}}, &inputs);
  }
  const model::Result result = Must(inputs);
  EXPECT_GT(Outcome(result, "reset"), 100u);
  EXPECT_EQ(QuantityOf(result, "database_connections_max"), 20);
}

TestInputs OnNodes(double seconds, uint32_t nodes, uint32_t pods_per_node) {
  TestInputs inputs = Steady(seconds);
  inputs.deployment.mutable_nodes()->set_count(nodes);
  inputs.deployment.mutable_nodes()->set_millicores(500 * pods_per_node);
  inputs.deployment.mutable_nodes()->set_zones(nodes);
  return inputs;
}

// A fifth of the requests goes to the lost pod until its node counts as not ready, and one second
// of endpoint lag more: 41 s x 200/s that wait in vain for 2 s.
TEST(NodeLossTest, ItsPodsAreMissedUntilTheNodeIsNotReady) {
  TestInputs inputs = OnNodes(500, 6, 1);
  AddFault(FaultKind::kNodeLoss, 50, {}, &inputs);
  const model::Result result = Must(inputs);
  const auto timeouts = static_cast<double>(Outcome(result, "timeout"));
  EXPECT_NEAR(timeouts, 41 * 200 * 10 / 10.4, 600);  // waiting users send less
  EXPECT_EQ(Outcome(result, "reset"), 0u);
  EXPECT_EQ(When(result, "counts as not ready"), 90);
  EXPECT_EQ(When(result, "its 1 pods are given up and replaced"), 390);
  EXPECT_EQ(QuantityOf(result, "pods_end"), 5);  // on the sixth node
}

TEST(NodeLossTest, BehindAnIngressTheyOnlyTakeLonger) {
  TestInputs inputs = OnNodes(200, 6, 1);
  inputs.deployment.mutable_ingress()->set_present(true);
  inputs.scenario.mutable_retry()->set_timeout_seconds(20);
  AddFault(FaultKind::kNodeLoss, 50, {}, &inputs);
  const model::Result result = Must(inputs);
  EXPECT_LE(Outcome(result, "timeout"), 5u);      // what the pod had begun
  EXPECT_GT(QuantityOf(result, "p99_ms"), 5000);  // the connect timeout
  EXPECT_EQ(Outcome(result, "http_5xx"), 0u);     // the second pod answers
}

TEST(NodeLossTest, ANodeThatComesBackStartsItsContainersAgain) {
  TestInputs inputs = OnNodes(200, 5, 1);
  AddFault(FaultKind::kNodeLoss, 50, {}, &inputs, 60);
  const model::Result result = Must(inputs);
  EXPECT_EQ(When(result, "is back"), 110);
  EXPECT_EQ(When(result, "its node is back; restart 1 in 0 s"), 110);
  EXPECT_EQ(When(result, "given up and replaced"), -1);
  EXPECT_EQ(QuantityOf(result, "pods_end"), 5);
}

TEST(ZoneLossTest, AllNodesOfTheZoneGo) {
  TestInputs inputs = OnNodes(60, 6, 1);
  inputs.deployment.mutable_nodes()->set_zones(3);
  AddFault(FaultKind::kZoneLoss, 30, {{"zone", 1}}, &inputs);
  const model::Result result = Must(inputs);
  EXPECT_EQ(When(result, "lost with", "node 1"), 30);
  EXPECT_EQ(When(result, "lost with", "node 4"), 30);
  EXPECT_EQ(When(result, "lost with", "node 2"), -1);
}

// Three pods on the drained node, one may be missing: the second is evicted when the first one's
// replacement is ready, at a retry 5 s later, and so on.
TEST(DrainTest, TheDisruptionBudgetMakesEvictionsWait) {
  TestInputs inputs = OnNodes(120, 2, 6);
  inputs.deployment.mutable_workloads(0)->set_pre_stop_seconds(3);
  model::DisruptionBudget& budget = *inputs.deployment.add_disruption_budgets();
  budget.set_max_unavailable("1");
  budget.add_workloads("api");
  AddFault(FaultKind::kDrainNode, 30, {}, &inputs);
  const model::Result result = Must(inputs);
  const double done = When(result, "drained: its last pod is evicted");
  EXPECT_GE(done, 35);  // 2 or 3 pods there, 3.3 s to ready each
  EXPECT_LE(done, 50);
  EXPECT_EQ(result.total().requests(), Outcome(result, "ok"));
  inputs.deployment.mutable_disruption_budgets(0)->set_max_unavailable("5");
  EXPECT_EQ(When(Must(inputs), "drained: its last pod is evicted"), 30);
}

// Four pods on two nodes, twelve wanted: the scan brings four more nodes after their start.
TEST(ClusterAutoscalerTest, PendingPodsBringNodes) {
  TestInputs inputs = OnNodes(120, 2, 2);
  inputs.options.fixed_pods = 12;
  inputs.deployment.mutable_nodes()->set_autoscaled(true);
  inputs.deployment.mutable_nodes()->set_max_count(9);
  inputs.deployment.mutable_nodes()->set_start_seconds(30);
  const model::Result result = Must(inputs);
  EXPECT_EQ(When(result, "8 pods pending -> 4 more nodes"), 10);
  EXPECT_EQ(When(result, "pending: 0/2 nodes are available: 2 insufficient cpu"), 0);
  EXPECT_EQ(QuantityOf(result, "pods_end"), 12);
}

// Far beyond what the pods can do: they answer no probe in time, are taken out and restarted.
TEST(ProbesTest, OverloadedPodsFailTheirProbes) {
  TestInputs inputs = Steady(120);
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_server_cpu_seconds()->set_mean(0.05);  // 50 cores wanted of 10
  }
  EXPECT_EQ(Outcome(Must(inputs), "refused"), 0u);
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.mutable_readiness_probe()->set_period_seconds(5);
  api.mutable_liveness_probe()->set_period_seconds(10);
  const model::Result result = Must(inputs);
  EXPECT_GT(When(result, "not ready: no answer to 3 readiness probes within 1 s"), 0);
  EXPECT_GT(When(result, "killed: no answer to 3 liveness probes within 1 s"), 0);
  EXPECT_GT(Outcome(result, "refused"), 0u);  // no pod is ready
}

// Room for 300 connections in 400 MiB: each of 600 users holds one for good, so the pod that gets
// the 301st dies. Two pods share 600 users, about 300 each: one of them goes over.
TEST(MemoryTest, APodWithTooManyConnectionsIsKilled) {
  TestInputs inputs = TestInputs::Bare(600, 10, 0.001, 0);
  inputs.options.replications = 1;
  inputs.options.settle_seconds = 5;
  inputs.options.duration_seconds = 120;
  inputs.profile.set_server_base_memory_bytes(100.0 * 1024 * 1024);
  inputs.profile.set_server_memory_per_connection_bytes(1024 * 1024);
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_replicas(2);
  api.set_limit_memory_bytes(400ull * 1024 * 1024);
  const model::Result result = Must(inputs);
  EXPECT_GT(When(result, "killed: out of memory: 401 MiB with 301 connections, limit 400 MiB"), 0);
  api.set_limit_memory_bytes(1024ull * 1024 * 1024);
  EXPECT_EQ(When(Must(inputs), "out of memory"), -1);
  api.set_limit_memory_bytes(50ull * 1024 * 1024);
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("limit_memory_bytes: below the profile's memory"));
}

// Half a core, 5 ms of work: as a slower CPU 10 ms, with the kernel's period 5 ms while the 50 ms
// of a period last, which at 2 requests/s they do.
TEST(CpuLimitTest, ShortWorkRunsAtFullSpeed) {
  TestInputs inputs = TestInputs::Bare(20, 10, 0.005, 0);
  inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_scv(0);
  inputs.deployment.mutable_workloads(0)->set_limit_millicores(500);
  inputs.options.replications = 1;
  EXPECT_NEAR(QuantityOf(Must(inputs), "p50_ms"), 10, 0.1);
  inputs.deployment.mutable_workloads(0)->set_limit_period_seconds(0.1);
  EXPECT_NEAR(QuantityOf(Must(inputs), "p50_ms"), 5, 0.1);
  // A slowdown to half the speed: 10 ms again, of which the quota sees 5.
  AddFault(FaultKind::kSlowdown, 0, {{"factor", 0.5}}, &inputs, 5000);
  EXPECT_NEAR(QuantityOf(Must(inputs), "p50_ms"), 10, 0.1);
}

// 200 connections, 1 ms of CPU a handshake on one core, 0.1 ms a request at 100 requests/s; all
// connect again after the loss of the one replica.
TEST(IngressTest, ALostReplicaBringsAStormOfHandshakes) {
  TestInputs inputs = Steady(120);
  inputs.options.users = 2000;
  model::Ingress& ingress = *inputs.deployment.mutable_ingress();
  ingress.set_present(true);
  ingress.set_tls(true);
  ingress.set_millicores(1000);
  ingress.set_replicas(2);
  ingress.set_request_cpu_seconds(0.0001);
  ingress.set_handshake_cpu_seconds(0.001);
  ingress.set_keep_alive_seconds(1000);
  inputs.options.settle_seconds = 60;
  const double calm = QuantityOf(Must(inputs), "tls_handshakes_per_second");
  EXPECT_LT(calm, 1);  // all have connected in the first minute
  AddFault(FaultKind::kIngressLoss, 70, {{"replicas", 1}}, &inputs, 20);
  const model::Result result = Must(inputs);
  EXPECT_NEAR(QuantityOf(result, "tls_handshakes_per_second") * 60, 1000, 120);
  EXPECT_EQ(When(result, "lost with its clients' connections", "ingress 0"), 70);
  EXPECT_EQ(When(result, "is back", "ingress 0"), 90);
  AddFault(FaultKind::kIngressLoss, 100, {{"replicas", 2}}, &inputs, 5);
  EXPECT_GT(Outcome(Must(inputs), "refused"), 500u);  // 200/s for 5 s
}

// Think times of 10 s and a keep-alive of 5: of exponential pauses e^-0.5 are longer.
TEST(IngressTest, IdleConnectionsAreClosed) {
  TestInputs inputs = Steady(120);
  inputs.options.users = 2000;
  model::Ingress& ingress = *inputs.deployment.mutable_ingress();
  ingress.set_present(true);
  ingress.set_tls(true);
  ingress.set_millicores(4000);
  ingress.set_handshake_cpu_seconds(0.001);
  ingress.set_keep_alive_seconds(5);
  const model::Result result = Must(inputs);
  const double share =
      QuantityOf(result, "tls_handshakes_per_second") / QuantityOf(result, "throughput_per_second");
  EXPECT_NEAR(share, std::exp(-0.5), 0.02);
}

TEST(VerticalTest, RecommendsFromTheUse) {
  TestInputs inputs = Steady(300);
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.mutable_server_cpu_seconds()->set_mean(0.002);  // 0.4 cores a pod
  }
  model::VerticalAutoscaler& vertical = *inputs.deployment.add_vertical_autoscalers();
  vertical.set_target_name("api");
  vertical.set_update_mode("Off");
  const model::Result result = Must(inputs);
  const double each = QuantityOf(result, "server_cpu_cores") / 5;
  EXPECT_GT(QuantityOf(result, "vpa_cpu_target_cores"), 1.0 * each);
  EXPECT_LT(QuantityOf(result, "vpa_cpu_target_cores"), 1.5 * each);
}

TEST(ClusterTest, FaultsOfNodesNeedNodes) {
  TestInputs inputs = Steady(60);
  AddFault(FaultKind::kNodeLoss, 30, {}, &inputs);
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("node_loss: deployment test gives no nodes"));
  inputs = OnNodes(60, 5, 1);
  AddFault(FaultKind::kZoneLoss, 30, {{"zone", 5}}, &inputs);
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("zone: expected below nodes.zones = 5, found 5"));
}

}  // namespace
}  // namespace simulator
