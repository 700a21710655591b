#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

// The experiment of a metastable failure: 10,000 users with 60 s think time ask for 167 requests/s
// of 20 servers x 80 ms (250/s); their client gives up after a second. From 300 s on the servers
// have half their speed for 30 s. Normal load N / (Z + S) = 166/s; with R repeats the collapsed
// system is offered N (R + 1) / (Z + (R + 1) T) = 625/s (R = 3) or 323/s (R = 1), more than it can
// do.
namespace simulator {
namespace {

constexpr double kTrigger = 300;
constexpr double kTriggerEnd = 330;
constexpr double kEnd = 1200;

TestInputs Experiment(uint32_t repeats, double budget, double factor) {
  TestInputs inputs = TestInputs::Bare(10000, 60, 0.080, 0);
  inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_scv(0);
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_workers(20);
  api.set_limit_millicores(20000);
  api.set_connections_per_worker(1);
  model::Service& service = *inputs.deployment.add_services();
  service.add_workloads("api");
  service.set_balancing("per_request");
  model::Retry& retry = *inputs.scenario.mutable_retry();
  retry.set_attempts(repeats);
  retry.set_timeout_seconds(1);
  retry.set_budget(budget);
  inputs.options.duration_seconds = kEnd;
  inputs.options.settle_seconds = 600;
  inputs.options.step_seconds = 5;
  inputs.options.replications = 1;
  inputs.options.worker_queue_limit = 1u << 20;  // as in the experiment: nothing is turned away
  inputs.options.slowdown = {kTrigger, kTriggerEnd - kTrigger, factor};
  return inputs;
}

struct Story {
  double before = 0;      // mean goodput/s in the 100 s before the trigger
  double at_the_end = 0;  // in the last 300 s
  double attempts_at_the_end = 0;
  double recovered_after = -1;  // s after the trigger until goodput stays above 80 %; -1: never
};

Story Tell(const TestInputs& inputs) {
  const auto results = inputs.Run();
  EXPECT_TRUE(results.ok()) << results.status();
  Story story;
  if (!results.ok()) return story;
  const auto& goodput = results->front().series[kGoodput];
  const auto& attempts = results->front().series[kAttempts];
  const auto mean = [](const std::vector<double>& values, double from, double to) {
    double sum = 0;
    for (size_t i = static_cast<size_t>(from / 5); i < static_cast<size_t>(to / 5); ++i) {
      sum += values[i] * 5;
    }
    return sum / (to - from);
  };
  story.before = mean(goodput, kTrigger - 100, kTrigger);
  story.at_the_end = mean(goodput, kEnd - 300, kEnd - 5);
  story.attempts_at_the_end = mean(attempts, kEnd - 300, kEnd - 5);
  size_t step = goodput.size();
  while (step > 0 && goodput[step - 1] > 0.8 * story.before) --step;
  if (step < goodput.size()) {
    story.recovered_after = std::max(0.0, static_cast<double>(step) * 5 - kTriggerEnd);
  }
  std::printf("goodput/s before %.1f, last 300 s %.1f; attempts/s %.1f; back after %.0f s\n",
              story.before, story.at_the_end, story.attempts_at_the_end, story.recovered_after);
  return story;
}

TEST(RetryStormTest, ThreeRepeatsStayStuck) {
  const Story story = Tell(Experiment(3, 0, 0.5));
  EXPECT_NEAR(story.before, 166, 6);
  EXPECT_LT(story.at_the_end, 1);
  EXPECT_NEAR(story.attempts_at_the_end, 625, 10);
  EXPECT_EQ(story.recovered_after, -1);
}

TEST(RetryStormTest, OneRepeatIsEnoughToStayStuck) {
  const Story story = Tell(Experiment(1, 0, 0.5));
  EXPECT_LT(story.at_the_end, 1);
  EXPECT_NEAR(story.attempts_at_the_end, 322.6, 6);
}

TEST(RetryStormTest, WithoutRepeatsItIsBackInSeconds) {
  const Story story = Tell(Experiment(0, 0, 0.5));
  EXPECT_NEAR(story.at_the_end, 166, 4);
  EXPECT_NEAR(story.attempts_at_the_end, 166, 4);
  EXPECT_GE(story.recovered_after, 5);
  EXPECT_LE(story.recovered_after, 20);
}

TEST(RetryStormTest, ABudgetOfATenthComesBack) {
  const Story story = Tell(Experiment(3, 0.1, 0.5));
  EXPECT_NEAR(story.at_the_end, 166, 4);
  EXPECT_GE(story.recovered_after, 5);
  EXPECT_LE(story.recovered_after, 35);
}

TEST(RetryStormTest, ASmallTriggerDoesNothing) {
  const Story story = Tell(Experiment(3, 0, 0.8));
  EXPECT_NEAR(story.at_the_end, 166, 4);
  EXPECT_LT(story.attempts_at_the_end, 170);
}

// Counting: with every attempt refused by the client's patience, each request has R + 1 attempts,
// and the server's answers all come too late.
TEST(RetriesTest, AttemptsAreCountedApartFromRequests) {
  TestInputs inputs = Experiment(2, 0, 0.5);
  inputs.options.users = 50;
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
