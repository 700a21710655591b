#include "gtest/gtest.h"
#include "simulator/engine/breaker.h"
#include "simulator/engine/storm.h"
#include "simulator/engine/worker_queue.h"

namespace simulator {
namespace {

TEST(CircuitBreakersTest, OpensAtTheShareHalfOpensAndCloses) {
  BreakerModel model;
  model.window = 10 * kSecond;
  model.error_rate = 0.5;
  model.minimum_attempts = 4;
  model.open = 30 * kSecond;
  model.probes = 2;
  CircuitBreakers breakers(model, 2);
  // 2 of 3 failed: too few attempts. 2 of 4: exactly the share.
  breakers.Report(0, 0, kSecond, false);
  breakers.Report(0, 0, kSecond, false);
  breakers.Report(0, 0, kSecond, true);
  EXPECT_TRUE(breakers.Allow(0, kSecond));
  breakers.Report(0, 0, 2 * kSecond, true);  // a success never opens it
  EXPECT_TRUE(breakers.Allow(0, 2 * kSecond));
  breakers.Report(0, 0, 2 * kSecond, false);  // 3 of 5
  EXPECT_FALSE(breakers.Allow(0, 2 * kSecond));
  EXPECT_TRUE(breakers.Allow(1, 2 * kSecond));  // the other one's own business
  EXPECT_FALSE(breakers.Allow(0, 31 * kSecond));
  // Half-open: two probes, a third fails at once; an old answer counts for nothing.
  EXPECT_TRUE(breakers.Allow(0, 32 * kSecond));
  EXPECT_TRUE(breakers.Allow(0, 32 * kSecond));
  EXPECT_FALSE(breakers.Allow(0, 32 * kSecond));
  breakers.Report(0, 2 * kSecond, 33 * kSecond, false);
  breakers.Report(0, 32 * kSecond, 33 * kSecond, true);
  EXPECT_TRUE(breakers.IsOpen(0));
  breakers.Report(0, 32 * kSecond, 33 * kSecond, true);
  EXPECT_FALSE(breakers.IsOpen(0));
  EXPECT_EQ(breakers.opened(), 1u);
}

TEST(CircuitBreakersTest, AFailedProbeOpensItAgainAndTheWindowSlides) {
  BreakerModel model;
  model.window = 10 * kSecond;
  model.error_rate = 1;
  model.minimum_attempts = 2;
  model.open = 5 * kSecond;
  CircuitBreakers breakers(model, 1);
  breakers.Report(0, 0, kSecond, false);
  breakers.Report(0, 0, 12 * kSecond, false);  // the first has left the window
  EXPECT_FALSE(breakers.IsOpen(0));
  breakers.Report(0, 0, 13 * kSecond, false);
  EXPECT_TRUE(breakers.IsOpen(0));
  EXPECT_TRUE(breakers.Allow(0, 18 * kSecond));
  breakers.Report(0, 18 * kSecond, 19 * kSecond, false);
  EXPECT_FALSE(breakers.Allow(0, 20 * kSecond));
  EXPECT_EQ(breakers.opened(), 2u);
}

WorkerQueue::Item Fresh(uint32_t request, Nanos since) { return {request, true, since, 1}; }

TEST(WorkerQueueTest, OrdersAndCoDel) {
  OverloadModel model;
  model.order = OverloadModel::kAdaptiveLifo;
  model.codel_target = 10;
  model.codel_interval = 100;
  WorkerQueue queue;
  queue.Push(Fresh(1, 0));
  queue.Push(Fresh(2, 50));
  queue.Push(Fresh(3, 60));
  queue.Push(Fresh(4, 140));
  queue.Push({9, false, 60, 1});
  bool late = false;
  EXPECT_EQ(queue.Pop(model, 60, &late).request, 9u);   // under way goes first
  EXPECT_EQ(queue.Pop(model, 90, &late).request, 1u);   // oldest: the queue does not stand yet
  EXPECT_FALSE(late);                                   // 90 <= 100
  EXPECT_EQ(queue.Pop(model, 145, &late).request, 4u);  // it stands: the newest
  EXPECT_FALSE(late);                                   // 5 <= 10
  EXPECT_EQ(queue.Pop(model, 145, &late).request, 3u);
  EXPECT_TRUE(late);  // 85 > 10
  EXPECT_EQ(queue.PopOldest().request, 2u);
  EXPECT_TRUE(queue.empty());
}

model::Overload& Server(TestInputs& inputs) {
  return *inputs.deployment.mutable_workloads(0)->mutable_overload();
}

model::Breaker& Breaker(TestInputs& inputs, const char* scope) {
  model::Breaker& breaker = *inputs.scenario.mutable_resilience()->mutable_breaker();
  breaker.set_scope(scope);
  breaker.set_window_seconds(10);
  breaker.set_error_rate(0.5);
  breaker.set_minimum_attempts(20);
  breaker.set_open_seconds(30);
  breaker.set_probes(10);
  return breaker;
}

void Back(const Story& story, double within) {
  EXPECT_NEAR(story.before, 166, 6);
  EXPECT_NEAR(story.at_the_end, 166, 5);
  EXPECT_GE(story.recovered_after, 0);
  EXPECT_LE(story.recovered_after, within);
}

TEST(ResilienceTest, DroppingWhatHasExpiredIsNotEnough) {
  TestInputs inputs = Storm(3);
  Server(inputs).set_deadline_at_worker(true);
  const Story story = Tell("deadline at the worker", inputs);
  EXPECT_EQ(story.recovered_after, -1);
  EXPECT_LT(story.at_the_end, 40);  // what is begun just before its deadline is finished after it
  EXPECT_GT(story.wasted_work, 0.8);
}

TEST(ResilienceTest, ADeadlineThatLeavesTimeForTheWorkIs) {
  TestInputs inputs = Storm(3);
  Server(inputs).set_deadline_at_worker(true);
  Server(inputs).set_deadline_margin_seconds(0.08);
  const Story story = Tell("deadline at the worker, 80 ms margin", inputs);
  Back(story, 60);
  EXPECT_LT(story.wasted_work, 0.01);
}

// One connection, 80 ms a statement: 12.5/s at most. 100 users who think for a second and give up
// after one offer four times that, so the wait for the connection is all a request lives.
TEST(ResilienceTest, ADeadlineBeforeTheDatabase) {
  TestInputs inputs = TestInputs::Bare(100, 1, 0.0001, 0.080);
  inputs.profile.mutable_operations(0)->mutable_database_cpu_seconds()->set_scv(0);
  inputs.deployment.mutable_workloads(0)->set_connections_per_worker(1);
  inputs.scenario.mutable_retry()->set_timeout_seconds(1);
  inputs.options.duration_seconds = 400;
  inputs.options.settle_seconds = 100;
  inputs.options.replications = 1;
  const auto before = inputs.Predict();
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_LT(QuantityOf(*before, "goodput_per_second"), 0.1);
  Server(inputs).set_deadline_before_database(true);
  Server(inputs).set_deadline_margin_seconds(0.09);
  const auto after = inputs.Predict();
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_NEAR(QuantityOf(*after, "goodput_per_second"), 12.5, 0.1);
  EXPECT_GT(QuantityOf(*after, "shed_per_second"), 20);
}

TEST(ResilienceTest, NewestFirst) {
  TestInputs inputs = Storm(3);
  Server(inputs).set_queue_order("lifo");
  Back(Tell("newest first", inputs), 60);
}

TEST(ResilienceTest, CoDel) {
  TestInputs inputs = Storm(3);
  Server(inputs).set_codel_target_seconds(0.1);
  Server(inputs).set_codel_interval_seconds(0.5);
  Back(Tell("CoDel 100 ms in 500 ms", inputs), 60);
  Server(inputs).set_queue_order("adaptive_lifo");
  Back(Tell("CoDel and adaptive LIFO", inputs), 60);
}

TEST(ResilienceTest, AShortQueue) {
  TestInputs inputs = Storm(3);
  Server(inputs).set_concurrency_limit(10);
  Back(Tell("at most 10 requests in a server", inputs), 60);
}

TEST(ResilienceTest, Breakers) {
  TestInputs inputs = Storm(3);
  Breaker(inputs, "population");
  Back(Tell("one breaker for all users", inputs), 180);
  inputs.scenario.mutable_resilience()->set_client_workers(50);
  Breaker(inputs, "worker");
  Back(Tell("a breaker in each of 50 clients", inputs), 180);
  model::Breaker& own = Breaker(inputs, "connection");
  own.set_minimum_attempts(3);
  own.set_window_seconds(60);
  own.set_probes(1);
  Back(Tell("a breaker in each connection", inputs), 180);
}

TEST(ResilienceTest, TheBudgetOfEachClientWorker) {
  TestInputs inputs = Storm(3);
  inputs.scenario.mutable_retry()->set_budget(0.1);
  Back(Tell("10 % budget, one bucket", inputs), 40);
  inputs.scenario.mutable_resilience()->set_budget_per_worker(true);
  inputs.scenario.mutable_resilience()->set_client_workers(50);
  // Unbounded: 300 s of good weather have saved 5,000 repeats.
  Back(Tell("10 % budget in each of 50 clients", inputs), 120);
}

// The autoscaler takes wasted work for demand, which rescues where it may go far enough: requests
// also find the new pods' empty queues.
TEST(ResilienceTest, Autoscaler) {
  for (uint32_t most : {22u, 25u, 30u, 40u, 80u}) {
    TestInputs inputs = Storm(3);
    model::Autoscaler& hpa = *inputs.deployment.add_autoscalers();
    hpa.set_name("api");
    hpa.set_target_kind("Deployment");
    hpa.set_target_name("api");
    hpa.set_has_min_replicas(true);
    hpa.set_min_replicas(20);
    hpa.set_max_replicas(most);
    model::MetricTarget& cpu = *hpa.add_metrics();
    cpu.set_type("Resource");
    cpu.set_name("cpu");
    cpu.set_target_type("Utilization");
    cpu.set_target_milli(70);
    const std::string name = "autoscaler up to " + std::to_string(most) + " pods";
    const Story story = Tell(name.c_str(), inputs);
    if (most >= 40) Back(story, 240);
    if (most <= 30) {
      EXPECT_EQ(story.recovered_after, -1);
    }
  }
}

TEST(ResilienceTest, SwitchesOffChangeNothing) {
  TestInputs plain = Storm(3);
  TestInputs stated = Storm(3);
  Server(stated).set_queue_order("fifo");
  const auto a = plain.Predict();
  const auto b = stated.Predict();
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->SerializeAsString(), b->SerializeAsString());
}

TEST(ResilienceTest, MistakesNameTheirField) {
  TestInputs inputs = Storm(0);
  Server(inputs).set_queue_order("random");
  EXPECT_NE(inputs.Run().status().message().find("overload.queue_order"), std::string::npos)
      << inputs.Run().status();
  Server(inputs).set_queue_order("lifo");
  Server(inputs).set_deadline_margin_seconds(1);
  EXPECT_NE(inputs.Run().status().message().find("deadline_margin_seconds"), std::string::npos);
}

}  // namespace
}  // namespace simulator
