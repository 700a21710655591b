#include "simulator/planning/operating_points.h"

#include "gtest/gtest.h"

namespace simulator {
namespace {

void AddDecision(const std::string& deployment, const std::string& profile, const std::string& at,
                 model::ClaimList* claims) {
  model::Claim& claim = *claims->add_claims();
  claim.set_id("claim");
  model::Decision& decision = *claim.add_decisions();
  decision.set_deployment(deployment);
  decision.set_profile(profile);
  decision.set_method("simulation");
  decision.set_at(at);
}

TEST(OperatingPointsTest, EachPointOnceDecidingOnesFirst) {
  model::ClaimList claims;
  AddDecision("production", "mine", "users=1000 think_time=10s", &claims);
  AddDecision("production", "mine", "users=1000 think_time=10s", &claims);
  AddDecision("production", "mine", "users=500 think_time=10s", &claims);
  AddDecision("production", "theirs", "users=7 think_time=10s", &claims);
  AddDecision("elsewhere", "mine", "users=8 think_time=10s", &claims);
  const auto points = PointsOf(claims, {"production"}, "mine", {5, 10, 60});
  ASSERT_TRUE(points.ok()) << points.status();
  ASSERT_EQ(points->size(), 6u);
  EXPECT_EQ((*points)[0].users, 500);
  EXPECT_EQ((*points)[1].FileName(), "predicted-production-1000-10s.json");
  EXPECT_TRUE((*points)[1].decides);
  EXPECT_EQ((*points)[2].think_seconds, 60);
  EXPECT_FALSE((*points)[3].decides);
}

TEST(OperatingPointsTest, FaultsMakeAnotherPointWithoutAFrontier) {
  model::ClaimList claims;
  AddDecision("production", "mine", "users=1000 think_time=10s faults=cache-lost", &claims);
  AddDecision("production", "mine", "users=1000 think_time=10s", &claims);
  const auto points = PointsOf(claims, {"production"}, "mine", {5, 10});
  ASSERT_TRUE(points.ok()) << points.status();
  ASSERT_EQ(points->size(), 3u);
  EXPECT_EQ((*points)[0].FileName(), "predicted-production-1000-10s-cache-lost.json");
  EXPECT_EQ((*points)[1].faults, "");
  EXPECT_EQ((*points)[2].think_seconds, 5);
  EXPECT_EQ(FaultPlanPath("a/claims.yaml", "cache-lost"), "a/faults/cache-lost.yaml");
}

TEST(OperatingPointsTest, NamesTheClaimWhoseAtIsWrong) {
  for (const char* at : {"users=many", "users=100", "think_time=5s"}) {
    model::ClaimList claims;
    AddDecision("production", "mine", at, &claims);
    const auto points = PointsOf(claims, {"production"}, "mine", {});
    ASSERT_FALSE(points.ok()) << at;
    EXPECT_NE(points.status().message().find("claim claim (line"), std::string::npos);
  }
}

}  // namespace
}  // namespace simulator
