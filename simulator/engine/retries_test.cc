#include "gtest/gtest.h"
#include "simulator/engine/storm.h"

// Normal load N / (Z + S) = 166/s; with R repeats the collapsed system is offered
// N (R + 1) / (Z + (R + 1) T) = 625/s (R = 3) or 323/s (R = 1), more than the 250/s it can do.
namespace simulator {
namespace {

TestInputs WithBudget(double budget) {
  TestInputs inputs = Storm(3);
  inputs.scenario.mutable_retry()->set_budget(budget);
  return inputs;
}

TEST(RetryStormTest, ThreeRepeatsStayStuck) {
  const Story story = Tell("3 repeats", Storm(3));
  EXPECT_NEAR(story.before, 166, 6);
  EXPECT_LT(story.at_the_end, 1);
  EXPECT_NEAR(story.attempts_at_the_end, 625, 10);
  EXPECT_EQ(story.recovered_after, -1);
}

TEST(RetryStormTest, OneRepeatIsEnoughToStayStuck) {
  const Story story = Tell("1 repeat", Storm(1));
  EXPECT_LT(story.at_the_end, 1);
  EXPECT_NEAR(story.attempts_at_the_end, 322.6, 6);
}

TEST(RetryStormTest, WithoutRepeatsItIsBackInSeconds) {
  const Story story = Tell("no repeats", Storm(0));
  EXPECT_NEAR(story.at_the_end, 166, 4);
  EXPECT_NEAR(story.attempts_at_the_end, 166, 4);
  EXPECT_GE(story.recovered_after, 5);
  EXPECT_LE(story.recovered_after, 20);
}

TEST(RetryStormTest, ABudgetOfATenthComesBack) {
  const Story story = Tell("3 repeats, 10 % budget", WithBudget(0.1));
  EXPECT_NEAR(story.at_the_end, 166, 4);
  EXPECT_GE(story.recovered_after, 5);
  EXPECT_LE(story.recovered_after, 35);
}

TEST(RetryStormTest, ASmallTriggerDoesNothing) {
  const Story story = Tell("3 repeats, trigger to 80 %", Storm(3, 0.8));
  EXPECT_NEAR(story.at_the_end, 166, 4);
  EXPECT_LT(story.attempts_at_the_end, 170);
}

// Counting: with every attempt refused by the client's patience, each request has R + 1 attempts,
// and the server's answers all come too late.
TEST(RetriesTest, AttemptsAreCountedApartFromRequests) {
  TestInputs inputs = Storm(2);
  inputs.options.users = 50;
  inputs.options.duration_seconds = 1200;
  inputs.options.think_time_seconds = 5;
  inputs.options.slowdown = {};
  inputs.options.settle_seconds = 100;
  inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_mean(1.5);
  inputs.scenario.mutable_retry()->set_first_backoff_seconds(0.5);
  inputs.scenario.mutable_retry()->set_backoff_factor(2);
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  const double requests = QuantityOf(*result, "throughput_per_second");
  EXPECT_NEAR(requests, 50 / (5 + 3 * 1.0 + 0.5 + 1.0), 0.3);  // think, timeouts, pauses
  EXPECT_NEAR(QuantityOf(*result, "attempts_per_second"), 3 * requests, 0.1);
  EXPECT_EQ(QuantityOf(*result, "goodput_per_second"), 0);
  EXPECT_EQ(QuantityOf(*result, "error_rate"), 1);
  EXPECT_EQ(QuantityOf(*result, "wasted_answers_share"), 1);
  EXPECT_NEAR(QuantityOf(*result, "mean_ms"), 4500, 10);
}

}  // namespace
}  // namespace simulator
