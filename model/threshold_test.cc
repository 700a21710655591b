#include "model/threshold.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/histogram.h"
#include "model/result_math.h"

namespace model {
namespace {

using ::testing::HasSubstr;

// 1..1000 ms in 1000 requests of two operations: 990 ok (of which 10 are accepted 409s), 6 failed
// checks on 200s, 4 of 503.
Result SomeResult() {
  Result result;
  result.set_measured_seconds(10);
  Histogram reads;
  Histogram writes;
  for (int i = 1; i <= 1000; ++i) (i % 10 == 0 ? writes : reads).Record(i * 1'000'000);
  OperationResult* read = result.add_operations();
  read->set_operation("ehr.comprehensive");
  read->set_requests(900);
  *read->mutable_response_time() = reads.ToProto();
  (*read->mutable_outcomes())["ok"] = 894;
  (*read->mutable_outcomes())["check_failed"] = 6;
  (*read->mutable_statuses())["200"] = 900;
  OperationResult* write = result.add_operations();
  write->set_operation("appointments.create");
  write->set_requests(100);
  *write->mutable_response_time() = writes.ToProto();
  (*write->mutable_outcomes())["ok"] = 96;
  (*write->mutable_outcomes())["http_5xx"] = 4;
  (*write->mutable_statuses())["201"] = 86;
  (*write->mutable_statuses())["409"] = 10;
  (*write->mutable_statuses())["503"] = 4;
  EXPECT_TRUE(FillTotal(&result).ok());
  return result;
}

ThresholdOutcome Outcome(std::string_view metric, std::string_view expression) {
  const absl::StatusOr<Threshold> threshold = ParseThreshold(metric, expression);
  EXPECT_TRUE(threshold.ok()) << threshold.status();
  return Evaluate(*Compile(*threshold), *threshold, SomeResult());
}

TEST(ResultMath, TotalIsTheMergeOfItsParts) {
  const Result result = SomeResult();
  EXPECT_EQ(result.total().requests(), 1000u);
  EXPECT_EQ(result.total().response_time().total_count(), 1000u);
  EXPECT_NEAR(ResponseQuantileMs(result.total(), 0.95), 950, 1);
  EXPECT_DOUBLE_EQ(ErrorRate(result.total()), 0.010);
  EXPECT_DOUBLE_EQ(UsefulWork(result.total()), 0.980);
  EXPECT_DOUBLE_EQ(Throughput(result), 100);
  EXPECT_EQ(FindOperation(result, "no.such"), nullptr);
  EXPECT_EQ(ErrorRate(OperationResult()), 0);
}

TEST(Threshold, EvaluatesEveryAggregation) {
  EXPECT_NEAR(Outcome("http_req_duration", "p(95)<200").value(), 950, 1);
  EXPECT_FALSE(Outcome("http_req_duration", "p(95)<200").passed());
  EXPECT_TRUE(Outcome("http_req_duration", "p(99.9) <= 1000").passed());
  EXPECT_NEAR(Outcome("http_req_duration", "med<600").value(), 500, 1);
  EXPECT_NEAR(Outcome("http_req_duration", "avg<600").value(), 500.5, 1e-6);
  EXPECT_DOUBLE_EQ(Outcome("http_req_duration", "min==1").value(), 1);
  EXPECT_TRUE(Outcome("http_req_duration", "min==1").passed());
  EXPECT_TRUE(Outcome("http_req_duration", "max!=1").passed());
  EXPECT_DOUBLE_EQ(Outcome("http_req_failed", "rate<0.001").value(), 0.010);
  EXPECT_DOUBLE_EQ(Outcome("http_req_failed", "count<1").value(), 10);
  EXPECT_DOUBLE_EQ(Outcome("http_reqs", "rate>50").value(), 100);
  EXPECT_EQ(Outcome("http_reqs", "rate>50").unit(), "/s");
  EXPECT_DOUBLE_EQ(Outcome("http_reqs", "count>=1000").value(), 1000);
  EXPECT_DOUBLE_EQ(Outcome("checks", "rate>0.99").value(), 990.0 / 996);
  EXPECT_DOUBLE_EQ(Outcome("useful_work", "rate>0.99").value(), 0.980);
  EXPECT_FALSE(Outcome("useful_work", "rate>0.99").passed());
}

TEST(Threshold, SelectsAnOperation) {
  const auto outcome = Outcome("http_req_failed{operation:appointments.create}", "rate<0.05");
  EXPECT_DOUBLE_EQ(outcome.value(), 0.04);
  EXPECT_TRUE(outcome.passed());
  EXPECT_EQ(outcome.metric(), "http_req_failed{operation:appointments.create}");
}

TEST(Threshold, NothingMeasuredFails) {
  const auto outcome = Outcome("http_req_duration{operation:no.such}", "p(95)<200");
  EXPECT_TRUE(std::isnan(outcome.value()));
  EXPECT_FALSE(outcome.passed());
  EXPECT_FALSE(Outcome("release_lateness", "p(99)<1").passed());
}

TEST(Threshold, StoresOutcomesInTheResult) {
  Scenario scenario;
  *scenario.add_thresholds() = *ParseThreshold("http_req_duration", "p(95)<2000");
  *scenario.add_thresholds() = *ParseThreshold("http_reqs", "count>5000");
  Result result = SomeResult();
  EXPECT_FALSE(*EvaluateThresholds(scenario, &result));
  ASSERT_EQ(result.thresholds_size(), 2);
  EXPECT_TRUE(result.thresholds(0).passed());
  EXPECT_FALSE(result.thresholds(1).passed());
}

TEST(Threshold, RefusesWhatItDoesNotKnow) {
  const auto error = [](std::string_view metric, std::string_view expression) {
    return std::string(ParseThreshold(metric, expression).status().message());
  };
  EXPECT_THAT(error("http_req_time", "p(95)<200"), HasSubstr("expected a metric (http_req_dura"));
  EXPECT_THAT(error("http_req_duration", "p95<200"),
              HasSubstr("expected p(N), avg, min, med, max of http_req_duration, found \"p95\""));
  EXPECT_THAT(error("http_req_duration", "rate<200"), HasSubstr("expected p(N)"));
  EXPECT_THAT(error("http_req_duration", "p(101)<200"), HasSubstr("expected p(N)"));
  EXPECT_THAT(error("useful_work", "count>5"), HasSubstr("expected rate of useful_work"));
  EXPECT_THAT(error("http_req_failed", "rate<"), HasSubstr("a number on the right"));
  EXPECT_THAT(error("http_req_failed", "rate"), HasSubstr("a number on the right"));
  EXPECT_THAT(error("http_req_failed", "rate<1%"), HasSubstr("a number on the right"));
  EXPECT_THAT(error("http_reqs{status:200}", "rate>1"), HasSubstr("{operation:NAME}"));
  EXPECT_THAT(error("http_reqs{operation:}", "rate>1"), HasSubstr("{operation:NAME}"));
}

}  // namespace
}  // namespace model
