#include "simulator/hpa/replica_calculator.h"

#include <cmath>

#include "gtest/gtest.h"

namespace simulator::hpa {
namespace {

constexpr int64_t kNow = 10'000 * kSecond;

// A pod that has long been running; usage < 0: no sample.
struct Given {
  int64_t request_milli;
  int64_t usage_milli;
  bool ready = true;
};

class ReplicaCalculatorTest : public testing::Test {
 protected:
  void Add(Given given) {
    Pod pod;
    pod.name = "pod" + std::to_string(pods_.size());
    pod.ready = given.ready ? ReadyCondition::kTrue : ReadyCondition::kFalse;
    pod.start_ns = 0;
    pod.containers = {{"main", {{"cpu", given.request_milli}}}};
    if (given.usage_milli >= 0) samples_[pod.name] = {given.usage_milli, kNow, kSecond};
    pods_.push_back(pod);
  }
  void Add(std::initializer_list<Given> pods) {
    for (const Given& given : pods) Add(given);
  }
  CalculationContext Context(int32_t current, int32_t status = 0) const {
    return {options_, options_.tolerance, kNow, current, status, pods_};
  }
  int32_t Utilization(int32_t current, int32_t target) {
    auto proposal = ProposeUtilization(Context(current), "cpu", "", target, samples_);
    EXPECT_TRUE(proposal.ok()) << proposal.status();
    return proposal.ok() ? proposal->replicas : -1;
  }
  int32_t Average(int32_t current, int64_t target) {
    auto proposal = ProposeAverage(Context(current), "", target, samples_);
    EXPECT_TRUE(proposal.ok()) << proposal.status();
    return proposal.ok() ? proposal->replicas : -1;
  }
  std::string UtilizationError(int32_t current, int32_t target) {
    auto proposal = ProposeUtilization(Context(current), "cpu", "", target, samples_);
    return std::string(proposal.status().message());
  }

