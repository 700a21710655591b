#include "simulator/planning/stopping.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

using ::testing::HasSubstr;

Experiment Loaded() {
  const TestInputs inputs = TestInputs::Bare(200, 2.0, 0.008, 0);
  return {inputs.scenario, inputs.deployment, inputs.profile, ""};
}

RunOptions Short() {
  RunOptions options = TestInputs::Bare(200, 2.0, 0.008, 0).options;
  options.duration_seconds = 60;
  options.settle_seconds = 10;
  options.model_error = 0;
  return options;
}

TEST(StoppingTest, ReplicatesUntilTheQuantityIsPrecise) {
  RunOptions options = Short();
  options.precision = 0.05;
  options.precision_of = {"mean_ms", "throughput_per_second"};
  const auto result = Predict(Loaded(), options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->provenance().replications(), 3u);
  for (const model::Quantity& quantity : result->quantities()) {
    if (quantity.name() == "mean_ms") {
      EXPECT_LE(quantity.replication_part(), 0.05);
    }
  }
  options.threads = 1;
  const auto again = Predict(Loaded(), options);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->provenance().replications(), result->provenance().replications());
}

TEST(StoppingTest, SaysWhatItDidNotReach) {
  RunOptions options = Short();
  options.precision = 1e-6;
  options.precision_of = {"p95_ms"};
  options.maximum_replications = 5;
  const auto result = Predict(Loaded(), options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->provenance().replications(), 5u);
  std::string warnings;
  for (const std::string& warning : result->provenance().warnings()) warnings += warning + "\n";
  EXPECT_THAT(warnings, HasSubstr("not reached by 5 replications: p95_ms"));
  options.precision_of = {"p42_ms"};
  EXPECT_THAT(std::string(Predict(Loaded(), options).status().message()),
              HasSubstr("no quantity 'p42_ms'"));
}

// Users that all come at once to a slow system: the queue grows to its level for a while.
TEST(StoppingTest, MserRemovesTheFillingOfTheQueue) {
  RunOptions options = Short();
  options.settle_by_mser = true;
  options.duration_seconds = 600;
  const TestInputs inputs = TestInputs::Bare(2000, 20.0, 0.02, 0);
  const Experiment experiment{inputs.scenario, inputs.deployment, inputs.profile, ""};
  options.users = 2000;
  const auto compiled = CompileExperiment(experiment, options);
  ASSERT_TRUE(compiled.ok());
  const auto settle = FindSettleTime(*compiled, options);
  ASSERT_TRUE(settle.ok()) << settle.status();
  EXPECT_TRUE(settle->settled);
  EXPECT_GT(settle->seconds, 20);
  EXPECT_LT(settle->seconds, 300);
  const auto result = Predict(experiment, options);
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->measured_from_seconds(), settle->seconds, 0.01);
}

}  // namespace
}  // namespace simulator
