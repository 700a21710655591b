#include "tests/conformance/campaign_plan.h"

#include <map>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace conformance {
namespace {

TEST(CampaignPlanTest, CoversEveryVariantAndEveryHostFitsTwoCores) {
  const CampaignSettings settings;
  const auto points = PlanCampaign(settings);
  std::set<std::string> ids;
  std::map<std::string, int> variants;
  for (const PlannedPoint& point : points) {
    EXPECT_TRUE(ids.insert(point.id()).second) << point.id();
    ++variants[point.variant];
    EXPECT_TRUE(CheckLimits(point.limits, 2).ok()) << point.id();
    // The kernel refuses a quota below 1 ms.
    EXPECT_GE(point.limits.server_cores * point.limits.period, absl::Microseconds(999));
  }
  for (const char* variant : {"base", "pods-1", "pods-2", "pods-3", "pods-4", "pool-1", "pool-4",
                              "pool-8", "pool-16", "think-constant", "think-lognormal", "cache-off",
                              "cache-lost", "connections-violated", "crossing"}) {
    EXPECT_TRUE(variants.contains(variant)) << variant;
  }
  EXPECT_EQ(variants["base"], 3);
}

TEST(CampaignPlanTest, FiveRestartsOfEverythingTakeLessThanThreeQuartersOfAnHour) {
  const CampaignSettings settings;
  const auto units = UnitsLeft(PlanCampaign(settings), 5, {});
  EXPECT_LT(Estimate(units, settings), absl::Minutes(45));
  for (const Unit& unit : units) EXPECT_LT(Estimate(unit, settings), absl::Minutes(4)) << unit.host;
}

TEST(CampaignPlanTest, ChoosesByVariantAndByFamily) {
  const auto points = PlanCampaign({});
  EXPECT_EQ(Choose(points, "")->size(), points.size());
  EXPECT_EQ(Choose(points, "pods-4")->size(), 2u);
  EXPECT_EQ(Choose(points, "pods,base")->size(), 11u);
  const auto wrong = Choose(points, "base,podz");
  EXPECT_TRUE(absl::StrContains(wrong.status().message(), "'podz'")) << wrong.status();
  EXPECT_TRUE(absl::StrContains(wrong.status().message(), "cache-lost")) << wrong.status();
}

TEST(CampaignPlanTest, UsersAreAShareOfWhatAllPodsCanDo) {
  const CampaignSettings settings;
  for (const PlannedPoint& point : PlanCampaign(settings)) {
    if (point.id() == "base-50") {
      EXPECT_EQ(UsersOf(point, settings, 6000), 1500u);
    }
    // 3 x 0.1 cores are as many as the calibrated pod has.
    if (point.id() == "pods-3-50") {
      EXPECT_EQ(UsersOf(point, settings, 6000), 1500u);
    }
    if (point.id() == "pods-4-30") {
      EXPECT_EQ(UsersOf(point, settings, 6000), 1200u);
    }
  }
}

TEST(CampaignPlanTest, TakenUpAgainItMeasuresWhatIsMissing) {
  const auto points = *Choose(PlanCampaign({}), "base,pool-1");
  EXPECT_EQ(UnitsLeft(points, 2, {}).size(), 4u);
  const auto left = UnitsLeft(points, 2, {{"base-30", 1}, {"base-70", 1}, {"pool-1-50", 1}});
  ASSERT_EQ(left.size(), 3u);
  EXPECT_EQ(left[0].host, "base");
  EXPECT_EQ(left[0].restart, 1);
  ASSERT_EQ(left[0].points.size(), 1u);
  EXPECT_EQ(left[0].points[0].id(), "base-50");
  EXPECT_EQ(left[1].restart, 2);
  EXPECT_EQ(left[1].points.size(), 3u);
  EXPECT_EQ(left[2].host, "pool-1");
  Done all;
  for (const PlannedPoint& point : points) {
    all.insert({point.id(), 1});
    all.insert({point.id(), 2});
  }
  EXPECT_TRUE(UnitsLeft(points, 2, all).empty());
}

}  // namespace
}  // namespace conformance