  Options options_;
  std::vector<Pod> pods_;
  PodSamples samples_;
};

TEST_F(ReplicaCalculatorTest, RatioOfSums) {
  Add({{1000, 300}, {1000, 500}, {1000, 700}});
  EXPECT_EQ(Utilization(3, 30), 5);
}

TEST_F(ReplicaCalculatorTest, UnreadyPodsAreZeroOnTheWayUp) {
  Add({{1000, 300, false}, {1000, 500}, {1000, 700}});
  EXPECT_EQ(Utilization(3, 30), 4);
}

TEST_F(ReplicaCalculatorTest, UnreadyPodsStayOutOnTheWayDown) {
  Add({{1000, 100}, {1000, 300}, {1000, 500}, {1000, 250, false}, {1000, 250, false}});
  EXPECT_EQ(Utilization(5, 50), 2);
}

TEST_F(ReplicaCalculatorTest, MissingPodsCountAsTheirRequestOnTheWayDown) {
  Add({{1000, 400}, {1000, 94}, {1000, -1}, {1000, -1}});
  EXPECT_EQ(Utilization(4, 100), 3);
}

TEST_F(ReplicaCalculatorTest, MissingPodsAreFilledToATargetAbove100) {
  Add({{2000, 400, false}, {2000, 200}, {4000, 200}, {4000, -1}});
  EXPECT_EQ(Utilization(4, 300), 2);
  options_.missing_filled_to_target_above_100 = false;  // 100 % of the request only
  EXPECT_EQ(Utilization(4, 300), 1);
}

TEST_F(ReplicaCalculatorTest, MissingPodsAreZeroOnTheWayUp) {
  Add({{1000, 1000}, {1000, 1000}, {1000, -1}});
  EXPECT_EQ(Utilization(3, 50), 4);  // 2000/3000 = 66 %, 1.32 * 3
}

TEST_F(ReplicaCalculatorTest, CountAgainstTheDirectionKeepsCurrent) {
  Add({{2000, 200}, {2000, 200}, {2000, -1}});
  EXPECT_EQ(Utilization(2, 50), 2);
}

TEST_F(ReplicaCalculatorTest, SamplesOfUnknownPodsMultiply) {
  Add({{1000, 200}, {1000, 200}, {1000, 200}, {1000, 200}, {1000, -1}});
  samples_["gone"] = {200, kNow, kSecond};
  EXPECT_EQ(Utilization(5, 50), 5);  // six samples, not five
}

TEST_F(ReplicaCalculatorTest, PercentIsTruncatedBeforeTheRatio) {
  for (int i = 0; i < 10; ++i) Add({1000, 609});
  EXPECT_EQ(Utilization(10, 50), 12);  // 60.9 % counts as 60 %
}

TEST_F(ReplicaCalculatorTest, BinaryFloatingPointIsPartOfTheRule) {
  for (int i = 0; i < 25; ++i) Add({1000, 280});
  EXPECT_EQ(Utilization(25, 50), 15);  // (28.0/50.0)*25 = 14.000000000000002
}

TEST_F(ReplicaCalculatorTest, RatioOfExactlyElevenTenths) {
  for (int i = 0; i < 10; ++i) Add({1000, 550});
  EXPECT_EQ(Utilization(10, 50), 10);
  options_.tolerance_form = ToleranceForm::kAbsolute;
  EXPECT_EQ(Utilization(10, 50), 11);
}

// How often the controller's arithmetic gives one replica more than exact arithmetic.
TEST(ReplicaArithmeticTest, ExceedsExactArithmeticOnlyInTheKnownTriples) {
  int more = 0;
  int less = 0;
  for (int u = 1; u <= 300; ++u) {
    for (int t = 1; t <= 100; ++t) {
      for (int n = 1; n <= 100; ++n) {
        const double ratio = static_cast<double>(u) / static_cast<double>(t);
        const int got = static_cast<int>(std::ceil(ratio * static_cast<double>(n)));
        const int exact = (u * n + t - 1) / t;
        more += got == exact + 1;
        less += got < exact;
      }
    }
  }
  EXPECT_EQ(more, 4888);
  EXPECT_EQ(less, 0);
}

TEST_F(ReplicaCalculatorTest, ErrorsAreTheControllersWords) {
  EXPECT_EQ(UtilizationError(1, 50), "no metrics returned from resource metrics API");
  samples_["gone"] = {200, kNow, kSecond};
  EXPECT_EQ(UtilizationError(1, 50),
            "no pods returned by selector while calculating replica count");
  Add({1000, -1});
  EXPECT_EQ(UtilizationError(1, 50), "no metrics returned matched known pods");
  pods_[0].containers[0].request_milli.clear();
  EXPECT_EQ(UtilizationError(1, 50), "missing request for cpu in container main of Pod pod0");
}

TEST_F(ReplicaCalculatorTest, AFailedPodWithoutRequestSpoilsTheMetric) {
  Add({{1000, 500}, {1000, -1}});
  pods_[1].phase = PodPhase::kFailed;
  pods_[1].containers[0].request_milli.clear();
  EXPECT_EQ(UtilizationError(2, 50), "missing request for cpu in container main of Pod pod1");
}

TEST_F(ReplicaCalculatorTest, AverageIsTruncated) {
  Add({{0, 11'000}, {0, 11'000}, {0, 11'001}});
  EXPECT_EQ(Average(3, 10'000), 3);  // 11000.33 counts as 11000, within tolerance
}

TEST_F(ReplicaCalculatorTest, AverageWithoutTheGateTakesUnreadyPods) {
  Add({{0, 50'000, false}, {0, 15'000}, {0, 30'000, false}});
  EXPECT_EQ(Average(3, 15'000), 7);
}

TEST_F(ReplicaCalculatorTest, AverageMissingAtExactlyOneIsFilledOnlyInOldReleases) {
  Add({{0, 20'000}, {0, 20'000}, {0, 20'000}, {0, -1}, {0, -1}});
  EXPECT_EQ(Average(5, 20'000), 5);
  options_ = Options::V1_20();
  EXPECT_EQ(Average(5, 20'000), 3);  // zeros: 12000/20000 * 5
}

TEST_F(ReplicaCalculatorTest, ValueTargetHasNoDirectionCheck) {
  Add({{0, -1, false}, {0, -1}, {0, -1, false}});
  EXPECT_EQ(ProposeValue(Context(3), 8600, 4400)->replicas, 2);
  EXPECT_EQ(ProposeValue(Context(3), 4500, 4400)->replicas, 3);  // within tolerance
  EXPECT_EQ(ProposeValue(Context(0), 10, 15)->replicas, 1);      // from zero: ceil, no tolerance
  pods_.clear();
  EXPECT_EQ(ProposeValue(Context(3), 8600, 4400).status().message(),
            "no pods returned by selector while calculating replica count");
  EXPECT_EQ(ProposeValue(Context(3), 4500, 4400)->replicas, 3);
}

TEST_F(ReplicaCalculatorTest, TotalAverageGoesByStatus) {
  const Proposal down = ProposeTotalAverage(Context(9, 5), 8600, 2867);
  EXPECT_EQ(down.replicas, 3);
  EXPECT_EQ(down.usage_milli, 1720);
  EXPECT_EQ(ProposeTotalAverage(Context(9, 3), 8600, 2900).replicas, 3);  // status, not current
  EXPECT_EQ(ProposeTotalAverage(Context(0, 0), 20'000, 5000).replicas, 4);
  EXPECT_EQ(ProposeTotalAverage(Context(0, 0), 0, 5000).replicas, 0);
}

TEST_F(ReplicaCalculatorTest, AverageWinsButObjectGoesByItsType) {
  Add({{0, -1}, {0, -1}});
  MetricSpec spec;
  spec.target_average_milli = 10'000;
  spec.target_value_milli = 20'000;
  MetricReading reading;
  reading.values_milli = {30'000, 30'000};
  spec.type = MetricType::kExternal;
  EXPECT_EQ(Propose(Context(2, 2), spec, reading)->replicas, 6);
  spec.type = MetricType::kObject;
  EXPECT_EQ(Propose(Context(2, 2), spec, reading)->replicas, 6);
  reading.values_milli = {30'000};
  EXPECT_EQ(Propose(Context(2, 2), spec, reading)->replicas, 3);
}

TEST(PodRequestTest, PodLevelThenContainers) {
  Pod pod;
  pod.name = "p";
  pod.containers = {{"a", {{"cpu", 100}}}, {"b", {{"cpu", 50}}}};
  pod.pod_level_request_milli["cpu"] = 800;
  EXPECT_EQ(*PodRequest(pod, "cpu", "", false), 150);
  EXPECT_EQ(*PodRequest(pod, "cpu", "", true), 800);
  EXPECT_EQ(*PodRequest(pod, "cpu", "b", true), 50);
  EXPECT_FALSE(PodRequest(pod, "memory", "", true).ok());
  EXPECT_FALSE(PodRequest(pod, "cpu", "absent", true).ok());
}

}  // namespace
}  // namespace simulator::hpa
