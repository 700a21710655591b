#include "simulator/statistics/interval.h"

#include <cmath>

#include "base/random.h"
#include "gtest/gtest.h"

namespace simulator {
namespace {

TEST(IntervalTest, StudentQuantiles) {
  EXPECT_NEAR(StudentT975(2), 4.302653, 1e-6);
  EXPECT_NEAR(StudentT975(40), 2.021075, 1e-4);
  EXPECT_NEAR(StudentT975(1000), 1.962339, 1e-5);
}

TEST(IntervalTest, MeanAndHalfWidth) {
  const Interval interval = MeanInterval({1, 2, 3});
  EXPECT_DOUBLE_EQ(interval.mean, 2);
  EXPECT_NEAR(interval.half_width, 4.302653 / std::sqrt(3.0), 1e-6);
  EXPECT_TRUE(std::isnan(MeanInterval({5}).half_width));
}

TEST(IntervalTest, CoversTheTruthAsOftenAsItSays) {
  base::RandomStream random(1, 0, "test", "coverage");
  int covered = 0;
  constexpr int kRuns = 4000;
  for (int i = 0; i < kRuns; ++i) {
    std::vector<double> values(4);
    for (double& value : values) value = random.Normal(10, 3);
    const Interval interval = MeanInterval(values);
    covered += std::abs(interval.mean - 10) <= interval.half_width;
  }
  EXPECT_NEAR(covered / static_cast<double>(kRuns), 0.95, 0.0138);  // 4 standard errors
}

}  // namespace
}  // namespace simulator
