#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"
#include "simulator/statistics/interval.h"

// Connections, pools, PgBouncer, commits, standbys and faults of the database, each against closed
// forms or arithmetic by hand.
namespace simulator {
namespace {

using ::testing::HasSubstr;

model::Result MustPredict(const TestInputs& inputs) {
  auto result = inputs.Predict();
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? std::move(*result) : model::Result();
}

double OutcomeOf(const model::Result& result, const std::string& name) {
  const auto it = result.total().outcomes().find(name);
  return it == result.total().outcomes().end() ? 0 : static_cast<double>(it->second);
}

std::string Story(const model::Result& result) {
  std::string text;
  for (const model::Event& event : result.events()) {
    text += std::to_string(event.at_seconds()) + " " + event.text() + "\n";
  }
  return text;
}

// 20,000 users so slow that arrivals are Poisson, `rate` a second; all work is the database's.
TestInputs Open(double rate, double database_seconds) {
  TestInputs inputs = TestInputs::Bare(20000, 20000 / rate, 0, database_seconds);
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(1);
  inputs.options.replications = 1;
  return inputs;
}

// The operation writes: its answer waits for one commit.
void Writes(TestInputs* inputs, double flush) {
  inputs->scenario.mutable_journeys(0)->mutable_steps(0)->mutable_request()->set_method("POST");
  inputs->profile.mutable_operations(0)->set_commits_waited(1);
  inputs->profile.mutable_database()->set_flush_seconds(flush);
}

void AddFault(TestInputs* inputs, FaultKind kind, double at, double duration,
              std::map<std::string, double> parameters) {
  Fault& fault = inputs->options.faults.faults.emplace_back();
  fault.kind = kind;
  fault.at = ToNanos(at);
  fault.duration = ToNanos(duration);
  fault.parameters = std::move(parameters);
}

// M/M/1 whose customers leave after waiting T: with f(w) = l p0 exp((l - m) w) below T and an
// exponential of rate m above, P(leave) = f(T) / m.
TEST(DatabaseTest, PoolTimeoutIsMM1WithConstantPatience) {
  const double rate = 50, mean = 0.018, patience = 0.05;
  TestInputs inputs = Open(rate, mean);
  inputs.options.duration_seconds = 4000;
  inputs.deployment.mutable_workloads(0)->set_pool_wait_seconds(patience);
  const model::Result result = MustPredict(inputs);
  const double m = 1 / mean;
  const double tail = std::exp((rate - m) * patience);
  const double p0 = 1 / (1 + rate * (1 - tail) / (m - rate) + rate * tail / m);
  const double leave = rate * p0 * tail / m;
  EXPECT_NEAR(QuantityOf(result, "error_rate"), leave, 0.03 * leave);
  EXPECT_EQ(OutcomeOf(result, "pool_exhausted"),
            static_cast<double>(result.total().requests()) - OutcomeOf(result, "ok"));
}

void ExpectRepairman(const TestInputs& inputs, int users, double think, double service,
                     int servers) {
  const auto replications = inputs.Run();
  ASSERT_TRUE(replications.ok()) << replications.status();
  std::vector<double> response;
  for (const ReplicationResult& replication : *replications) {
    response.push_back(replication.operations[0].response.mean() * 1e-9);
  }
  const double expected = Repairman(users, think, service, servers).second;
  const Interval interval = MeanInterval(response);
  EXPECT_NEAR(interval.mean, expected, 1.8 * interval.half_width);
  EXPECT_NEAR(interval.mean, expected, 0.02 * expected);
}

TestInputs Pooled(const std::string& mode, uint32_t users, double think, double service,
                  uint32_t pool) {
  TestInputs inputs = TestInputs::Bare(users, think, 0, service);
  model::Database& database = *inputs.deployment.mutable_database();
  database.set_cores_millicores(1000000);
  database.set_pooler(mode);
  database.set_pooler_pool_size(pool);
  database.set_pooler_max_client_connections(100000);
  inputs.profile.mutable_database()->set_pooler_query_seconds(1e-9);
  return inputs;
}

// 120 clients share 4 server connections, each for one transaction: M/M/4//120.
TEST(DatabaseTest, TransactionPoolingIsMMcOverN) {
  ExpectRepairman(Pooled("transaction", 120, 1.0, 0.03, 4), 120, 1.0, 0.03, 4);
}

// Two processes with pools of their own behave like two halves.
TEST(DatabaseTest, ProcessesShareNothing) {
  TestInputs inputs = Pooled("transaction", 200, 1.0, 0.02, 2);
  inputs.deployment.mutable_database()->set_pooler_processes(2);
  const model::Result result = MustPredict(inputs);
  EXPECT_EQ(QuantityOf(result, "database_connections_max"), 4);
  EXPECT_EQ(QuantityOf(result, "error_rate"), 0);
  EXPECT_GT(QuantityOf(result, "mean_ms"), 1e3 * Repairman(200, 1.0, 0.02, 4).second);
}

// One thread: with 10 ms a transaction it passes 100 a second, whatever the database could do.
TEST(DatabaseTest, ThePoolersThreadLimits) {
  TestInputs inputs = Pooled("transaction", 300, 1.0, 0.001, 50);
  inputs.profile.mutable_database()->set_pooler_query_seconds(0.01);
  inputs.options.replications = 1;
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(QuantityOf(result, "throughput_per_second"), 100, 1);
  EXPECT_NEAR(ResourceOf(result, "pooler_cpu").utilisation(), 1, 0.001);
  EXPECT_EQ(result.resources(0).name(), "pooler_cpu");
}

// Ten clients, four server connections for good: what goes to the other six waits two seconds and
// fails.
TEST(DatabaseTest, SessionPoolingStarvesClientsBeyondThePool) {
  TestInputs inputs = Pooled("session", 10, 0.1, 0.1, 4);
  inputs.deployment.mutable_database()->set_pooler_query_wait_seconds(2);
  const model::Result result = MustPredict(inputs);
  EXPECT_EQ(QuantityOf(result, "database_connections_max"), 4);
  EXPECT_GT(OutcomeOf(result, "pool_exhausted"), 0);
  EXPECT_GT(OutcomeOf(result, "ok"), 0);
  EXPECT_NEAR(QuantityOf(result, "p99_ms"), 2000, 40);
  inputs.deployment.mutable_database()->set_pooler("transaction");
  EXPECT_EQ(QuantityOf(MustPredict(inputs), "error_rate"), 0);
}

TEST(DatabaseTest, ThePoolerRefusesClientsBeyondItsLimit) {
  TestInputs inputs = Pooled("transaction", 40, 1.0, 0.01, 4);
  inputs.deployment.mutable_database()->set_pooler_max_client_connections(25);
  EXPECT_THAT(Story(MustPredict(inputs)), HasSubstr("cannot open 15 database connections"));
}

TEST(DatabaseTest, ALazyPoolOpensWhatItNeeds) {
  TestInputs inputs = TestInputs::Bare(100, 10.0, 0, 0.001);
  inputs.deployment.mutable_workloads(0)->set_pool_lazy(true);
  inputs.profile.mutable_database()->set_connect_seconds(0.005);
  const model::Result result = MustPredict(inputs);
  EXPECT_EQ(QuantityOf(result, "error_rate"), 0);
  EXPECT_GE(QuantityOf(result, "database_connections_max"), 1);
  EXPECT_LT(QuantityOf(result, "database_connections_max"), 10);  // of 100
}

// A commit waits for the local flush, half a round trip, the standby's flush and half a round trip.
TEST(DatabaseTest, ASynchronousStandbyAddsItsRoundTripAndFlush) {
  TestInputs inputs = Open(1, 0.001);
  Writes(&inputs, 0.002);
  inputs.options.duration_seconds = 2000;
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "mean_ms"), 1 + 2, 0.1);
  model::Database& database = *inputs.deployment.mutable_database();
  database.set_standbys(1);
  database.set_standby_round_trip_seconds(0.004);
  database.set_standby_flush_seconds(0.003);
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "mean_ms"), 1 + 2, 0.1);  // asynchronous
  database.set_synchronous_standby(true);
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "mean_ms"), 1 + 2 + 4 + 3, 0.15);
  database.set_commit_wait("off");
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "mean_ms"), 1, 0.06);
}

