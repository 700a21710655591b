#include <cmath>

#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

// Mechanisms that take away more than the resource that is lost, against arithmetic by hand.
namespace simulator {
namespace {

ReplicationResult MustRun(const TestInputs& inputs) {
  auto results = inputs.Run();
  EXPECT_TRUE(results.ok()) << results.status();
  if (!results.ok()) return {};
  EXPECT_EQ(results->front().violation, "");
  return std::move(results->front());
}

// A worker that is always busy does X requests of s and turns (l - X) away at r each:
// X s + (l - X) r = 1, so X = (1 - l r) / (s - r). With nothing for a refusal X = 1 / s.
TEST(SheddingTest, RefusalsTakeTheirPartOfTheWorker) {
  TestInputs inputs = TestInputs::Bare(40000, 100, 0.01, 0);
  inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_scv(1e-9);
  inputs.options.duration_seconds = 400;
  inputs.options.replications = 1;
  model::Overload& overload = *inputs.deployment.mutable_workloads(0)->mutable_overload();
  overload.set_concurrency_limit(10);
  for (double refusal : {0.0, 0.0005, 0.001, 0.002}) {
    overload.set_reject_cpu_seconds(refusal);
    const ReplicationResult result = MustRun(inputs);
    const double seconds = ToSeconds(result.measured_to - result.measured_from);
    const double offered = static_cast<double>(result.started) / seconds;
    const double served = static_cast<double>(result.operations[0].outcomes[kOk]) / seconds;
    const double by_hand = (1 - offered * refusal) / (0.01 - refusal);
    std::printf("refusal %.1f ms: offered %.1f/s, served %.2f/s, by hand %.2f/s\n", 1e3 * refusal,
                offered, served, by_hand);
    EXPECT_NEAR(served, by_hand, 0.01 * by_hand + 0.2) << refusal;
  }
}

// 2,000 keys, 500 reads/s, kept for 30 s and read again at once when they expire (r T = 7.5). While
// the database is away nothing is filled, so at t a share h (1 - t / T) of the reads still hits, h
// being the hit rate before: over an outage of D the failures are l (D - h (D - D^2 / 2T)). It goes
// down for 11 s; the workers' attempts come 0.05, 0.15 ... 6.35 and 11.35 s after the loss.
TEST(DatabaseFaultTest, WithEachKeyOfTheCacheOnlyMissesFail) {
  constexpr double kTtl = 30, kReads = 500, kKeys = 2000;
  TestInputs inputs = TestInputs::Bare(5000, 10, 1e-6, 1e-3);
  inputs.options.replications = 1;
  inputs.options.duration_seconds = 1700;
  inputs.options.settle_seconds = 1400;  // until the keys' first fills are forgotten
  inputs.options.clinics = static_cast<uint64_t>(kKeys);
  inputs.options.cache = RunOptions::Cache::kKeys;
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_connections_per_worker(4);
  api.set_pipeline_depth(16);
  inputs.CacheByClinic(kTtl);
  const ReplicationResult calm = MustRun(inputs);
  const double hit = static_cast<double>(calm.cache_hits) / static_cast<double>(calm.cache_lookups);
  EXPECT_NEAR(hit, kReads / kKeys * kTtl / (1 + kReads / kKeys * kTtl), 0.01);
  Fault& fault = inputs.options.faults.faults.emplace_back();
  fault.kind = FaultKind::kDatabaseRestart;
  fault.at = ToNanos(1500);
  fault.parameters["recovery"] = 11;
  const ReplicationResult result = MustRun(inputs);
  const OperationStats& stats = result.operations[0];
  const double failed =
      static_cast<double>(stats.outcomes[kPoolExhausted] + stats.outcomes[kOverloaded]);
  constexpr double kOutage = 11.35;
  const double by_hand = kReads * (kOutage - hit * (kOutage - kOutage * kOutage / (2 * kTtl)));
  std::printf("failed %.0f, by hand %.0f\n", failed, by_hand);
  EXPECT_NEAR(failed, by_hand, 0.06 * by_hand);
  EXPECT_NEAR(static_cast<double>(result.started), static_cast<double>(calm.started),
              0.01 * static_cast<double>(calm.started));
}

// The same when a database at its limit fails with many waiting in flights: nobody is forgotten.
TEST(DatabaseFaultTest, FlightsUnderWayFailWithTheirLeaders) {
  TestInputs inputs = TestInputs::Bare(500, 1, 1e-6, 0.02);
  inputs.deployment.mutable_database()->set_cores_millicores(16000);
  inputs.options.replications = 1;
  inputs.options.duration_seconds = 300;
  inputs.options.settle_seconds = 200;
  inputs.options.clinics = 20;
  inputs.options.cache = RunOptions::Cache::kKeys;
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_connections_per_worker(8);
  api.set_pipeline_depth(4);
  inputs.CacheByClinic(0.1);
  const ReplicationResult calm = MustRun(inputs);
  for (double at = 50; at < 150; at += 3.7) {
    Fault& fault = inputs.options.faults.faults.emplace_back();
    fault.kind = FaultKind::kDatabaseRestart;
    fault.at = ToNanos(at);
    fault.parameters["recovery"] = 1;
  }
  // Long after the faults everything is as it was without them.
  const ReplicationResult result = MustRun(inputs);
  EXPECT_NEAR(static_cast<double>(result.started), static_cast<double>(calm.started),
              0.03 * static_cast<double>(calm.started));
}

}  // namespace
}  // namespace simulator
