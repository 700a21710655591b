#include "simulator/engine/redis_tier.h"

#include <cmath>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace simulator {
namespace {

constexpr double kTtl = 30;

// One cached operation with one command of 2 us; 1,000 keys equally popular.
SystemModel Cluster(uint32_t masters, double node_timeout) {
  SystemModel system;
  OperationModel& operation = system.operations.emplace_back();
  operation.redis_commands = CountLaw(1);
  operation.redis_busy = 2000;
  operation.cacheable = true;
  operation.cache = CacheModel({{1000, 0.001, 0}}, kTtl, 5);
  system.redis.rules = {masters, 1, node_timeout};
  system.redis.owners = redis::EvenRanges(masters);
  system.redis.slot_popularity = redis::ZipfSlots(100000, 0);
  system.redis.refresh = ToNanos(0.2);
  system.redis.patience = ToNanos(0.25);
  system.redis.stuck = 2 * kSecond;
  system.redis.keys = 16384 * 10;
  system.redis.migrate_keys_per_second = 10000;
  system.redis.migrate_busy_seconds = 1e-4;
  const auto shares = redis::Shares(system.redis.owners, system.redis.slot_popularity, masters);
  double sum = 0;
  for (double share : shares.share) system.shard_cumulative.push_back(sum += share);
  system.shard_cumulative.back() = 1;
  system.round_trip = 200000;
  return system;
}

struct Told {
  double at;
  std::string subject;
  std::string text;
};

// A tier with a steady load, looked at in steps of 10 ms.
class Driver {
 public:
  explicit Driver(const SystemModel& system, uint64_t seed = 1)
      : system_(system), tier(system_, seed, 0) {
    tier.set_tell([this](const std::string&, const std::string& subject, const std::string& text,
                         double, double) {
      told.push_back({ToSeconds(now), subject, text});
    });
  }
  void Until(double seconds) {
    while (now + 10 * kMillisecond <= ToNanos(seconds)) {
      now += 10 * kMillisecond;
      attempts = static_cast<uint64_t>(per_second * ToSeconds(now));
      while (tier.NextChange() <= now) tier.Advance(tier.NextChange(), attempts);
      if (now % kSecond == 0) tier.Refresh(now, attempts);
    }
  }
  // How a command ends now: kRefused or its shard; `waits` seconds.
  uint16_t Ask(double* waits = nullptr) {
    uint16_t shard = 0;
    const Nanos done = tier.Ask(system_.operations[0], 0, FifoServer(), now, &shard);
    if (waits != nullptr) *waits = done == kNever ? 0 : ToSeconds(done - now);
    return shard;
  }
  double RefusedShare() {
    int refused = 0;
    for (int i = 0; i < 2000; ++i) refused += Ask() == RedisTier::kRefused;
    return refused / 2000.0;
  }
  double HitShare() {
    int hits = 0;
    for (int i = 0; i < 4000; ++i) {
      const uint16_t shard = Ask();
      hits += tier.Lookup(0, shard);
    }
    return hits / 4000.0;
  }

 private:
  const SystemModel& system_;

