#include "simulator/planning/storm_map.h"

#include <cstdio>

#include "gtest/gtest.h"
#include "simulator/engine/storm.h"
#include "simulator/planning/retry_threshold.h"

namespace simulator {
namespace {

struct Inputs {
  Experiment experiment;
  RunOptions options;
};

Inputs Of(const TestInputs& storm) {
  return {{storm.scenario, storm.deployment, storm.profile, ""}, storm.options};
}

RetryThreshold Arithmetic(const Inputs& inputs, uint64_t users) {
  RunOptions options = inputs.options;
  options.users = users;
  const auto compiled = CompileExperiment(inputs.experiment, options);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return compiled.ok()
             ? ThresholdOf(compiled->workload, compiled->system, static_cast<double>(users))
             : RetryThreshold();
}

// By hand: 20 servers x 80 ms = 250/s; N / 60.08; 4 N / (60 + 4).
TEST(RetryThresholdTest, IsTheClosedLoopArithmetic) {
  const Inputs inputs = Of(Storm(3));
  const RetryThreshold threshold = Arithmetic(inputs, 10000);
  EXPECT_DOUBLE_EQ(threshold.capacity, 250);
  EXPECT_NEAR(threshold.normal, 10000 / 60.08, 1e-6);
  EXPECT_DOUBLE_EQ(threshold.collapsed, 625);
  EXPECT_DOUBLE_EQ(threshold.lower_users, 4000);
  EXPECT_NEAR(threshold.upper_users, 15020, 1e-6);
  EXPECT_TRUE(threshold.Stuck());
  EXPECT_EQ(threshold.leaves_out, "");
  EXPECT_FALSE(Arithmetic(inputs, 3900).Stuck());
}

TEST(RetryThresholdTest, PausesCountAndBudgetsAreLeftOut) {
  TestInputs storm = Storm(2);
  model::Retry& retry = *storm.scenario.mutable_retry();
  retry.set_first_backoff_seconds(1);
  retry.set_backoff_factor(2);
  retry.set_jitter(0.5);
  retry.set_budget(0.1);
  const RetryThreshold threshold = Arithmetic(Of(storm), 10000);
  EXPECT_NEAR(threshold.collapsed, 10000 * 3 / (60 + 3 + 0.75 * (1 + 2)), 1e-9);
  EXPECT_EQ(threshold.leaves_out, "the retry budget");
}

TEST(StormMapTest, TheBoundaryIsThatOfTheArithmetic) {
  for (uint32_t repeats : {3u, 1u}) {
    const Inputs inputs = Of(Storm(repeats));
    const double expected = Arithmetic(inputs, 10000).lower_users;
    const auto boundary =
        StuckBoundary(inputs.experiment, inputs.options, {}, static_cast<uint64_t>(0.8 * expected),
                      static_cast<uint64_t>(1.2 * expected));
    ASSERT_TRUE(boundary.ok()) << boundary.status();
    std::printf("%u repeats: stuck from %.0f users on, arithmetic %.0f: %+.2f %%\n", repeats,
                *boundary, expected, 100 * (*boundary / expected - 1));
    EXPECT_NEAR(*boundary, expected, 0.02 * expected);
  }
}

TEST(StormMapTest, CellsTellTheStatesApart) {
  const Inputs inputs = Of(Storm(3));
  const StormSetting setting;
  const auto state = [&](uint64_t users, double speed) {
    const auto cell = RunStorm(inputs.experiment, inputs.options, setting, users, speed);
    EXPECT_TRUE(cell.ok()) << cell.status();
    return std::string(StormStateName(cell.ok() ? cell->state : StormState::kStuck));
  };
  EXPECT_EQ(state(10000, 0.5), "stuck");
  EXPECT_EQ(state(10000, 0.95), "unharmed");
  EXPECT_EQ(state(3800, 0), "draining");
  EXPECT_EQ(state(2000, 0), "recovered");
  EXPECT_EQ(state(20000, 0.95), "overloaded");
}

TEST(StormMapTest, LoadUpAndDownGivesTwoBranches) {
  Inputs inputs = Of(Storm(3));
  inputs.options.worker_queue_limit = 50;
  const auto points = RunHysteresis(inputs.experiment, inputs.options, {3000, 9000, 18000}, 200);
  ASSERT_TRUE(points.ok()) << points.status();
  ASSERT_EQ(points->size(), 5u);
  EXPECT_NEAR((*points)[1].goodput, 9000 / 60.08, 10);  // up: all is well
  EXPECT_LT((*points)[2].goodput, 50);
  EXPECT_TRUE((*points)[3].down);
  EXPECT_LT((*points)[3].goodput, 50);                 // the same load, coming down
  EXPECT_NEAR((*points)[4].goodput, 3000 / 60.08, 6);  // below 4000 users
}

}  // namespace
}  // namespace simulator
