#include "simulator/engine/rollout.h"

#include "gtest/gtest.h"
#include "simulator/engine/restart_backoff.h"

namespace simulator {
namespace {

// Ten pods, 25 % and 25 %: three surge (rounded up), two unavailable (rounded down).
TEST(RolloutTest, SurgeUpAndDownBySpare) {
  const PodShare quarter{25, true};
  RolloutStep step = StepRolling({10, 10, 10, 0, 0}, quarter, quarter);
  EXPECT_EQ(step.create, 3u);
  EXPECT_EQ(step.delete_unready, 0u);
  EXPECT_EQ(step.delete_ready, 2u);
  step = StepRolling({10, 8, 8, 3, 0}, quarter, quarter);
  EXPECT_EQ(step.create, 2u);
  EXPECT_EQ(step.delete_ready, 0u);
  step = StepRolling({10, 8, 8, 5, 3}, quarter, quarter);  // 11 ready, 8 must stay
  EXPECT_EQ(step.delete_ready, 3u);
  step = StepRolling({10, 0, 0, 10, 9}, quarter, quarter);
  EXPECT_EQ(step.create + step.delete_ready + step.delete_unready, 0u);
}

TEST(RolloutTest, NoneUnavailableWaitsForReadyPods) {
  const PodShare none{0, false};
  const PodShare one{1, false};
  EXPECT_EQ(StepRolling({5, 5, 5, 0, 0}, one, none).create, 1u);
  EXPECT_EQ(StepRolling({5, 5, 5, 0, 0}, one, none).delete_ready, 0u);
  EXPECT_EQ(StepRolling({5, 5, 5, 1, 1}, one, none).delete_ready, 1u);
  EXPECT_EQ(StepRolling({5, 5, 5, 0, 0}, none, none).delete_ready, 1u);  // both 0
}

TEST(RolloutTest, OldPodsThatAreNotReadyGoFirst) {
  const RolloutStep step = StepRolling({5, 5, 3, 1, 0}, {1, false}, {3, false});
  EXPECT_EQ(step.delete_unready, 2u);
  EXPECT_EQ(step.delete_ready, 1u);  // 3 ready, 2 must stay
}

TEST(DisruptionTest, CountsWhatMustStay) {
  EXPECT_EQ(DisruptionsAllowed(10, 10, {}, {20, true}, true), 2u);
  EXPECT_EQ(DisruptionsAllowed(10, 9, {}, {20, true}, true), 1u);
  EXPECT_EQ(DisruptionsAllowed(3, 3, {50, true}, {}, false), 1u);  // ceil(1.5) must stay
  EXPECT_EQ(DisruptionsAllowed(1, 1, {1, false}, {}, false), 0u);
}

TEST(RestartBackoffTest, DoublesFromTenSecondsToFiveMinutes) {
  RestartBackoff backoff;
  Nanos now = 1000 * kSecond;
  for (const int seconds : {0, 10, 20, 40, 80, 160, 300, 300}) {
    EXPECT_EQ(backoff.Next(now - kSecond, now), seconds * kSecond);
    now += seconds * kSecond + kSecond;
  }
  EXPECT_EQ(backoff.Next(now - 601 * kSecond, now), 0);
}

}  // namespace
}  // namespace simulator
