#include "simulator/hpa/pod_sorting.h"

#include "gtest/gtest.h"

namespace simulator::hpa {
namespace {

constexpr int64_t kNow = 10'000 * kSecond;

Pod RunningPod(ReadyCondition ready, int64_t start_age_s, int64_t transition_age_s) {
  Pod pod;
  pod.name = "pod";
  pod.ready = ready;
  pod.start_ns = kNow - start_age_s * kSecond;
  pod.ready_transition_ns = kNow - transition_age_s * kSecond;
  return pod;
}

PodSamples Sample(int64_t age_s, int64_t window_s) {
  return {{"pod", {100, kNow - age_s * kSecond, window_s * kSecond}}};
}

bool Counted(const Pod& pod, const PodSamples& samples, bool is_cpu = true) {
  return SortPods({pod}, samples, is_cpu, Options::Released(), kNow).ready_count == 1;
}

TEST(PodSortingTest, FirstMatchWins) {
  Pod pod = RunningPod(ReadyCondition::kTrue, 900, 800);
  pod.deleting = true;
  pod.phase = PodPhase::kPending;
  EXPECT_EQ(SortPods({pod}, {}, true, Options::Released(), kNow).ignored.size(), 1);
  pod.deleting = false;
  EXPECT_EQ(SortPods({pod}, {}, true, Options::Released(), kNow).unready.size(), 1);
  pod.phase = PodPhase::kRunning;
  pod.ready = ReadyCondition::kFalse;
  pod.ready_transition_ns = *pod.start_ns;
  EXPECT_EQ(SortPods({pod}, {}, true, Options::Released(), kNow).missing.size(), 1);
  pod.phase = PodPhase::kFailed;
  EXPECT_EQ(SortPods({pod}, {}, true, Options::Released(), kNow).ignored.size(), 1);
}

TEST(PodSortingTest, SucceededPodsAreASwitch) {
  Pod pod = RunningPod(ReadyCondition::kTrue, 900, 800);
  pod.phase = PodPhase::kSucceeded;
  EXPECT_EQ(SortPods({pod}, {}, true, Options::Released(), kNow).missing.size(), 1);
  EXPECT_EQ(SortPods({pod}, {}, true, Options::Newest(), kNow).ignored.size(), 1);
}

TEST(PodSortingTest, InitializationPeriodWantsAWindowWhollyAfterReady) {
  EXPECT_TRUE(Counted(RunningPod(ReadyCondition::kTrue, 100, 60), Sample(30, 30)));
  EXPECT_FALSE(Counted(RunningPod(ReadyCondition::kTrue, 100, 60), Sample(31, 30)));
  EXPECT_FALSE(Counted(RunningPod(ReadyCondition::kFalse, 100, 60), Sample(0, 10)));
  EXPECT_TRUE(Counted(RunningPod(ReadyCondition::kUnknown, 100, 60), Sample(0, 10)));
}

TEST(PodSortingTest, AfterInitializationOnlyNeverReadyPodsAreLeftOut) {
  EXPECT_TRUE(Counted(RunningPod(ReadyCondition::kTrue, 300, 1), Sample(200, 30)));
  EXPECT_FALSE(Counted(RunningPod(ReadyCondition::kFalse, 900, 871), Sample(0, 30)));
  EXPECT_TRUE(Counted(RunningPod(ReadyCondition::kFalse, 900, 870), Sample(0, 30)));
}

TEST(PodSortingTest, GateNeedsConditionAndStartTimeAndOnlyConcernsCpu) {
  Pod pod = RunningPod(ReadyCondition::kAbsent, 900, 800);
  EXPECT_FALSE(Counted(pod, Sample(0, 30)));
  EXPECT_TRUE(Counted(pod, Sample(0, 30), /*is_cpu=*/false));
  pod.ready = ReadyCondition::kTrue;
  pod.start_ns.reset();
  EXPECT_FALSE(Counted(pod, Sample(0, 30)));
}

TEST(PodSortingTest, ValueTargetsCountReadyPodsEvenWhenDeleting) {
  Pod ready = RunningPod(ReadyCondition::kTrue, 1, 0);
  Pod deleting = ready;
  deleting.deleting = true;
  Pod pending = ready;
  pending.phase = PodPhase::kPending;
  EXPECT_EQ(CountReady({ready, deleting, pending, RunningPod(ReadyCondition::kFalse, 1, 0)}), 2);
}

}  // namespace
}  // namespace simulator::hpa
