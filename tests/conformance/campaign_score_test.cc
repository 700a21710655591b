#include "tests/conformance/campaign_score.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace conformance {
namespace {

Record Measured(int restart, double mean_ms, double throughput, double error_rate = 0) {
  Record record;
  record.point.restart = restart;
  record.point.valid = restart != 3;
  record.point.figures = {mean_ms, mean_ms, 2 * mean_ms, 3 * mean_ms, throughput, error_rate};
  return record;
}

PlannedPoint Planned(double share) {
  PlannedPoint point;
  point.variant = share > 0 ? "pods-2" : "crossing";
  point.share = share;
  point.users = 800;
  point.predicted = {1.04, 1, 2.5, 3.3, 1000, 0};
  return point;
}

TEST(CampaignScoreTest, TheMedianIsScoredAndTheTableCanBePasted) {
  CampaignScore score;
  score.points = {ScoreRecords(
      Planned(0.5), {Measured(1, 1.1, 990), Measured(2, 1.0, 1000), Measured(3, 0.9, 1010)})};
  EXPECT_EQ(score.scored(), 4);
  EXPECT_EQ(score.missed(), 1);  // p95: 2.5 for 2.0
  const std::string table = CampaignTable(score);
  EXPECT_TRUE(absl::StrContains(table,
                                "| pods-2, 50 % (800 users, 3 restarts, 1 invalid runs) | mean ms "
                                "| 1.04 | 1.00 | 0.90 .. 1.10 | +4.0 % | 5 % | within |\n"))
      << table;
  EXPECT_TRUE(absl::StrContains(
      table, "|  | p95 ms | 2.50 | 2.00 | 1.80 .. 2.20 | +25.0 % | 10 % | miss |\n"))
      << table;
  EXPECT_FALSE(absl::StrContains(table, "errors")) << table;
  EXPECT_TRUE(absl::StrContains(
      CampaignSummary(score),
      "| pods-2 | 50 % | +0.0 % | +4.0 % | +25.0 %* | +10.0 % | 2.50 / 2.00 (1.80 .. 2.20) | 3 |"))
      << CampaignSummary(score);
  EXPECT_TRUE(absl::StrContains(CampaignJson(score), "\"missed\":1")) << CampaignJson(score);
}

TEST(CampaignScoreTest, ErrorsHaveARowWhereThereAreSome) {
  const auto scored = ScoreRecords(Planned(0.5), {Measured(1, 1, 1000, 0.61)});
  EXPECT_EQ(scored.scores.back().figure, "error_rate");
  EXPECT_EQ(scored.scores.back().tolerance, 0);
}

TEST(CampaignScoreTest, ACrossingIsScoredByItsUsers) {
  Record reached = Measured(1, 1, 1000);
  reached.crossing = MeasuredCrossing{780, true, {}};
  Record bound = Measured(2, 1, 1000);
  bound.crossing = MeasuredCrossing{820, false, {}};
  CampaignScore score;
  score.points = {ScoreRecords(Planned(0), {reached, bound})};
  ASSERT_EQ(score.points[0].scores.size(), 1u);
  EXPECT_EQ(score.points[0].scores[0].centre, 800);
  EXPECT_EQ(score.points[0].not_reached, 1);
  EXPECT_EQ(score.missed(), 0);
  EXPECT_TRUE(absl::StrContains(CampaignTable(score), "not reached in 1: lower bound"));
}

}  // namespace
}  // namespace conformance
