#include "simulator/hpa/autoscaler.h"

#include "gtest/gtest.h"

namespace simulator::hpa {
namespace {

Spec CpuSpec(int32_t min, int32_t max, int32_t target_percent) {
  Spec spec;
  spec.min_replicas = min;
  spec.max_replicas = max;
  MetricSpec cpu;
  cpu.target_utilization_percent = target_percent;
  spec.metrics = {cpu};
  return spec;
}

// `replicas` long-running ready pods of one core, each using `usage_milli`.
Observation Load(int64_t now_ns, int32_t replicas, int64_t usage_milli) {
  Observation seen;
  seen.scale = Scale{replicas, replicas};
  seen.readings.resize(1);
  for (int32_t i = 0; i < replicas; ++i) {
    Pod pod;
    pod.name = "pod" + std::to_string(i);
    pod.ready = ReadyCondition::kTrue;
    pod.start_ns = now_ns - 10'000 * kSecond;
    pod.ready_transition_ns = *pod.start_ns;
    pod.containers = {{"main", {{"cpu", 1000}}}};
    seen.readings[0].samples[pod.name] = {usage_milli, now_ns, 15 * kSecond};
    seen.pods.push_back(pod);
  }
  return seen;
}

Observation ObjectLoad(int32_t replicas, int64_t value_milli) {
  Observation seen = Load(0, replicas, 0);
  seen.readings[0].values_milli = {value_milli};
  return seen;
}

Spec ObjectSpec(int32_t min) {
  Spec spec = CpuSpec(min, 6, 50);
  spec.metrics[0] = MetricSpec{MetricType::kObject, "queue", "", {}, {}, 20'000, false};
  return spec;
}

TEST(AutoscalerTest, SaysWhatItDidInWords) {
  Spec spec = CpuSpec(2, 200, 70);
  spec.behavior.emplace();
  spec.behavior->scale_up.policies = {{PolicyType::kPercent, 100, 30}};
  Autoscaler autoscaler(spec, Options::Released());
  const Decision decision = autoscaler.Reconcile(0, Load(0, 5, 1700));
  EXPECT_EQ(decision.desired, 10);
  EXPECT_TRUE(decision.scale_written);
  EXPECT_EQ(decision.conditions.scaling_limited.reason, "ScaleUpLimit");
  EXPECT_EQ(decision.explanation,
            "cpu 170 % of 70 % -> 13 wanted; held at 10 by the 100 %/30 s policy; 5 -> 10");
}

TEST(AutoscalerTest, FirstReconcileHoldsTheCurrentSize) {
  Autoscaler autoscaler(CpuSpec(1, 10, 50), Options::Released());
  const int64_t step = 15 * kSecond + kSecond / 100;
  int64_t now = 0;
  EXPECT_EQ(autoscaler.Reconcile(now, Load(now, 5, 100)).desired, 5);
  EXPECT_EQ(autoscaler.Reconcile(now, Load(now, 5, 100)).conditions.able_to_scale.reason,
            "ScaleDownStabilized");
  for (; now < 300 * kSecond; now += step) {
    EXPECT_EQ(autoscaler.Reconcile(now, Load(now, 5, 100)).desired, 5);
  }
  EXPECT_EQ(autoscaler.Reconcile(now, Load(now, 5, 100)).desired, 1);
}

TEST(AutoscalerTest, DefaultRampDoublesEachSync) {
  Spec spec = CpuSpec(5, 200, 70);
  spec.behavior.emplace();
  Autoscaler autoscaler(spec, Options::Released());
  int64_t now = 0;
  int32_t size = 5;
  std::vector<int32_t> sizes;
  for (int i = 0; i < 6; ++i, now += 15 * kSecond + kSecond / 100) {
    size = autoscaler.Reconcile(now, Load(now, size, 5000)).desired;
    sizes.push_back(size);
  }
  EXPECT_EQ(sizes, (std::vector<int32_t>{10, 20, 40, 80, 160, 200}));
}

TEST(AutoscalerTest, OutsideTheBoundsNothingElseIsAsked) {
  Autoscaler autoscaler(CpuSpec(3, 5, 90), Options::Released());
  Observation seen;
  seen.scale = Scale{10, 10};
  EXPECT_EQ(autoscaler.Reconcile(0, seen).desired, 5);
  seen.scale = Scale{2, 2};
  const Decision decision = autoscaler.Reconcile(1, seen);
  EXPECT_EQ(decision.desired, 3);
  EXPECT_EQ(decision.conditions.able_to_scale.reason, "SucceededRescale");
  EXPECT_TRUE(decision.error.empty());
}

TEST(AutoscalerTest, SelectorsAndScaleReads) {
  Autoscaler autoscaler(CpuSpec(1, 10, 50), Options::Released());
  Observation seen = Load(0, 3, 1000);
  seen.selector = SelectorState::kAmbiguous;
  Decision decision = autoscaler.Reconcile(0, seen);
  EXPECT_EQ(decision.desired, 3);
  EXPECT_EQ(decision.conditions.scaling_active.reason, "AmbiguousSelector");
  EXPECT_FALSE(decision.error.empty());
  seen.selector = SelectorState::kEmptyOrUnparsable;
  EXPECT_EQ(autoscaler.Reconcile(0, seen).conditions.scaling_active.reason, "InvalidSelector");
  seen.scale.reset();
  EXPECT_EQ(autoscaler.Reconcile(0, seen).conditions.able_to_scale.reason, "FailedGetScale");
}

TEST(AutoscalerTest, FailedWriteKeepsTheRecommendationButRecordsNoEvent) {
  Spec spec = CpuSpec(1, 100, 50);
  spec.behavior.emplace();
  spec.behavior->scale_up.policies = {{PolicyType::kPods, 2, 60}};
  Autoscaler autoscaler(spec, Options::Released());
  const auto fail = [](int32_t) { return WriteOutcome::kFailed; };
  Decision decision = autoscaler.Reconcile(0, Load(0, 3, 1000), fail);
  EXPECT_EQ(decision.desired, 3);
  EXPECT_FALSE(decision.scale_written);
  EXPECT_EQ(decision.conditions.able_to_scale.reason, "FailedUpdateScale");
  EXPECT_TRUE(autoscaler.mutable_events()->up.empty());
  EXPECT_EQ(autoscaler.Reconcile(1, Load(0, 3, 1000)).desired, 5);  // nothing used up
  EXPECT_EQ(autoscaler.Reconcile(2, Load(0, 5, 1000)).desired, 5);  // 2 pods / 60 s
  EXPECT_EQ(autoscaler.mutable_events()->up.size(), 1u);
}

TEST(AutoscalerTest, ConflictsAreRetriedInNewReleasesOnly) {
  for (const bool retried : {true, false}) {
    Options options;
    options.conflict_retried = retried;
    Autoscaler autoscaler(CpuSpec(1, 10, 50), options);
    int calls = 0;
    const auto conflict_once = [&](int32_t) {
      return ++calls == 1 ? WriteOutcome::kConflict : WriteOutcome::kWritten;
    };
    EXPECT_EQ(autoscaler.Reconcile(0, Load(0, 3, 1000), conflict_once).scale_written, retried);
  }
}

TEST(AutoscalerTest, ScaledToZeroComesBackOnlyWithGateAndCondition) {
  Options options;
  options.scale_to_zero_gate = true;
  Autoscaler autoscaler(ObjectSpec(0), options);
  autoscaler.RestoreRecommendations(RecommendationLog());
  EXPECT_EQ(autoscaler.Reconcile(0, ObjectLoad(5, 0)).desired, 0);
  EXPECT_TRUE(autoscaler.scaled_to_zero());
  EXPECT_EQ(autoscaler.Reconcile(1, ObjectLoad(0, 30'000)).desired, 2);
  EXPECT_FALSE(autoscaler.scaled_to_zero());
  // Set to zero by hand: stays.
  const Decision decision = autoscaler.Reconcile(2, ObjectLoad(0, 30'000));
  EXPECT_EQ(decision.desired, 0);
  EXPECT_EQ(decision.conditions.scaling_active.reason, "ScalingDisabled");
}

TEST(AutoscalerTest, FromZeroToAMinimumThatWasRaisedMeanwhile) {
  Options options;
  options.scale_to_zero_gate = true;
  for (const bool behavior : {false, true}) {
    Spec spec = ObjectSpec(4);
    if (behavior) spec.behavior.emplace();
    Autoscaler autoscaler(spec, options);
    autoscaler.RestoreScaledToZero(true);
    const Decision decision = autoscaler.Reconcile(0, ObjectLoad(0, 10'000));
    EXPECT_EQ(decision.desired, 4);
    EXPECT_EQ(decision.conditions.scaling_limited.reason, "TooFewReplicas");
  }
}

TEST(AutoscalerTest, OldReleasesReadMetricsAtZeroWhenMinIsZero) {
  Autoscaler old(ObjectSpec(0), Options::V1_28());
  EXPECT_EQ(old.Reconcile(0, ObjectLoad(0, 30'000)).desired, 2);
  Autoscaler positive(ObjectSpec(1), Options::V1_28());
  EXPECT_EQ(positive.Reconcile(0, ObjectLoad(0, 30'000)).desired, 0);
}

TEST(AutoscalerTest, NoScaleDownOnPartialData) {
  Spec spec = CpuSpec(1, 10, 50);
  spec.metrics.push_back(MetricSpec{MetricType::kExternal, "queue", "", {}, {}, 1000, false});
  Autoscaler autoscaler(spec, Options::Released());
  autoscaler.RestoreRecommendations(RecommendationLog());
  Decision decision = autoscaler.Reconcile(0, Load(0, 5, 100));
  EXPECT_EQ(decision.desired, 5);
  EXPECT_EQ(decision.conditions.scaling_active.reason, "FailedGetExternalMetric");
  decision = autoscaler.Reconcile(1, Load(0, 5, 1000));
  EXPECT_EQ(decision.desired, 10);  // up is allowed, and the error is still reported
  EXPECT_FALSE(decision.error.empty());
  EXPECT_EQ(decision.conditions.scaling_active.reason, "ValidMetricFound");
}

TEST(AutoscalerTest, EmptyMetricListMeansCpuAt80) {
  Spec spec = CpuSpec(1, 10, 50);
  spec.metrics.clear();
  Autoscaler autoscaler(spec, Options::Released());
  EXPECT_EQ(autoscaler.Reconcile(0, Load(0, 4, 1000)).desired, 5);
}

TEST(AutoscalerTest, TimesComeInWholeSeconds) {
  // Ready at 10.6 s, seen as 10 s; the sample window [10.2 s, 25.2 s] then lies after it.
  Observation seen = Load(0, 1, 2000);
  seen.pods[0].start_ns = 5 * kSecond;
  seen.pods[0].ready_transition_ns = 10 * kSecond + 600'000'000;
  seen.readings[0].samples["pod0"] = {2000, 25 * kSecond + 200'000'000, 15 * kSecond};
  Autoscaler autoscaler(CpuSpec(1, 10, 50), Options::Released());
  EXPECT_EQ(autoscaler.Reconcile(30 * kSecond, seen).desired, 4);
  Options exact;
  exact.whole_second_times = false;
  Autoscaler strict(CpuSpec(1, 10, 50), exact);
  EXPECT_EQ(strict.Reconcile(30 * kSecond, seen).desired, 1);
}

}  // namespace
}  // namespace simulator::hpa