// 100 writes/s; the standby is 50 ms of network and 2 ms of disk behind.
TEST(DatabaseTest, AnAsynchronousStandbyLosesItsLagAtAFailover) {
  TestInputs inputs = Open(1000, 0.0001);
  Writes(&inputs, 0.002);
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(100);
  inputs.options.duration_seconds = 200;
  inputs.options.replications = 8;
  model::Database& database = *inputs.deployment.mutable_database();
  database.set_standbys(1);
  database.set_standby_round_trip_seconds(0.1);
  database.set_failover_detection_seconds(20);
  database.set_failover_promotion_seconds(5);
  AddFault(&inputs, FaultKind::kDatabaseFailover, 100, 0, {});
  const model::Result asynchronous = MustPredict(inputs);
  EXPECT_NEAR(QuantityOf(asynchronous, "commits_lost"), 1000 * 0.052, 8);
  EXPECT_THAT(Story(asynchronous), HasSubstr("back after 25 s"));
  database.set_synchronous_standby(true);
  const model::Result synchronous = MustPredict(inputs);
  EXPECT_EQ(QuantityOf(synchronous, "commits_lost"), 0);
  EXPECT_GT(OutcomeOf(synchronous, "http_5xx"), 0);
}

// The WAL writer was last there at 100.0 s and comes every 200 ms: 50 ms of commits are in memory.
TEST(DatabaseTest, CommitsThatDoNotWaitAreLostAtACrash) {
  TestInputs inputs = Open(1000, 0.0001);
  Writes(&inputs, 0.002);
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(100);
  inputs.options.duration_seconds = 200;
  inputs.options.replications = 8;
  AddFault(&inputs, FaultKind::kDatabaseRestart, 100.05, 0, {{"recovery", 5}});
  EXPECT_EQ(QuantityOf(MustPredict(inputs), "commits_lost"), 0);
  inputs.deployment.mutable_database()->set_commit_wait("off");
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "commits_lost"), 1000 * 0.05, 8);
}

