#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

// Waits for the database that end at the server's deadline, against arithmetic by hand. The server
// looks every 10 ms, so a request fails half of that after its deadline in the mean.
namespace simulator {
namespace {

using ::testing::HasSubstr;

constexpr double kDeadline = 2;
constexpr double kWaited = kDeadline + 0.005;

double OutcomeOf(const model::Result& result, const std::string& name) {
  const auto it = result.total().outcomes().find(name);
  return it == result.total().outcomes().end() ? 0 : static_cast<double>(it->second);
}

model::Result MustPredict(const TestInputs& inputs) {
  auto result = inputs.Predict();
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? std::move(*result) : model::Result();
}

// Reads of PHI, each with a record.
TestInputs Audited(uint64_t users, double think) {
  TestInputs inputs = TestInputs::Bare(users, think, 1e-6, 1e-6);
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_connections_per_worker(2);
  api.set_pipeline_depth(64);
  api.set_audit_connections_per_worker(1);
  api.set_request_deadline_seconds(kDeadline);
  inputs.profile.mutable_operations(0)->set_phi(true);
  inputs.profile.mutable_database()->set_flush_seconds(1e-4);
  inputs.options.duration_seconds = 100;
  inputs.options.replications = 1;
  return inputs;
}

// Beside "work" as many requests of an operation without records.
void AddUnaudited(TestInputs* inputs) {
  model::Step& step = *inputs->scenario.mutable_journeys(0)->add_steps();
  step = inputs->scenario.journeys(0).steps(0);
  step.set_operation("other");
  model::OperationDemand& other = *inputs->profile.add_operations();
  other = inputs->profile.operations(0);
  other.set_operation("other");
  other.set_phi(false);
}

// Two connections are granted where three are wanted, and requests have them: X = N / (Z + D).
TEST(RequestDeadlines, AReadWithoutAnAuditConnectionWaits) {
  TestInputs inputs = Audited(200, 1);
  inputs.deployment.mutable_database()->set_max_connections(2);
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), 200 / (1 + kWaited), 0.7);
  EXPECT_NEAR(QuantityOf(result, "mean_ms"), 1e3 * kWaited, 2);
  EXPECT_EQ(OutcomeOf(result, "ok"), 0);
  EXPECT_EQ(OutcomeOf(result, "pool_exhausted"), static_cast<double>(result.total().requests()));
}

TEST(RequestDeadlines, TheFailingHalfSlowsTheUsersDown) {
  TestInputs inputs = Audited(200, 1);
  AddUnaudited(&inputs);
  inputs.deployment.mutable_database()->set_max_connections(2);
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), 200 / (1 + kWaited / 2), 1.5);
  EXPECT_NEAR(QuantityOf(result, "error_rate"), 0.5, 0.01);
  // Refused at once, as without a deadline, they send half as many again and more.
  inputs.deployment.mutable_workloads(0)->clear_request_deadline_seconds();
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "throughput_per_second"), 200, 3);
}

// Nothing is changed for requests that are served in time.
TEST(RequestDeadlines, CostNothingWhereNobodyWaits) {
  TestInputs inputs = Audited(200, 1);
  const model::Result with = MustPredict(inputs);
  inputs.deployment.mutable_workloads(0)->clear_request_deadline_seconds();
  const model::Result without = MustPredict(inputs);
  EXPECT_EQ(OutcomeOf(with, "ok"), OutcomeOf(without, "ok"));
  EXPECT_EQ(QuantityOf(with, "mean_ms"), QuantityOf(without, "mean_ms"));
  EXPECT_EQ(QuantityOf(with, "error_rate"), 0);
}

// The server keeps 20,000 records: 100 s x 400/s are more, and the rest is refused at once. While
// they last X = 1200 / (1 + D), the last 20 s and more of the run X = 1200 / 1.
TEST(RequestDeadlines, AFullQueueOfRecordsRefusesAtOnce) {
  TestInputs inputs = Audited(1200, 1);
  inputs.deployment.mutable_database()->set_max_connections(2);
  inputs.options.settle_seconds = 60;
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), 1200, 20);
  EXPECT_LT(QuantityOf(result, "p99_ms"), 1);
}

