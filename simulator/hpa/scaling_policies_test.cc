#include "simulator/hpa/scaling_policies.h"

#include "gtest/gtest.h"
#include "simulator/hpa/options.h"

namespace simulator::hpa {
namespace {

constexpr int64_t kWindow = 300 * kSecond;

ResolvedRules Only(PolicyType type, int32_t value, int32_t period_s) {
  ResolvedRules rules;
  rules.policies = {{type, value, period_s}};
  return rules;
}

TEST(ScalingPoliciesTest, DefaultsFillFieldByField) {
  const ResolvedRules up = Resolve({}, Direction::kUp, kWindow);
  EXPECT_EQ(up.stabilization_window_ns, 0);
  ASSERT_EQ(up.policies.size(), 2u);
  EXPECT_EQ(LimitOf(up, Direction::kUp, 1, {}, 0).replicas, 5);    // 4 pods
  EXPECT_EQ(LimitOf(up, Direction::kUp, 10, {}, 0).replicas, 20);  // 100 %
  const ResolvedRules down = Resolve({}, Direction::kDown, kWindow);
  EXPECT_EQ(down.stabilization_window_ns, kWindow);
  EXPECT_EQ(LimitOf(down, Direction::kDown, 10, {}, 0).replicas, 0);
  ScalingRules given;
  given.policies = {{PolicyType::kPods, 1, 60}};
  EXPECT_EQ(LimitOf(Resolve(given, Direction::kUp, kWindow), Direction::kUp, 10, {}, 0).replicas,
            11);  // one given policy removes both defaults
}

TEST(ScalingPoliciesTest, SizeAtTheStartOfThePeriod) {
  const ScaleEvents events{{{1, -100 * kSecond}, {5, -60 * kSecond}, {9, -20 * kSecond}}, {}};
  EXPECT_EQ(LimitOf(Only(PolicyType::kPods, 150, 120), Direction::kUp, 100, events, 0).replicas,
            235);
  // 60 s is not younger than 60 s: only the 9 counts.
  EXPECT_EQ(LimitOf(Only(PolicyType::kPods, 150, 60), Direction::kUp, 100, events, 0).replicas,
            241);
}

TEST(ScalingPoliciesTest, BothEventListsCount) {
  const ScaleEvents events{{{4, -60 * kSecond}}, {{2, -60 * kSecond}}};
  EXPECT_EQ(LimitOf(Only(PolicyType::kPercent, 300, 300), Direction::kUp, 6, events, 0).replicas,
            16);
  const ScaleEvents downs{{}, {{2, 0}, {4, 0}, {6, 0}}};
  EXPECT_EQ(LimitOf(Only(PolicyType::kPercent, 50, 120), Direction::kDown, 100, downs, 0).replicas,
            56);
}

TEST(ScalingPoliciesTest, PercentInBinaryFloatingPoint) {
  EXPECT_EQ(LimitOf(Only(PolicyType::kPercent, 10, 60), Direction::kUp, 50, {}, 0).replicas, 56);
  EXPECT_EQ(LimitOf(Only(PolicyType::kPercent, 30, 60), Direction::kDown, 90, {}, 0).replicas, 62);
  EXPECT_EQ(LimitOf(Only(PolicyType::kPercent, 25, 60), Direction::kDown, 10, {}, 0).replicas, 7);
}

TEST(ScalingPoliciesTest, MinTakesTheSmallestChange) {
  ResolvedRules rules = Only(PolicyType::kPods, 2, 60);
  rules.policies.push_back({PolicyType::kPercent, 50, 60});
  rules.select_policy = SelectPolicy::kMin;
  EXPECT_EQ(LimitOf(rules, Direction::kUp, 1, {}, 0).replicas, 2);
  EXPECT_EQ(LimitOf(rules, Direction::kDown, 5, {}, 0).replicas, 3);
  rules.select_policy = SelectPolicy::kDisabled;
  EXPECT_EQ(LimitOf(rules, Direction::kDown, 5, {}, 0).replicas, 5);
}

TEST(ScalingPoliciesTest, RateAndBoundsBindInTheDirectionOfTheMove) {
  const ResolvedRules up = Resolve({}, Direction::kUp, kWindow);
  const ResolvedRules down = Resolve({}, Direction::kDown, kWindow);
  EXPECT_EQ(LimitRate(up, down, {}, 0, 100, 1000, 1, 150).reason, "TooManyReplicas");
  EXPECT_EQ(LimitRate(up, down, {}, 0, 10, 50, 1, 1000).reason, "ScaleUpLimit");
  EXPECT_EQ(LimitRate(up, down, {}, 0, 10, 50, 1, 1000).replicas, 20);
  EXPECT_EQ(LimitRate(up, down, {}, 0, 3, 1, 2, 8).reason, "TooFewReplicas");
  // More was added in the period than the policy allows: no further up, and no forced down.
  const ScaleEvents events{{{50, -1 * kSecond}}, {}};
  const ResolvedRules one = Only(PolicyType::kPods, 1, 15);
  EXPECT_EQ(LimitRate(one, down, events, 0, 60, 61, 1, 100).replicas, 60);
}

TEST(ScalingPoliciesTest, LegacyDoublesOrGoesToFour) {
  EXPECT_EQ(LimitLegacyStep(1, 10, 1, 100, 2, 4).replicas, 4);
  EXPECT_EQ(LimitLegacyStep(3, 1000, 1, 2000, 2, 4).replicas, 6);
  EXPECT_EQ(LimitLegacyStep(3, 1000, 1, 2000, 2, 4).reason, "ScaleUpLimit");
  EXPECT_EQ(LimitLegacyStep(3, 1000, 1, 5, 2, 4).reason, "TooManyReplicas");
  EXPECT_EQ(LimitLegacyStep(3, 1, 2, 5, 2, 4).reason, "TooFewReplicas");
}

TEST(ScaleEventsTest, NewEventOverwritesTheLastOutdatedOne) {
  ScaleEventList events = {
      {8, -29 * kSecond}, {6, -59 * kSecond}, {7, -61 * kSecond}, {9, -61 * kSecond}};
  EXPECT_EQ(ChangeWithin(events, 0, 60), 14);
  StoreScaleEvent(5, 0, 60, &events);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[3].change, 5);
  EXPECT_FALSE(events[3].outdated);
  EXPECT_TRUE(events[2].outdated);
}

TEST(ScaleEventsTest, AnEventExactlyAsOldAsThePeriodIsNotOutdated) {
  ScaleEventList events = {{7, -60 * kSecond}};
  StoreScaleEvent(5, 0, 60, &events);
  EXPECT_EQ(events.size(), 2u);
  // Sums look only at times: an outdated event still counts in a longer period.
  events = {{7, -61 * kSecond}};
  StoreScaleEvent(1, 0, 60, &events);
  EXPECT_EQ(ChangeWithin(events, 0, 120), 1);  // the 7 was overwritten
}

}  // namespace
}  // namespace simulator::hpa