// Down from 60 to 65 s. Workers try after 0.05, 0.15, 0.35, 0.75, 1.55, 3.15 and 6.35 s; then 40
// connections x 0.05 s of one core, all at once: usable from 68.35 s on. 8.35 s x 100/s fail.
TEST(DatabaseTest, AfterARestartEverybodyReconnectsAtOnce) {
  TestInputs inputs = Open(100, 0.0001);
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(40);
  inputs.profile.mutable_database()->set_connect_seconds(0.05);
  inputs.options.duration_seconds = 200;
  inputs.options.replications = 4;
  inputs.options.settle_seconds = 10;
  AddFault(&inputs, FaultKind::kDatabaseRestart, 60, 0, {{"recovery", 5}});
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(OutcomeOf(result, "pool_exhausted") / 4, 835, 35);
  EXPECT_LE(OutcomeOf(result, "http_5xx") / 4, 5);  // under way
  EXPECT_THAT(Story(result), HasSubstr("up again after 6.35 s, 40 connections are opened at once "
                                       "(2 s of its CPU)"));
}

TEST(DatabaseTest, WithoutPromotionThePrimaryStaysLost) {
  TestInputs inputs = Open(100, 0.0001);
  inputs.options.duration_seconds = 100;
  inputs.deployment.mutable_database()->set_standbys(1);
  AddFault(&inputs, FaultKind::kDatabaseFailover, 75, 0, {});
  const model::Result result = MustPredict(inputs);
  EXPECT_THAT(Story(result), HasSubstr("nobody promotes the standby"));
  EXPECT_NEAR(QuantityOf(result, "error_rate"), 0.5, 0.03);  // window from 50 to 100 s
}

