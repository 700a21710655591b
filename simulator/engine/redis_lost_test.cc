#include <cmath>

#include "gtest/gtest.h"
#include "simulator/engine/redis_reconnect.h"
#include "simulator/engine/redis_tier.h"
#include "simulator/engine/test_inputs.h"

// What workers do while Redis is away, is back, is replaced and is resharded, by hand.
namespace simulator {
namespace {

// Attempts 0.05, 0.15, 0.35, 0.75, 1.55, 3.15 s after the loss, then every 2 s.
TEST(RedisReconnect, FollowsTheClientsSchedule) {
  const RedisReconnect soon(0, false, kSecond);
  EXPECT_EQ(soon.last_failed, 750 * kMillisecond);
  EXPECT_EQ(soon.connected, 1550 * kMillisecond);
  const RedisReconnect late(10 * kSecond, false, 20 * kSecond);
  EXPECT_EQ(late.last_failed, 19150 * kMillisecond);
  EXPECT_EQ(late.connected, 21150 * kMillisecond);
  // Noticed after 2 s, tried at 2.05 s, given up at 3.05 s, tried again at 3.15 s.
  const RedisReconnect silent(0, true, 3 * kSecond);
  EXPECT_EQ(silent.last_failed, 3050 * kMillisecond);
  EXPECT_EQ(silent.connected, 3150 * kMillisecond);
}

SystemModel Cluster(uint32_t masters) {
  SystemModel system;
  OperationModel& operation = system.operations.emplace_back();
  operation.redis_commands = CountLaw(1);
  operation.redis_busy = 2000;
  operation.cacheable = true;
  operation.cache = CacheModel({{1000, 0.001, 0}}, 30, 5);
  system.redis.rules = {masters, 1, 1.0};
  system.redis.owners = redis::EvenRanges(masters);
  system.redis.slot_popularity = redis::ZipfSlots(100000, 0);
  system.redis.refresh = 2 * kSecond;
  system.redis.stuck = 2 * kSecond;
  system.round_trip = 200000;
  for (uint32_t i = 1; i <= masters; ++i) {
    system.shard_cumulative.push_back(static_cast<double>(i) / masters);
  }
  return system;
}

class Tier {
 public:
  explicit Tier(const SystemModel& system, uint64_t seed = 1)
      : system_(system), tier(system, seed, 0) {
    tier.set_tell([this](const std::string&, const std::string&, const std::string& text, double,
                         double) { told.emplace_back(now, text); });
  }
  void Until(Nanos at) {
    while (tier.NextChange() <= at) {
      now = tier.NextChange();
      tier.Advance(now, 0);
    }
    now = at;
  }
  uint16_t Ask(Nanos* waits = nullptr) {
    uint16_t shard = 0;
    const Nanos done = tier.Ask(system_.operations[0], 0, FifoServer(), now, &shard);
    if (waits != nullptr) *waits = done == kNever ? 0 : done - now;
    return shard;
  }

 private:
  const SystemModel& system_;

