#include "loadgen/engine/collector.h"

#include <google/protobuf/util/message_differencer.h>

#include <cmath>
#include <random>

#include "gtest/gtest.h"
#include "loadgen/engine/recorder.h"
#include "loadgen/engine/validity.h"
#include "model/histogram.h"

namespace loadgen {
namespace {

constexpr int64_t kMs = 1'000'000;

std::vector<FinishedRequest> RandomRequests(int n) {
  std::mt19937_64 random(5);
  std::vector<FinishedRequest> requests(n);
  for (FinishedRequest& r : requests) {
    r.operation = static_cast<uint32_t>(random() % 2);
    r.outcome = static_cast<Outcome>(random() % kOutcomes);
    r.status = IsAnswered(r.outcome) ? 200 : 0;
    r.intended_ns = static_cast<int64_t>(random() % (2000 * kMs));
    r.released_ns = r.intended_ns + static_cast<int64_t>(random() % 100'000);
    r.sent_ns = r.released_ns + 1000;
    r.done_ns = r.sent_ns + static_cast<int64_t>(random() % (50 * kMs));
    r.bytes_sent = 100;
    r.bytes_received = 1000;
  }
  return requests;
}

model::Result Collect(const std::vector<FinishedRequest>& requests, int workers) {
  Collector collector(workers, 2);
  for (int w = 0; w < workers; ++w) {
    Recorder recorder({"a", "b"}, 500 * kMs, 1500 * kMs);
    for (size_t i = w; i < requests.size(); i += workers) recorder.Finished(requests[i]);
    EXPECT_TRUE(collector.AddSecond(recorder.TakeSecond(0, 10, 5)).ok());
    EXPECT_TRUE(collector.AddSecond(recorder.TakeSecond(1, 0, 0)).ok());
    EXPECT_TRUE(collector.AddFinal(recorder.TakeFinal()).ok());
  }
  auto result = collector.Finish();
  EXPECT_TRUE(result.ok());
  // How many workers reported users is not part of what must be equal.
  for (model::Series& series : *result->mutable_series()) {
    if (series.name() == "users" || series.name() == "connections") series.clear_value();
    for (double& v : *series.mutable_value()) v = std::isnan(v) ? -1 : v;
  }
  return *result;
}

TEST(Collector, ManyWorkersGiveTheResultOfOne) {
  const std::vector<FinishedRequest> requests = RandomRequests(20'000);
  const model::Result one = Collect(requests, 1);
  for (const int workers : {2, 3, 7, 64}) {
    EXPECT_EQ(one.SerializeAsString().size(),
              Collect(requests, workers).SerializeAsString().size());
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(one, Collect(requests, workers)))
        << workers;
  }
}

TEST(Collector, CountsTheWindowAndTheWholeRun) {
  const std::vector<FinishedRequest> requests = RandomRequests(5000);
  const model::Result result = Collect(requests, 2);
  uint64_t in_window = 0, answered = 0, timed = 0;
  for (const FinishedRequest& r : requests) {
    const bool inside = r.intended_ns >= 500 * kMs && r.intended_ns < 1500 * kMs;
    in_window += inside;
    answered += IsAnswered(r.outcome);
    timed += inside && (IsAnswered(r.outcome) || r.outcome == Outcome::kTimeout ||
                        r.outcome == Outcome::kUnfinished);
  }
  EXPECT_EQ(result.total().requests(), in_window);
  EXPECT_EQ(result.total().response_time().total_count(), timed);
  EXPECT_EQ(result.total().bytes_received(), in_window * 1000);
  for (const model::Quantity& q : result.quantities()) {
    if (q.name() == kWholeRun) {
      EXPECT_EQ(q.value(), static_cast<double>(answered));
    }
    if (q.name() == kWholeRunUnanswered) {
      EXPECT_EQ(q.value(), static_cast<double>(requests.size() - answered));
    }
  }
}

TEST(Collector, LinesComeWhenAllWorkersHaveReported) {
  Collector collector(2, 10);
  Recorder recorder({"a"}, 0, 1000 * kMs);
  FinishedRequest request;
  request.done_ns = 7 * kMs;
  recorder.Finished(request);
  request.outcome = Outcome::kTimeout;
  recorder.Finished(request);
  ASSERT_TRUE(collector.AddSecond(recorder.TakeSecond(0, 3, 3)).ok());
  EXPECT_FALSE(collector.TakeLine().has_value());
  ASSERT_TRUE(collector.AddSecond(recorder.TakeSecond(0, 4, 4)).ok());
  const auto line = collector.TakeLine();
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->users, 7u);
  EXPECT_EQ(line->finished, 2u);
  EXPECT_EQ(line->failed, 1u);
  EXPECT_NEAR(line->p95_ms, 7, 0.01);
  EXPECT_FALSE(collector.TakeLine().has_value());
}

model::Result WithLateness(double late_ms, double response_ms) {
  model::Result result;
  model::Histogram late, response;
  for (int i = 0; i < 1000; ++i) {
    late.Record(static_cast<int64_t>(late_ms * kMs));
    response.Record(static_cast<int64_t>(response_ms * kMs));
  }
  *result.mutable_total()->mutable_release_lateness() = late.ToProto();
  *result.mutable_total()->mutable_response_time() = response.ToProto();
  return result;
}

TEST(Validity, LatenessIsJudgedBesideTheMeasuredTimes) {
  for (const auto& [late, response, valid] :
       {std::tuple{0.1, 1.0, true}, {4.0, 1.0, true}, {20.0, 50.0, false}, {20.0, 500.0, true}}) {
    model::Result result = WithLateness(late, response);
    JudgeValidity(&result);
    EXPECT_EQ(result.provenance().valid(), valid) << late << " " << response;
  }
}

TEST(Validity, AFullCoreAndUsedUpPortsMakeARunInvalid) {
  model::Result result = WithLateness(0.1, 1);
  model::ResourceUse* cpu = result.add_resources();
  cpu->set_name("generator_cpu.3");
  cpu->set_utilisation(0.99);
  model::Quantity* ports = result.add_quantities();
  ports->set_name(kLocalLimitFailures);
  ports->set_value(12);
  model::ResourceUse* wait = result.add_resources();
  wait->set_name("generator_cpu_wait.3");
  wait->set_utilisation(0.3);
  JudgeValidity(&result);
  EXPECT_FALSE(result.provenance().valid());
  EXPECT_EQ(result.provenance().invalid_reasons_size(), 2);
  EXPECT_EQ(result.provenance().warnings_size(), 1);
}

}  // namespace
}  // namespace loadgen