// A restart under a pooler: its clients stay, transactions wait for the next login attempt.
TEST(DatabaseTest, ThePoolerKeepsItsClientsOverARestart) {
  TestInputs inputs = Pooled("transaction", 100, 1.0, 0.005, 10);
  inputs.options.duration_seconds = 200;
  AddFault(&inputs, FaultKind::kDatabaseRestart, 100, 0, {{"recovery", 5}});
  const model::Result result = MustPredict(inputs);
  EXPECT_EQ(OutcomeOf(result, "pool_exhausted"), 0);
  EXPECT_LE(OutcomeOf(result, "http_5xx"), 4 * 10);
  EXPECT_THAT(Story(result), HasSubstr("up again after 15 s, the pooler connects"));
}

// At half its speed the database needs twice as long; before and after it does not.
TEST(DatabaseTest, ASlowdownSlows) {
  TestInputs inputs = Open(1, 0.01);
  inputs.options.duration_seconds = 1000;
  inputs.options.settle_seconds = 0;
  const double usual = QuantityOf(MustPredict(inputs), "mean_ms");
  AddFault(&inputs, FaultKind::kDatabaseSlowdown, 0.5, 999, {{"factor", 0.5}});
  EXPECT_NEAR(QuantityOf(MustPredict(inputs), "mean_ms"), 2 * usual, 0.06 * usual);
}

// 10 connections x 100 MiB + 100 MiB > 1 GiB: it is killed, and again after each recovery.
TEST(DatabaseTest, MemoryBeyondTheLimitKillsIt) {
  TestInputs inputs = Open(10, 0.001);
  inputs.options.duration_seconds = 100;
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(10);
  model::Database& database = *inputs.deployment.mutable_database();
  database.set_memory_bytes(1ull << 30);
  database.set_shared_buffers_bytes(100ull << 20);
  inputs.profile.mutable_database()->set_memory_per_connection_bytes(100 << 20);
  EXPECT_THAT(Story(MustPredict(inputs)),
              HasSubstr("out of memory: 10 connections x 100 MiB + 100 MiB shared buffers > 1024"));
  database.set_memory_bytes(1200ull << 20);
  EXPECT_EQ(QuantityOf(MustPredict(inputs), "error_rate"), 0);
}

// 100 writes/s of 1,000 bytes fill 86.4 GB in ten days.
TEST(DatabaseTest, StorageFillsAtTheRateOfWrites) {
  TestInputs inputs = Open(100, 0.0001);
  Writes(&inputs, 0.0001);
  inputs.deployment.mutable_database()->set_storage_bytes(86'400'000'000);
  inputs.profile.mutable_database()->set_storage_bytes_per_write(1000);
  inputs.profile.mutable_database()->set_wal_bytes_per_write(2000);
  const model::Result result = MustPredict(inputs);
  EXPECT_NEAR(QuantityOf(result, "storage_days"), 10, 0.2);
  EXPECT_NEAR(QuantityOf(result, "wal_bytes_per_second"), 200'000, 4000);
}

TEST(DatabaseTest, BadInputIsNamed) {
  TestInputs inputs = TestInputs::Bare(10, 1.0, 0, 0.01);
  inputs.deployment.mutable_database()->set_pooler("statement");
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("database.pooler: expected session or transaction, found statement"));
  inputs.deployment.mutable_database()->clear_pooler();
  inputs.deployment.mutable_database()->set_synchronous_standby(true);
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("database.synchronous_standby: there is no standby"));
}

}  // namespace
}  // namespace simulator
