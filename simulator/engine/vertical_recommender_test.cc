#include "simulator/engine/vertical_recommender.h"

#include <cmath>

#include "gtest/gtest.h"

namespace simulator {
namespace {

// The start of the first bucket above `cores`: 0.01 (1.05^n - 1) / 0.05.
double BucketEnd(double cores) {
  double end = 0;
  for (int n = 1; end <= cores; ++n) end = 0.01 * (std::pow(1.05, n) - 1) / 0.05;
  return end;
}

TEST(VerticalRecommenderTest, TargetIsTheBucketOfTheNinetiethPercentilePlusFifteenPercent) {
  VerticalRecommender recommender;
  EXPECT_EQ(recommender.Recommend().target_cores, 0);
  for (int i = 0; i < 100; ++i) {  // all within minutes: no decay to speak of
    recommender.Add(i * kSecond, i < 85 ? 0.2 : 0.6, 0.5);
  }
  EXPECT_NEAR(recommender.Recommend().target_cores, 1.15 * BucketEnd(0.6), 1e-9);
  VerticalRecommender calm;
  for (int i = 0; i < 100; ++i) calm.Add(i * kSecond, i % 20 == 0 ? 0.6 : 0.2, 0.5);
  EXPECT_NEAR(calm.Recommend().target_cores, 1.15 * BucketEnd(0.2), 1e-9);
}

// 80 samples of 0.6, a day later 20 of 0.2 that weigh twice as much: 80 to 40, the 90th percentile
// is still 0.6; three more days and it is 80 to 20 x 16.
TEST(VerticalRecommenderTest, WeightsHalveEachDay) {
  for (const auto& [days, target] : {std::pair{1, 0.6}, std::pair{6, 0.2}}) {
    VerticalRecommender recommender;
    for (int i = 0; i < 80; ++i) recommender.Add(0, 0.6, 0.5);
    for (int i = 0; i < 20; ++i) recommender.Add(days * 86'400 * kSecond, 0.2, 0.5);
    EXPECT_NEAR(recommender.Recommend().target_cores, 1.15 * BucketEnd(target), 1e-9) << days;
  }
}

TEST(VerticalRecommenderTest, NeverBelowTwentyFiveMillicores) {
  VerticalRecommender recommender;
  recommender.Add(0, 0.001, 0.5);
  EXPECT_EQ(recommender.Recommend().target_cores, 0.025);
}

// A whole day of samples, one a minute: c = 1.
TEST(VerticalRecommenderTest, BoundsNarrowWithTheHistory) {
  VerticalRecommender recommender;
  for (int i = 0; i <= 1440; ++i) recommender.Add(i * 60 * kSecond, 0.3, 0.5);
  const auto result = recommender.Recommend();
  EXPECT_NEAR(result.upper_cores, 1.15 * BucketEnd(0.3) * 2, 1e-3);
  EXPECT_NEAR(result.lower_cores, 1.15 * BucketEnd(0.3) / 1.002001, 1e-3);
}

}  // namespace
}  // namespace simulator
