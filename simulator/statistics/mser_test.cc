#include "simulator/statistics/mser.h"

#include <cmath>

#include "base/random.h"
#include "gtest/gtest.h"

namespace simulator {
namespace {

std::vector<double> Series(size_t n, size_t warm_up, double height) {
  base::RandomStream random(5, 0, "test", "series");
  std::vector<double> series(n);
  for (size_t i = 0; i < n; ++i) {
    series[i] = random.Normal(10, 1) +
                height * std::exp(-3 * static_cast<double>(i) / static_cast<double>(warm_up));
  }
  return series;
}

TEST(MserTest, CutsOffAWarmUpAndNotMuchMore) {
  const Truncation truncation = Mser5(Series(1000, 100, 20));
  EXPECT_TRUE(truncation.settled);
  EXPECT_GE(truncation.observations, 75u);   // 2 of 20 left
  EXPECT_LE(truncation.observations, 250u);  // less than a hundredth of the height left long since
}

TEST(MserTest, CutsOffLittleOfASteadySeries) {
  const Truncation truncation = Mser5(Series(1000, 100, 0));
  EXPECT_TRUE(truncation.settled);
  EXPECT_LE(truncation.observations, 300u);
}

TEST(MserTest, AStepIsCutWhereItIs) {
  std::vector<double> series(400, 1.0);
  for (size_t i = 0; i < 100; ++i) series[i] = 5;
  EXPECT_EQ(Mser5(series).observations, 100u);
  series[150] = std::nan("");
  EXPECT_EQ(Mser5(series).observations, 100u);
}

TEST(MserTest, SaysWhenItDoesNotSettle) {
  std::vector<double> growing(1000);
  for (size_t i = 0; i < growing.size(); ++i) growing[i] = static_cast<double>(i * i);
  EXPECT_FALSE(Mser5(growing).settled);
  EXPECT_FALSE(Mser5({1, 2, 3}).settled);
}

}  // namespace
}  // namespace simulator