// One connection, one statement at a time, 50 ms each: 20/s are served, the others give up waiting
// for the connection. Everybody waits about D: X = N / (Z + D).
TEST(RequestDeadlines, WaitsForAConnectionEnd) {
  TestInputs inputs = TestInputs::Bare(300, 1, 0, 0.05);
  inputs.profile.mutable_operations(0)->mutable_database_cpu_seconds()->set_scv(1e-9);
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_connections_per_worker(1);
  api.set_request_deadline_seconds(kDeadline);
  inputs.options.duration_seconds = 300;
  const model::Result result = MustPredict(inputs);
  const double ok = OutcomeOf(result, "ok") / static_cast<double>(result.total().requests()) *
                    QuantityOf(result, "throughput_per_second");
  EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), 300 / (1 + kWaited), 2);
  EXPECT_LE(ok, 20.01);
  EXPECT_NEAR(ResourceOf(result, "database_cpu").utilisation(), 1, 0.001);
  EXPECT_LE(QuantityOf(result, "p99_ms"), 2012);
}

// 64 statements in the pipeline take 3.2 s: each is answered with an error at 2 s, but the database
// works on all of them, so that none comes in time although it never rests.
TEST(RequestDeadlines, APipelineOfLostCausesHelpsNobody) {
  TestInputs inputs = TestInputs::Bare(300, 1, 0, 0.05);
  inputs.profile.mutable_operations(0)->mutable_database_cpu_seconds()->set_scv(1e-9);
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_connections_per_worker(1);
  api.set_pipeline_depth(64);
  api.set_request_deadline_seconds(kDeadline);
  inputs.options.duration_seconds = 300;
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), 300 / (1 + kWaited), 2);
  EXPECT_EQ(OutcomeOf(result, "ok"), 0);
  EXPECT_GT(OutcomeOf(result, "http_5xx"), 0);
  EXPECT_NEAR(ResourceOf(result, "database_cpu").utilisation(), 1, 0.001);
}

// A batch of records survives a restart of the database that ends before the deadline; what then
// waits longest waits for all of it. Only round trips under way or begun meanwhile fail.
TEST(RequestDeadlines, RecordsOutliveAShortRestart) {
  TestInputs inputs = Audited(200, 1);
  model::OperationDemand& work = *inputs.profile.mutable_operations(0);
  work.mutable_database_cpu_seconds()->set_mean(0);
  work.mutable_database_round_trips()->set_mean(0);
  Fault& fault = inputs.options.faults.faults.emplace_back();
  fault.kind = FaultKind::kDatabaseRestart;
  fault.at = ToNanos(80);
  fault.parameters["recovery"] = 1.0;
  const auto replications = inputs.Run();
  ASSERT_TRUE(replications.ok()) << replications.status();
  const OperationStats& stats = replications->front().operations[0];
  EXPECT_EQ(stats.outcomes[kPoolExhausted] + stats.outcomes[kOverloaded], 0u);
  // Attempts at 0.05, 0.15, 0.35, 0.75 and 1.55 s after the loss.
  EXPECT_NEAR(static_cast<double>(stats.response.max()) * 1e-9, 1.55, 0.02);
  inputs.options.faults.faults[0].parameters["recovery"] = 10.0;
  EXPECT_GT(QuantityOf(MustPredict(inputs), "error_rate"), 0);
}

TEST(RequestDeadlines, OutOfRangeIsAnError) {
  TestInputs inputs = Audited(10, 1);
  inputs.deployment.mutable_workloads(0)->set_request_deadline_seconds(31);
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("workloads.api.request_deadline_seconds: expected 0 (none) or 0.02 to 30"));
}

}  // namespace
}  // namespace simulator
