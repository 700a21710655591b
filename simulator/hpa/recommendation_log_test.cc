#include "simulator/hpa/recommendation_log.h"

#include "gtest/gtest.h"
#include "simulator/hpa/options.h"

namespace simulator::hpa {
namespace {

constexpr int64_t kWindow = 300 * kSecond;

RecommendationLog Log(std::vector<std::pair<int32_t, int64_t>> value_and_age) {
  std::vector<Recommendation> entries;
  for (const auto& [value, age_s] : value_and_age) entries.push_back({value, -age_s * kSecond});
  return RecommendationLog(std::move(entries));
}

std::vector<int32_t> Values(const RecommendationLog& log) {
  std::vector<int32_t> values;
  for (const Recommendation& entry : log.entries()) values.push_back(entry.replicas);
  return values;
}

TEST(RecommendationLogTest, LegacyWindowIncludesItsEnd) {
  RecommendationLog log = Log({{9, 300}});
  EXPECT_EQ(log.StabilizeLegacy(0, kWindow, 3), 9);
  EXPECT_EQ(Values(log), (std::vector<int32_t>{9, 3}));
}

TEST(RecommendationLogTest, LegacyOverwritesTheLastOldEntryInStorageOrder) {
  RecommendationLog log = Log({{10, 600}, {4, 60}, {5, 120}, {9, 540}});
  EXPECT_EQ(log.StabilizeLegacy(0, kWindow, 3), 5);
  EXPECT_EQ(Values(log), (std::vector<int32_t>{10, 4, 5, 3}));
}

TEST(RecommendationLogTest, BehaviorWindowExcludesItsEndAndDoesNotReuseIt) {
  RecommendationLog log = Log({{9, 300}});
  EXPECT_EQ(log.StabilizeByBehavior(0, 0, kWindow, 9, 3), 3);
  EXPECT_EQ(Values(log), (std::vector<int32_t>{9, 3}));
}

TEST(RecommendationLogTest, BothWindowsLeaveAnOscillationAlone) {
  RecommendationLog log = Log({{2, 6000}, {3, 180}});
  EXPECT_EQ(log.StabilizeByBehavior(0, kWindow, kWindow, 2, 1), 2);
  EXPECT_EQ(Values(log), (std::vector<int32_t>{1, 3}));
}

TEST(RecommendationLogTest, UpGoesToTheLowestRecent) {
  RecommendationLog log = Log({{4, 120}, {5, 60}});
  EXPECT_EQ(log.StabilizeByBehavior(0, kWindow, 0, 1, 7), 4);
}

TEST(RecommendationLogTest, LogStaysBounded) {
  RecommendationLog log;
  for (int i = 0; i < 10'000; ++i) log.StabilizeLegacy(i * 15 * kSecond, kWindow, 5);
  EXPECT_LE(log.entries().size(), 22);
}

}  // namespace
}  // namespace simulator::hpa
