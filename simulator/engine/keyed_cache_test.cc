#include "simulator/engine/keyed_cache.h"

#include <cmath>

#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

double Hits(const ReplicationResult& result) {
  return static_cast<double>(result.cache_hits) / static_cast<double>(result.cache_lookups);
}

class KeyedCacheTest : public ::testing::Test {
 protected:
  ReplicationResult Run() {
    auto results = inputs.Run();
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? std::move(results->front()) : ReplicationResult();
  }
  TestInputs inputs;
};

// The rates of cache_model.h against every key by itself, in the engine.
TEST_F(KeyedCacheTest, AgreesWithTheRates) {
  inputs = TestInputs::FromFiles();
  inputs.options.replications = 1;
  inputs.options.ramp_seconds = 0;
  inputs.options.duration_seconds = 200;
  inputs.options.settle_seconds = 100;
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    if (!demand.cacheable()) continue;
    demand.set_cache_ttl_seconds(30);
    demand.set_cache_settle_seconds(5);
    if (demand.operation() == "appointments.availability") {
      demand.add_invalidated_by("appointments.create");
    }
  }
  // The write names the doctor, too.
  model::Step& book = *inputs.scenario.mutable_journeys(0)->mutable_steps(2);
  book.mutable_request()->set_json(
      "{\"patientId\":\"${patient.id}\",\"doctorId\":\"${doctor.id}\"}");
  for (uint64_t users : {2000u, 20000u}) {
    inputs.options.users = users;
    inputs.options.cache = RunOptions::Cache::kRates;
    const double rates = Hits(Run());
    inputs.options.cache = RunOptions::Cache::kKeys;
    const ReplicationResult keys = Run();
    EXPECT_EQ(keys.violation, "");
    std::printf("%5lu users: hit rate %.4f by rates, %.4f key by key\n",
                static_cast<unsigned long>(users), rates, Hits(keys));
    EXPECT_NEAR(Hits(keys), rates, 0.01) << users;
  }
}

// One key, read r times a second over W workers, loaded in L, kept for T. By hand, from the read
// that finds it gone:
//   each miss loads        1 + r L loads a life
//   one flight a worker    the first worker: 1 and, when somebody came meanwhile, 1 more for them;
//                          each other: the same from its first read on. With x = r L / W:
//                          1 + (1 - e^-x) + (W - 1) (2 (1 - e^-x) - x e^-x)
class StampedeTest : public KeyedCacheTest {
 protected:
  static constexpr double kLoad = 0.05;
  static constexpr double kTtl = 2;
  static constexpr double kReads = 200;
  static constexpr int kWorkers = 4;

  StampedeTest() {
    inputs = TestInputs::Bare(2000, 10, 1e-6, kLoad);
    inputs.options.replications = 1;
    inputs.options.ramp_seconds = 0;
    inputs.options.duration_seconds = 600;
    inputs.options.settle_seconds = 100;
    inputs.options.clinics = 1;
    inputs.deployment.mutable_workloads(0)->set_replicas(kWorkers);
    inputs.options.fixed_pods = kWorkers;
    inputs.deployment.mutable_database()->set_cores_millicores(1000000);
    inputs.deployment.mutable_services()->Clear();
    model::Service& service = *inputs.deployment.add_services();
    service.set_name("api");
    service.add_workloads(inputs.deployment.workloads(0).name());
    service.set_balancing("per_request");
    inputs.deployment.mutable_workloads(0)->set_connections_per_worker(64);
    inputs.deployment.mutable_database()->set_max_connections(1000);
    inputs.CacheByClinic(kTtl);
    model::OperationDemand& demand = *inputs.profile.mutable_operations(0);
    demand.set_hit_rate_observed(0);
    demand.mutable_database_cpu_seconds()->set_scv(0);
  }

  // Loads a life: misses are gone for L of each T + L.
  double LoadsPerLife(RunOptions::Cache cache) {
    inputs.options.cache = cache;
    const ReplicationResult result = Run();
    EXPECT_EQ(result.violation, "");
    const double seconds = ToSeconds(result.measured_to - result.measured_from);
    // From one fill to the next: the TTL, the wait for a read, the load.
    const double lives = seconds / (kTtl + 1 / kReads + kLoad);
    return static_cast<double>(result.cache_loads) / lives;
  }
};

TEST_F(StampedeTest, EachMissLoadsWithoutFlights) {
  const double by_hand = 1 + kReads * kLoad;
  const double loads = LoadsPerLife(RunOptions::Cache::kKeysWithoutFlights);
  std::printf("loads a life without flights: %.3f, by hand %.3f\n", loads, by_hand);
  EXPECT_NEAR(loads, by_hand, 0.03 * by_hand);
}

TEST_F(StampedeTest, OneFlightAWorkerLeavesAtMostTwoLoadsEach) {
  const double x = kReads * kLoad / kWorkers;
  const double some = 1 - std::exp(-x);
  const double by_hand = 1 + some + (kWorkers - 1) * (2 * some - x * std::exp(-x));
  const double loads = LoadsPerLife(RunOptions::Cache::kKeys);
  std::printf("loads a life with one flight a worker: %.3f, by hand %.3f\n", loads, by_hand);
  EXPECT_NEAR(loads, by_hand, 0.03 * by_hand);
}

}  // namespace
}  // namespace simulator
