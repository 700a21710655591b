#include <cmath>
#include <functional>

#include "gtest/gtest.h"
#include "simulator/engine/storm.h"

// What gets through when the only remedy of a retry storm is to drop what has expired (storm.h).
//
// In the collapsed state work always waits, first come, first served: whatever is begun was about
// to expire. Let r be the time that the next request has left when it is begun. The next one begins
// when a server is free again, an interval later; the requests behind it were sent after it, so
//   r' = max(r - interval, 0) + gap,   gap exponential with the attempts' rate l at the queue
// which is Lindley's recursion of the time in a queue whose service is the gap. A request gets
// through when its service S is shorter than r:
//   own queues, S constant: the interval is S, a D/M/1 queue, P(r > S) = s with s = e^(-l S (1 -
//   s)) one queue, S exponential (rate m, C in all): intervals are exponential, an M/M/1 queue, r
//   is
//     exponential with rate l - C: P = m / (m + l - C)
//   one queue, S constant: r is shorter than S, P = 0 for all purposes
// The attempts follow: a of them a request, a = (1 - q^4) / (1 - q) with q = 1 - C P / l each,
// l = N a / (Z + a T).
namespace simulator {
namespace {

constexpr double kUsers = 10000, kThink = 60, kTimeout = 1, kService = 0.08;
constexpr double kServers = 20, kCapacity = kServers / kService;

// Requests a second that get through, where P is the share of the begun ones at an attempt rate.
double GetsThrough(const std::function<double(double)>& probability) {
  double rate = 600;
  for (int i = 0; i < 1000; ++i) {
    const double fails = 1 - kCapacity * probability(rate) / rate;
    const double attempts = 1 + fails + fails * fails + fails * fails * fails;
    rate = 0.9 * rate + 0.1 * kUsers * attempts / (kThink + attempts * kTimeout);
  }
  return kCapacity * probability(rate);
}

double OwnQueuesConstant(double rate) {
  const double x = rate / kServers * kService;
  double s = 0;
  for (int i = 0; i < 200; ++i) s = std::exp(-x * (1 - s));
  return s;
}

double OneQueueExponential(double rate) { return 1 / kService / (1 / kService + rate - kCapacity); }

// One pod whose 20 connections to the database are the servers: who waits for one is in one queue,
// and looked at when it gets it.
TestInputs OneQueue(double scv) {
  TestInputs inputs = Storm(3);
  model::Workload& api = *inputs.deployment.mutable_workloads(0);
  api.set_replicas(1);
  api.set_connections_per_worker(static_cast<uint32_t>(kServers));
  api.mutable_overload()->set_deadline_before_database(true);
  inputs.deployment.mutable_database()->set_cores_millicores(20000);
  model::OperationDemand& work = *inputs.profile.mutable_operations(0);
  work.mutable_server_cpu_seconds()->set_mean(1e-6);
  work.mutable_database_cpu_seconds()->set_mean(kService);
  work.mutable_database_cpu_seconds()->set_scv(scv);
  work.mutable_database_round_trips()->set_mean(1);
  inputs.options.pool_wait_limit = 1u << 20;
  inputs.options.slowdown = {};
  Fault& fault = inputs.options.faults.faults.emplace_back();
  fault.kind = FaultKind::kDatabaseSlowdown;
  fault.at = 300 * kSecond;
  fault.duration = 30 * kSecond;
  fault.parameters["factor"] = 0.5;
  return inputs;
}

TEST(ExpiredWorkTest, OwnQueuesWithConstantService) {
  TestInputs inputs = Storm(3);
  inputs.deployment.mutable_workloads(0)->mutable_overload()->set_deadline_at_worker(true);
  const double by_hand = GetsThrough(OwnQueuesConstant);
  const Story story = Tell("20 queues, constant service", inputs);
  std::printf("by hand %.1f/s\n", by_hand);
  EXPECT_NEAR(story.at_the_end, by_hand, 0.05 * by_hand);
  EXPECT_EQ(story.recovered_after, -1);
}

TEST(ExpiredWorkTest, OneQueueWithExponentialService) {
  const double by_hand = GetsThrough(OneQueueExponential);
  const Story story = Tell("one queue, exponential service", OneQueue(1));
  std::printf("by hand %.1f/s\n", by_hand);
  EXPECT_NEAR(story.at_the_end, by_hand, 0.12 * by_hand);
  EXPECT_EQ(story.recovered_after, -1);
}

TEST(ExpiredWorkTest, OneQueueWithConstantServiceLetsNothingThrough) {
  const Story story = Tell("one queue, constant service", OneQueue(0));
  EXPECT_LT(story.at_the_end, 0.5);
  EXPECT_EQ(story.recovered_after, -1);
}

// r is exponential with rate l / 20 - m: P(S < r) = 20 m / l, more than enough to come back.
TEST(ExpiredWorkTest, OwnQueuesWithExponentialServiceComeBack) {
  TestInputs inputs = Storm(3);
  inputs.deployment.mutable_workloads(0)->mutable_overload()->set_deadline_at_worker(true);
  inputs.profile.mutable_operations(0)->mutable_server_cpu_seconds()->set_scv(1);
  const Story story = Tell("20 queues, exponential service", inputs);
  EXPECT_GT(story.at_the_end, 100);
}

}  // namespace
}  // namespace simulator
