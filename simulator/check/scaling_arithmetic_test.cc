#include "simulator/check/scaling_arithmetic.h"

#include <gtest/gtest.h>

namespace simulator::check {
namespace {

void AddPolicy(model::ScalingRules* rules, const char* type, int value, int period) {
  rules->set_present(true);
  model::ScalingPolicy* policy = rules->add_policies();
  policy->set_type(type);
  policy->set_value(value);
  policy->set_period_seconds(period);
}

model::Autoscaler Documented() {
  model::Autoscaler autoscaler;
  autoscaler.set_has_behavior(true);
  autoscaler.mutable_scale_up()->set_has_stabilization_window(true);
  autoscaler.mutable_scale_up()->set_stabilization_window_seconds(30);
  AddPolicy(autoscaler.mutable_scale_up(), "Percent", 100, 30);
  AddPolicy(autoscaler.mutable_scale_up(), "Pods", 5, 30);
  AddPolicy(autoscaler.mutable_scale_down(), "Percent", 50, 60);
  AddPolicy(autoscaler.mutable_scale_down(), "Pods", 2, 60);
  autoscaler.mutable_scale_down()->set_select_policy("Min");
  return autoscaler;
}

TEST(ScaleDown, TwoPodsAMinuteTake98Minutes) {
  const ScalingTime time = ScaleDownTime(Documented(), 200, 5);
  EXPECT_TRUE(time.possible);
  EXPECT_EQ(time.steps, 98u);
  EXPECT_DOUBLE_EQ(time.policy_seconds, 98 * 60);
  EXPECT_DOUBLE_EQ(time.window_seconds, 300);
  EXPECT_DOUBLE_EQ(time.total_seconds, 300 + 97 * 60);
}

TEST(ScaleDown, TheLargerOfTheSamePoliciesHalves) {
  model::Autoscaler autoscaler = Documented();
  autoscaler.mutable_scale_down()->set_select_policy("Max");
  const ScalingTime time = ScaleDownTime(autoscaler, 200, 5);
  EXPECT_EQ(time.path, "200 -> 100 -> 50 -> 25 -> 12 -> 6 -> 5");
  EXPECT_DOUBLE_EQ(time.policy_seconds, 6 * 60);
}

TEST(ScaleUp, DoublesEvery30Seconds) {
  const ScalingTime time = ScaleUpTime(Documented(), 5, 200);
  EXPECT_EQ(time.path, "5 -> 10 -> 20 -> 40 -> 80 -> 160 -> 200");
  EXPECT_DOUBLE_EQ(time.policy_seconds, 180);
  EXPECT_DOUBLE_EQ(time.total_seconds, 30 + 150);
}

TEST(ScaleUp, WithoutBehaviorDoublesEachRound) {
  model::Autoscaler autoscaler;
  const ScalingTime time = ScaleUpTime(autoscaler, 1, 20);
  EXPECT_EQ(time.path, "1 -> 4 -> 8 -> 16 -> 20");
}

TEST(ScaleDown, WithoutBehaviorIsOneStepAfterTheWindow) {
  model::Autoscaler autoscaler;
  const ScalingTime time = ScaleDownTime(autoscaler, 200, 5);
  EXPECT_EQ(time.steps, 1u);
  EXPECT_DOUBLE_EQ(time.total_seconds, 300);
}

TEST(ScaleDown, DisabledNeverEnds) {
  model::Autoscaler autoscaler = Documented();
  autoscaler.mutable_scale_down()->set_select_policy("Disabled");
  EXPECT_FALSE(ScaleDownTime(autoscaler, 200, 5).possible);
}

TEST(ScaleDown, PolicyThatRemovesNothingNeverEnds) {
  model::Autoscaler autoscaler = Documented();
  autoscaler.mutable_scale_down()->clear_policies();
  AddPolicy(autoscaler.mutable_scale_down(), "Pods", 0, 60);
  EXPECT_FALSE(ScaleDownTime(autoscaler, 200, 5).possible);
}

TEST(Policies, InWords) {
  EXPECT_EQ(PolicyText(Documented().scale_down()),
            "50 % per 60 s or 2 pods per 60 s, whichever is less");
}

}  // namespace
}  // namespace simulator::check
