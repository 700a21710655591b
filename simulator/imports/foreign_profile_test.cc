#include "simulator/imports/foreign_profile.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "model/histogram.h"

namespace simulator {
namespace {

// Windows of a service that needs 2 ms of CPU for `read` and 4 ms for `add`, its database 1 and 3.
ForeignObservation Seen() {
  ForeignObservation seen;
  seen.operations = {"add", "read"};
  for (int i = 0; i < 12; ++i) {
    const double adds = 10 + 5 * (i % 4);
    const double reads = 100 - 10 * (i % 3);
    ForeignWindow window;
    window.seconds = 2;
    window.requests = {adds, reads};
    window.used["server_cpu_seconds"] = 0.004 * adds + 0.002 * reads + 1e-6 * (i % 2);
    window.used["database_cpu_seconds"] = 0.003 * adds + 0.001 * reads + 1e-6 * (i % 2);
    window.used["database_statements"] = adds + reads;
    seen.windows.push_back(window);
  }
  return seen;
}

LoadTest LowLoad() {
  LoadTest test;
  test.operations = {"add", "read"};
  test.share = {0.2, 0.8};
  test.mean_response_seconds = 0.5;  // one stall
  // CPU, two hops of 0.25 ms, and a flush of 6 ms of `add`.
  test.typical["add"] = {0.007 + 0.0005 + 0.006, 0};
  test.typical["read"] = {0.003 + 0.0005, 0};
  return test;
}

Queries Asked() {
  Queries queries;
  queries.given["flush_seconds"] = 0.006;
  queries.commits_waited["add"] = 1;
  return queries;
}

TEST(ForeignProfileTest, TheRoundTripIsWhatRemainsOfTheMedian) {
  const auto profile = ForeignProfile(Seen(), LowLoad(), Asked());
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_NEAR(profile->operations(0).server_cpu_seconds().mean(), 0.004, 2e-5);
  EXPECT_NEAR(profile->operations(1).database_cpu_seconds().mean(), 0.001, 2e-5);
  EXPECT_NEAR(profile->redis().network_round_trip_seconds(), 0.00025, 2e-5);
}

TEST(ForeignProfileTest, WithoutMediansItIsWhatRemainsOfTheMean) {
  LoadTest test = LowLoad();
  test.typical.clear();
  const auto profile = ForeignProfile(Seen(), test, Asked());
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_GT(profile->redis().network_round_trip_seconds(), 0.2);
  EXPECT_EQ(profile->operations(0).server_cpu_seconds().scv(), 1);
}

TEST(ForeignProfileTest, TheSpreadOfResponsesBoundsThatOfDemands) {
  LoadTest test = LowLoad();
  // Standard deviation 1 ms of demands of 2 and 1 ms: 1 / (4 + 1).
  test.typical["read"].interquartile_seconds = 0.001349;
  test.typical["add"].interquartile_seconds = 0.1;
  const auto profile = ForeignProfile(Seen(), test, Asked());
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->operations(0).server_cpu_seconds().scv(), 1);
  EXPECT_NEAR(profile->operations(1).server_cpu_seconds().scv(), 0.2, 0.01);
  EXPECT_NEAR(profile->operations(1).database_cpu_seconds().scv(), 0.2, 0.01);
}

TEST(LoadTestTest, QuantilesOfAResultAndTheMedianOfASummary) {
  model::Result result;
  model::Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.Record(i * 1'000'000);
  model::OperationResult& operation = *result.add_operations();
  operation.set_operation("read");
  operation.set_requests(1000);
  *operation.mutable_service_time() = histogram.ToProto();
  *result.mutable_total() = operation;
  const auto test = LoadTestOf(result);
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_NEAR(test->typical.at("read").median_seconds, 0.5, 0.01);
  EXPECT_NEAR(test->typical.at("read").interquartile_seconds, 0.5, 0.01);
  K6Summary summary;
  summary.trend = {{"avg", 12.5}, {"med", 9.5}};
  EXPECT_DOUBLE_EQ(LoadTestOf(summary, "all").typical.at("all").median_seconds, 0.0095);
}

}  // namespace
}  // namespace simulator