 public:
  RedisTier tier;
  Nanos now = 0;
  std::vector<std::pair<Nanos, std::string>> told;
};

// Lost at 10 s, back at 20 s, reached at 21.15 s, writable at 22 s; distrusted for 90 s from the
// last attempt that failed, 19.15 s.
TEST(RedisLost, NobodyAsksUntilItIsTrustedAgain) {
  SystemModel system = Cluster(3);
  system.redis.distrust = 90 * kSecond;
  Tier driver(system);
  driver.Until(10 * kSecond);
  EXPECT_NE(driver.Ask(), RedisTier::kRefused);
  driver.tier.LoseAll(false, driver.now, 0);
  const auto expect_skipped = [&](double until) {
    driver.Until(ToNanos(until));
    Nanos waits = 1;
    EXPECT_EQ(driver.Ask(&waits), RedisTier::kRefused) << until;
    EXPECT_EQ(waits, 0) << until;
    EXPECT_EQ(driver.tier.unsent(), 1u) << until;
  };
  expect_skipped(10.001);
  expect_skipped(19);
  driver.Until(20 * kSecond);
  driver.tier.ReturnAll(driver.now, 0);
  const Nanos busy = driver.tier.BusyUntil(0, driver.now);
  expect_skipped(21);
  expect_skipped(100);
  expect_skipped(109.14);
  EXPECT_EQ(driver.tier.BusyUntil(0, driver.now), busy);
  driver.Until(ToNanos(109.16));
  EXPECT_NE(driver.Ask(), RedisTier::kRefused);
  EXPECT_EQ(driver.tier.unsent(), 0u);
}

// Without distrust it is used as soon as it accepts writes.
TEST(RedisLost, IsUsedWhenItAnswers) {
  const SystemModel system = Cluster(3);
  Tier driver(system);
  driver.Until(10 * kSecond);
  driver.tier.LoseAll(false, driver.now, 0);
  driver.Until(20 * kSecond);
  driver.tier.ReturnAll(driver.now, 0);
  driver.Until(ToNanos(21.99));
  EXPECT_EQ(driver.Ask(), RedisTier::kRefused);
  driver.Until(ToNanos(22.01));
  EXPECT_NE(driver.Ask(), RedisTier::kRefused);
}

// Workers fetch the slot map at any phase of their period: they know a new master uniformly within
// 2 s of its promotion, 1 s in the mean (standard deviation of 300 draws: 0.033 s).
TEST(RedisLost, ANewMasterIsKnownWithinTheClientsPeriod) {
  const SystemModel system = Cluster(3);
  double sum = 0;
  double most = 0;
  constexpr int kDraws = 300;
  for (uint64_t seed = 1; seed <= kDraws; ++seed) {
    Tier driver(system, seed);
    driver.Until(5 * kSecond);
    driver.tier.LoseMaster(1, false, false, driver.now, 0);
    Nanos promoted = kNever;
    while (!driver.tier.reachable(1)) {
      driver.Until(driver.tier.NextChange());
      if (promoted == kNever && driver.told.back().second.find("covered") != std::string::npos &&
          driver.told.back().second.find("not") == std::string::npos) {
        promoted = driver.told.back().first;
      }
    }
    const double lag = ToSeconds(driver.now - promoted);
    sum += lag;
    most = std::max(most, lag);
  }
  EXPECT_NEAR(sum / kDraws, 1.0, 0.1);
  EXPECT_LE(most, 2.0);
  EXPECT_GT(most, 1.9);
}

// All of shard 0's commands are for slot 0, which moves for 10 s: half of its keys have gone on
// average, and a command for one of those takes a round trip and a command more.
TEST(RedisLost, HalfOfTheMovingSlotsCommandsAreRedirected) {
  SystemModel system = Cluster(2);
  system.redis.slot_popularity.assign(redis::kSlots, 0);
  system.redis.slot_popularity[0] = 0.5;
  system.redis.slot_popularity[redis::kSlots - 1] = 0.5;
  system.redis.keys = redis::kSlots * 100.0;
  system.redis.migrate_keys_per_second = 10;
  system.redis.migrate_busy_seconds = 0;
  Tier driver(system);
  driver.Until(kSecond);
  driver.tier.Reshard(3, driver.now);
  const Nanos direct = system.round_trip + system.operations[0].redis_busy;
  int asked = 0;
  int redirected = 0;
  for (int i = 0; i < 8000; ++i) {
    driver.Until(driver.now + kMillisecond);
    Nanos waits = 0;
    const uint16_t shard = driver.Ask(&waits);
    EXPECT_TRUE(waits == direct || (shard == 0 && waits == 2 * direct)) << waits;
    asked += shard == 0;
    redirected += waits == 2 * direct;
  }
  EXPECT_NEAR(redirected, 0.5 * asked, 4 * std::sqrt(0.25 * asked));
  driver.Until(12 * kSecond);  // the slot has moved
  Nanos waits = 0;
  for (int i = 0; i < 100; ++i) {
    driver.Until(driver.now + kMillisecond);
    EXPECT_NE(driver.Ask(&waits), 0);
    EXPECT_EQ(waits, direct);
  }
}

// A request of 1 ms that asks Redis once (2 ms away, 0.1 ms of work); sending it is 0.2 ms of the
// request's CPU. With Redis it takes 3.1 ms, without 0.8 ms; nobody queues.
TEST(RedisLost, ALookUpThatIsNotSentCostsNothing) {
  TestInputs inputs = TestInputs::Bare(100, 100, 1e-3, 0);
  inputs.options.replications = 1;
  model::OperationDemand& work = *inputs.profile.mutable_operations(0);
  work.mutable_server_cpu_seconds()->set_scv(1e-9);
  work.mutable_redis_commands()->set_mean(1);
  model::RedisProfile& redis = *inputs.profile.mutable_redis();
  redis.set_network_round_trip_seconds(2e-3);
  redis.set_command_seconds(1e-4);
  redis.set_client_command_cpu_seconds(2e-4);
  model::RedisCluster& cluster = *inputs.deployment.add_redis();
  cluster.set_name("cache");
  cluster.set_role("cache");
  cluster.set_masters(3);
  const auto mean = [&] {
    const auto result = inputs.Predict();
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? QuantityOf(*result, "mean_ms") : 0;
  };
  EXPECT_NEAR(mean(), 3.1, 0.01);
  Fault& fault = inputs.options.faults.faults.emplace_back();
  fault.kind = FaultKind::kRedisLost;
  EXPECT_NEAR(mean(), 0.8, 0.01);
}

}  // namespace
}  // namespace simulator
