#include "tests/conformance/campaign_store.h"

#include "absl/strings/match.h"
#include "base/paths.h"
#include "gtest/gtest.h"

namespace conformance {
namespace {

class CampaignStoreTest : public ::testing::Test {
 protected:
  CampaignStoreTest() : remover_(*base::MakeTemporaryFolder("praxis-campaign-")) {}
  std::string folder() const { return remover_.path(); }

  base::FolderRemover remover_;
};

TEST_F(CampaignStoreTest, WhatWasSealedComesBack) {
  const CampaignStore store(folder());
  EXPECT_TRUE(absl::IsNotFound(store.ReadSealed().status()));
  SealedCampaign sealed;
  sealed.settings.measured_seconds = 3;
  sealed.settings.pod_period = absl::Milliseconds(20);
  sealed.saturation_per_second = 6222;
  sealed.calibrated_at = {300, 900};
  sealed.points = PlanCampaign(sealed.settings);
  for (PlannedPoint& point : sealed.points) {
    point.users = 7;
    point.predicted.p95_ms = 1.5;
  }
  ASSERT_TRUE(store.WriteSealed(sealed).ok());
  const auto read = store.ReadSealed();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->settings.measured_seconds, 3);
  EXPECT_EQ(read->settings.pod_period, absl::Milliseconds(20));
  EXPECT_EQ(read->calibrated_at, sealed.calibrated_at);
  ASSERT_EQ(read->points.size(), sealed.points.size());
  EXPECT_EQ(read->points.back().users, 7u);
  EXPECT_EQ(read->points.back().predicted.p95_ms, 1.5);
  EXPECT_EQ(read->points.back().limits.connection_limit, 2);
}

TEST_F(CampaignStoreTest, MeasuredPointsAreFoundAgain) {
  const CampaignStore store(folder());
  Record record;
  record.point.restart = 2;
  record.point.users = 933;
  record.point.figures.mean_ms = 0.87;
  record.point.valid = true;
  ASSERT_TRUE(store.Write("base-30", record).ok());
  record.point.restart = 1;
  record.crossing = MeasuredCrossing{1000, true, {{960, 40}, {1040, 60}}};
  ASSERT_TRUE(store.Write("crossing", record).ok());
  const auto base = store.Read("base-30");
  ASSERT_TRUE(base.ok()) << base.status();
  ASSERT_EQ(base->size(), 1u);
  EXPECT_EQ((*base)[0].point.restart, 2);
  EXPECT_EQ((*base)[0].point.figures.mean_ms, 0.87);
  EXPECT_TRUE((*base)[0].point.valid);
  const auto crossing = store.Read("crossing");
  ASSERT_TRUE(crossing.ok()) << crossing.status();
  ASSERT_TRUE((*crossing)[0].crossing.has_value());
  EXPECT_EQ((*crossing)[0].crossing->tried[1].p95_ms, 60);
  const auto done = store.Finished(PlanCampaign({}));
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(*done, (Done{{"base-30", 2}, {"crossing", 1}}));
}

TEST_F(CampaignStoreTest, ABrokenFileIsNamed) {
  const CampaignStore store(folder());
  ASSERT_TRUE(store.Write("base-30", Record{.point = {.restart = 1}}).ok());
  const std::string path = folder() + "/records/base-30-1.json";
  ASSERT_TRUE(base::WriteFile(path, "{\"run\": {}}").ok());
  EXPECT_TRUE(absl::StrContains(store.Read("base-30").status().message(), path));
  ASSERT_TRUE(base::WriteFile(folder() + "/campaign.json", "{}").ok());
  EXPECT_TRUE(absl::StrContains(store.ReadSealed().status().message(), "campaign.json"));
}

}  // namespace
}  // namespace conformance
