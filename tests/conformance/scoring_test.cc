#include "tests/conformance/scoring.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/histogram.h"

namespace conformance {
namespace {

TEST(Median, OfOddAndEvenNumbers) {
  EXPECT_DOUBLE_EQ(Median({3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(Median({4, 1, 2, 3}), 2.5);
  EXPECT_TRUE(std::isnan(Median({})));
}

TEST(MakeScore, ComparesWithTheMedianAndKeepsTheSpread) {
  const Score score = MakeScore("p95_ms", 11, {9, 10, 14}, 0.1);
  EXPECT_DOUBLE_EQ(score.centre, 10);
  EXPECT_DOUBLE_EQ(score.low, 9);
  EXPECT_DOUBLE_EQ(score.high, 14);
  EXPECT_DOUBLE_EQ(score.error, 0.1);
  EXPECT_TRUE(score.within());
  EXPECT_FALSE(MakeScore("p95_ms", 11.1, {10}, 0.1).within());
  EXPECT_FALSE(MakeScore("p95_ms", 8.9, {10}, 0.1).within());
}

TEST(MakeScore, WithoutMeasurementsNothingIsWithin) {
  EXPECT_FALSE(MakeScore("p95_ms", 11, {}, 0.1).within());
}

TEST(ScorePoint, HasAToleranceForEachFigureButTheMedian) {
  Figures predicted{.mean_ms = 1.04, .p50_ms = 2, .p95_ms = 1.2, .p99_ms = 1.2, .throughput = 1.02};
  Figures measured{.mean_ms = 1, .p50_ms = 1, .p95_ms = 1, .p99_ms = 1, .throughput = 1};
  const std::vector<Score> scores = ScorePoint(predicted, {measured});
  ASSERT_EQ(scores.size(), 5u);
  EXPECT_TRUE(scores[0].within());
  EXPECT_EQ(scores[1].tolerance, 0);
  EXPECT_FALSE(scores[2].within());
  EXPECT_TRUE(scores[3].within());
  EXPECT_TRUE(scores[4].within());
}

TEST(FiguresOf, ReadsTheTotal) {
  model::Histogram times;
  for (int i = 1; i <= 100; ++i) times.Record(absl::Milliseconds(i));
  model::Result result;
  *result.mutable_total()->mutable_response_time() = times.ToProto();
  result.mutable_total()->set_requests(100);
  (*result.mutable_total()->mutable_outcomes())["ok"] = 99;
  (*result.mutable_total()->mutable_outcomes())["timeout"] = 1;
  result.set_measured_seconds(4);
  const Figures figures = FiguresOf(result);
  EXPECT_NEAR(figures.mean_ms, 50.5, 0.1);
  EXPECT_NEAR(figures.p95_ms, 95, 0.1);
  EXPECT_NEAR(figures.p99_ms, 99, 0.1);
  EXPECT_DOUBLE_EQ(figures.throughput, 25);
  EXPECT_DOUBLE_EQ(figures.error_rate, 0.01);
}

TEST(Crossing, InterpolatesInTheLogarithm) {
  auto crossing = Crossing({{120, 160}, {100, 10}, {110, 40}}, 40);
  ASSERT_TRUE(crossing.ok());
  EXPECT_DOUBLE_EQ(*crossing, 110);
  crossing = Crossing({{100, 10}, {110, 40}}, 20);
  ASSERT_TRUE(crossing.ok());
  EXPECT_NEAR(*crossing, 105, 1e-9);
}

TEST(Crossing, TakesTheMedianOfRepeats) {
  auto crossing = Crossing({{100, 10}, {110, 1000}, {110, 40}, {110, 39}}, 20);
  ASSERT_TRUE(crossing.ok());
  EXPECT_NEAR(*crossing, 105, 1e-9);
}

TEST(Crossing, OnOneSideIsAnError) {
  EXPECT_EQ(Crossing({{100, 10}, {110, 40}}, 50).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Crossing({{100, 10}, {110, 40}}, 5).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Crossing({}, 5).status().code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace conformance