 public:
  RedisTier tier;
  Nanos now = 0;
  double per_second = 100;
  uint64_t attempts = 0;
  std::vector<Told> told;
};

TEST(RedisTierTest, AMasterIsReplacedByTheRulesOfTheCluster) {
  const SystemModel system = Cluster(3, 2);
  Driver driver(system);
  driver.Until(10);
  EXPECT_EQ(driver.RefusedShare(), 0);
  driver.tier.LoseMaster(1, false, false, driver.now, driver.attempts);
  driver.Until(10.5);
  EXPECT_NEAR(driver.RefusedShare(), 1.0 / 3, 0.04);  // its own slots
  bool stopped = false;
  double restored = 0;
  for (double at = 10.5; at < 18; at += 0.02) {
    driver.Until(at);
    stopped |= driver.tier.down();
    if (driver.tier.reachable(1) && restored == 0) restored = at - 10;
  }
  EXPECT_TRUE(stopped);  // full coverage: from the declaration to the election
  const redis::BusRules rules{3, 1, 2};
  EXPECT_GE(restored, redis::EarliestFailover(rules));
  EXPECT_LE(restored, redis::LatestFailover(rules, {.masters = {1}}) + 0.2 + 0.04);
  EXPECT_EQ(driver.RefusedShare(), 0);
  // The next loss of the same shard has nobody left to take over.
  driver.tier.LoseMaster(1, false, false, driver.now, driver.attempts);
  driver.Until(60);
  EXPECT_EQ(driver.RefusedShare(), 1);
  driver.tier.ReturnMaster(1, driver.now, driver.attempts);
  driver.Until(61.9);
  EXPECT_EQ(driver.RefusedShare(), 1);  // it accepts nothing for two seconds
  driver.Until(62.1);
  EXPECT_EQ(driver.RefusedShare(), 0);
}

TEST(RedisTierTest, PartialCoverageStopsOnlyTheLostSlots) {
  SystemModel system = Cluster(3, 1);
  system.redis.full_coverage = false;
  system.redis.rules.replicas_per_master = 0;
  Driver driver(system);
  driver.Until(5);
  driver.tier.LoseMaster(0, false, false, driver.now, driver.attempts);
  driver.Until(30);
  EXPECT_NEAR(driver.RefusedShare(), 1.0 / 3, 0.04);
}

TEST(RedisTierTest, WithoutAMajorityEverythingStopsUntilTheVotesAreBack) {
  const SystemModel system = Cluster(3, 1);
  Driver driver(system);
  driver.Until(5);
  driver.tier.LoseMaster(0, false, false, driver.now, driver.attempts);
  driver.tier.LoseMaster(1, false, false, driver.now, driver.attempts);
  driver.Until(5.5);
  EXPECT_NEAR(driver.RefusedShare(), 2.0 / 3, 0.04);
  driver.Until(60);
  EXPECT_EQ(driver.RefusedShare(), 1);
  driver.tier.ReturnMaster(0, driver.now, driver.attempts);
  driver.Until(64);
  EXPECT_EQ(driver.RefusedShare(), 0);  // shard 1 failed over meanwhile
}

TEST(RedisTierTest, ASilentMachineCostsTheClientsPatience) {
  const SystemModel system = Cluster(1, 0);
  Driver driver(system);
  driver.Until(1);
  driver.tier.LoseMaster(0, true, false, driver.now, driver.attempts);
  double waits = 0;
  driver.Until(2.9);
  EXPECT_EQ(driver.Ask(&waits), RedisTier::kRefused);
  EXPECT_NEAR(waits, 0.25, 1e-9);
  driver.Until(3.1);  // its connection counts as lost
  EXPECT_EQ(driver.Ask(&waits), RedisTier::kRefused);
  EXPECT_EQ(waits, 0);
}

// Cold by hand: a key of 1,000 equally popular ones is read 0.1 times a second, so after t seconds
// it is there with probability 1 - e^(-t / 10).
TEST(RedisTierTest, ALostCacheFillsAsTheColdFormulaSays) {
  const SystemModel system = Cluster(3, 15);
  Driver driver(system);
  driver.Until(100);
  const double warm = 3.0 / 4;  // r T / (1 + r T), r T = 3
  EXPECT_NEAR(driver.HitShare(), warm, 0.03);
  driver.tier.LoseCache(driver.now, driver.attempts);
  EXPECT_EQ(driver.HitShare(), 0);
  driver.Until(110.005);
  EXPECT_NEAR(driver.HitShare(), 1 - std::exp(-1), 0.03);
  driver.Until(120.005);
  EXPECT_NEAR(driver.HitShare(), 1 - std::exp(-2), 0.03);
}

TEST(RedisTierTest, AServerThatDistrustsTheShardDoesNotAskIt) {
  SystemModel system = Cluster(3, 1);
  system.redis.distrust = 90 * kSecond;
  Driver driver(system);
  driver.Until(100);
  driver.tier.LoseMaster(2, false, false, driver.now, driver.attempts);
  driver.Until(110);
  const Nanos busy = driver.tier.BusyUntil(2, driver.now + kSecond);
  EXPECT_NEAR(driver.RefusedShare(), 1.0 / 3, 0.04);  // lookups that are misses
  EXPECT_EQ(driver.tier.BusyUntil(2, driver.now + kSecond), busy);
  EXPECT_NEAR(driver.HitShare(), 0.75 * 2 / 3, 0.03);
  driver.Until(189);
  EXPECT_NEAR(driver.HitShare(), 0.75 * 2 / 3, 0.03);
  driver.Until(260);
  EXPECT_NEAR(driver.HitShare(), 0.75, 0.03);
}

// Three masters become four: each of the old ones gives a quarter of its slots, 4,096 in all, of 10
// keys each at 10,000 keys a second.
TEST(RedisTierTest, ReshardingTakesKeysOverSpeed) {
  const SystemModel system = Cluster(3, 15);
  Driver driver(system);
  driver.Until(1);
  driver.tier.Reshard(4, driver.now);
  driver.Until(1 + 2.0);
  EXPECT_NEAR(driver.tier.slots(3), 2000, 2);
  driver.Until(1 + 4.2);
  EXPECT_EQ(driver.told.back().text, "all slots have moved");
  EXPECT_NEAR(driver.told.back().at, 1 + 4096 * 10 / 10000.0, 0.02);
  for (size_t shard = 0; shard < 4; ++shard) EXPECT_EQ(driver.tier.slots(shard), 4096u);
  EXPECT_NEAR(ToSeconds(driver.tier.BusyUntil(3, driver.now)), 4.096, 1e-6);
}

// Two commands of one turn of the event loop pay the batch once, a third in the next turn again.
TEST(RedisTierTest, CommandsOfOneTurnShareABatch) {
  SystemModel system = Cluster(1, 0);
  system.redis.batch = 10000;
  RedisTier tier(system, 1, 0);
  FifoServer loop;
  loop.Admit(0, 100 * kMillisecond);
  uint16_t shard = 0;
  for (int i = 0; i < 2; ++i) tier.Ask(system.operations[0], 3, loop, kMillisecond, &shard);
  EXPECT_EQ(tier.BusyUntil(0, kSecond), 10000 + 2 * 2000);
  tier.Ask(system.operations[0], 3, loop, 101 * kMillisecond, &shard);
  EXPECT_EQ(tier.BusyUntil(0, kSecond), 2 * 10000 + 3 * 2000);
  tier.Ask(system.operations[0], 2, loop, 101 * kMillisecond, &shard);  // another worker
  EXPECT_EQ(tier.BusyUntil(0, kSecond), 3 * 10000 + 4 * 2000);
}

}  // namespace
}  // namespace simulator
