#include "simulator/hpa/quantity.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace simulator::hpa {
namespace {

TEST(QuantityTest, RoundsUpToMilliUnits) {
  EXPECT_EQ(MilliFromNano(1'000'100), 2);  // 1.0001 m of CPU counts as 2 m
  EXPECT_EQ(MilliFromNano(1'000'000), 1);
  EXPECT_EQ(MilliFromNano(0), 0);
  EXPECT_EQ(MilliFromDouble(0.0010001), 2);
  EXPECT_EQ(MilliFromDouble(15), 15'000);
  EXPECT_EQ(MilliFromDouble(1e30), std::numeric_limits<int64_t>::max());
}

TEST(QuantityTest, ToleranceKeepsTheControllersRounding) {
  EXPECT_EQ(ToleranceFromQuantity(3, -1), 0.30000000000000004);
  EXPECT_EQ(ToleranceFromQuantity(1, -1), 0.1);
  EXPECT_EQ(ToleranceFromQuantity(2, 0), 2.0);
}

TEST(QuantityTest, SaturatesInsteadOfWrapping) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(SaturatingAdd(kMax, 1), kMax);
  EXPECT_EQ(SaturatingAdd(-kMax, -kMax), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(SaturatingReplicas(1e19), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(SaturatingReplicas(62.99999999999999), 62);
  EXPECT_EQ(SaturatingReplicas(std::nan("")), 0);
}

}  // namespace
}  // namespace simulator::hpa
