#include <cmath>
#include <numeric>
#include <queue>

#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/cache_policy.h"
#include "simulator/engine/cache_model.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

using ::testing::HasSubstr;

struct Observed {
  double cold = 0;  // hit rate in the last tenth before the first TTL ends
  double warm = 0;  // after four TTLs
};

// Every key by itself: reads and writes in order of time, a value lives `ttl` from its fill, after
// a write the key is empty for `settle`.
Observed BruteForce(const CacheModel& model, double ttl, double settle, double per_second,
                    double until, int repetitions = 1) {
  base::RandomStream random(7, 0, "test", "cache");
  uint64_t cold[2] = {0, 0};
  uint64_t warm[2] = {0, 0};
  for (const CacheModel::Group& group : model.groups()) {
    for (int key = 0; key < static_cast<int>(group.keys) * repetitions; ++key) {
      const double reads = group.reads * per_second;
      const double both = reads + group.writes * per_second;
      double expires = -1;
      double closed = -1;
      for (double now = random.Exponential(1 / both); now < until;
           now += random.Exponential(1 / both)) {
        if (!random.Bernoulli(reads / both)) {
          expires = -1;
          closed = now + settle;
          continue;
        }
        const bool hit = now < expires;
        if (!hit && now >= closed) expires = now + ttl;
        if (now > 0.9 * ttl && now < ttl) ++cold[hit];
        if (now > 4 * ttl) ++warm[hit];
      }
    }
  }
  const auto rate = [](const uint64_t* count) {
    return static_cast<double>(count[1]) / static_cast<double>(count[0] + count[1]);
  };
  return {rate(cold), rate(warm)};
}

// The record cache of a scenario: doctors read by Zipf, patients their own, doctors write.
model::Scenario Records() {
  model::Scenario scenario;
  (*scenario.mutable_feeders())["patient"].set_entity("patient");
  (*scenario.mutable_feeders())["patient"].set_pick(model::Feeder::ZIPF);
  (*scenario.mutable_feeders())["patient"].set_zipf_exponent(0.8);
  const auto journey = [&](const char* role, double weight) -> model::Journey& {
    model::Journey& added = *scenario.add_journeys();
    added.set_name(role);
    added.set_role(role);
    added.set_weight(weight);
    return added;
  };
  const auto step = [](model::Journey& to, const char* operation, const char* path,
                       const char* json) {
    model::Step& added = *to.add_steps();
    added.set_name(operation);
    added.set_operation(operation);
    added.set_probability(1);
    added.mutable_request()->set_path(path);
    added.mutable_request()->set_json(json);
  };
  step(journey("PATIENT", 1), "ehr.comprehensive", "/ehr/comprehensive/${user.id}", "");
  model::Journey& doctor = journey("DOCTOR", 2);
  step(doctor, "ehr.comprehensive", "/ehr/comprehensive/${patient.id}", "");
  step(doctor, "ehr.add_vitals", "/ehr/vitals", "{\"userId\":\"${patient.id}\"}");
  return scenario;
}

model::OperationDemand RecordDemand() {
  model::OperationDemand demand;
  demand.set_operation("ehr.comprehensive");
  demand.set_cacheable(true);
  demand.set_hit_rate_observed(0.5);
  demand.set_cache_ttl_seconds(model::kCachedRecord.ttl_seconds);
  demand.set_cache_settle_seconds(model::kCacheSettleSeconds);
  demand.add_invalidated_by("ehr.add_vitals");
  return demand;
}

TEST(CacheModelTest, OneKeyWithoutWritesIsTheKnownFormula) {
  const CacheModel model({{1, 1, 0}}, 30, 5);
  EXPECT_NEAR(model.HitRate(3), 3.0 / 4, 1e-12);
  EXPECT_NEAR(model.ColdHitRate(2, 10), 1 - std::exp(-2), 1e-12);
  EXPECT_EQ(model.HitRate(0), 0);
}

TEST(CacheModelTest, AgreesWithEveryKeySimulated) {
  CacheWorld world;
  world.users = 3000;
  const auto model = CompileCache(Records(), RecordDemand(), world, 0);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->keys(), 20 * 500);
  for (double per_second : {30.0, 200.0, 1000.0}) {
    const double warm = BruteForce(*model, 60, 5, per_second, 900).warm;
    EXPECT_NEAR(model->HitRate(per_second * 60), warm, 0.01) << per_second;
    const double cold = BruteForce(*model, 60, 5, per_second, 60, 20).cold;
    EXPECT_NEAR(model->ColdHitRate(per_second * 57, 57), cold, 0.02) << per_second;
    std::printf("%.0f/s: warm %.4f, simulated %.4f; cold %.4f, simulated %.4f\n", per_second,
                model->HitRate(per_second * 60), warm, model->ColdHitRate(per_second * 57, 57),
                cold);
  }
}

// Grouping keys of nearly equal rates changes nothing that matters.
TEST(CacheModelTest, SharesAddUp) {
  CacheWorld world;
  world.users = 100;
  const auto model = CompileCache(Records(), RecordDemand(), world, 0);
  ASSERT_TRUE(model.ok()) << model.status();
  double reads = 0;
  double writes = 0;
  for (const CacheModel::Group& group : model->groups()) {
    reads += group.keys * group.reads;
    writes += group.keys * group.writes;
  }
  EXPECT_NEAR(reads, 3.0 / 5, 1e-9);
  EXPECT_NEAR(writes, 2.0 / 5, 1e-9);
  EXPECT_LT(model->groups().size(), 600u);
}

TEST(CacheModelTest, SaysWhyItCannot) {
  const CacheWorld world;
  model::OperationDemand demand = RecordDemand();
  demand.set_cache_ttl_seconds(0);
  EXPECT_THAT(std::string(CompileCache(Records(), demand, world, 0).status().message()),
              HasSubstr("states no cache_ttl_seconds"));
  EXPECT_TRUE(CompileCache(Records(), demand, world, 30).ok());
  model::Scenario scenario = Records();
  scenario.mutable_journeys(0)->mutable_steps(0)->mutable_request()->set_path("/ehr/${found}");
  EXPECT_THAT(std::string(CompileCache(scenario, RecordDemand(), world, 0).status().message()),
              HasSubstr("${found} in the path of step PATIENT.ehr.comprehensive"));
}

// In the engine: cold at first, warm after a TTL, higher under more load; without TTLs the
// profile's rate with a warning.
TEST(CacheInTheEngineTest, FillsAndFollowsTheLoad) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.replications = 1;
  inputs.options.ramp_seconds = 0;
  inputs.options.duration_seconds = 100;
  inputs.options.step_seconds = 2;
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    if (demand.cacheable()) demand.set_cache_ttl_seconds(30);
  }
  const auto hit_rates = [&] {
    const auto results = inputs.Run();
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? results->front().series[kCacheHitRate] : std::vector<double>(50, 0);
  };
  inputs.options.users = 2000;
  const std::vector<double> few = hit_rates();
  EXPECT_LT(few[0], 0.3);
  EXPECT_GT(few[10], few[1]);
  inputs.options.users = 20000;
  const std::vector<double> many = hit_rates();
  EXPECT_GT(many[40], few[40]);
}

TEST(CacheInTheEngineTest, FallsBackWithAWarning) {
  TestInputs inputs = TestInputs::FromFiles();
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  int told = 0;
  for (const std::string& warning : result->provenance().warnings()) {
    told += warning.find("hit rate taken from calibration") != std::string::npos;
  }
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace simulator
