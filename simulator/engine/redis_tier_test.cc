#include "simulator/engine/redis_tier.h"

#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

using ::testing::HasSubstr;

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

class RedisInTheEngineTest : public ::testing::Test {
 protected:
  RedisInTheEngineTest() {
    inputs.options.replications = 1;
    inputs.options.ramp_seconds = 0;
    inputs.options.duration_seconds = 120;
    inputs.options.users = 20000;
    inputs.options.settle_seconds = 40;
    for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
      if (demand.cacheable()) demand.set_cache_ttl_seconds(30);
    }
  }
  ReplicationResult Run() {
    auto results = inputs.Run();
    EXPECT_TRUE(results.ok()) << results.status();
    return results.ok() ? std::move(results->front()) : ReplicationResult();
  }
  void AddFault(FaultKind kind, double at, double duration = 0) {
    Fault& fault = inputs.options.faults.faults.emplace_back();
    fault.kind = kind;
    fault.at = ToNanos(at);
    fault.duration = ToNanos(duration);
    fault.parameters["shard"] = 0;
  }
  TestInputs inputs = TestInputs::FromFiles();
};

// Fewer hits are more work for the database, by just as much.
TEST_F(RedisInTheEngineTest, ALostCacheIsLoadOnTheDatabase) {
  const ReplicationResult calm = Run();
  AddFault(FaultKind::kCacheLost, 60);
  const ReplicationResult lost = Run();
  const auto& hits = lost.series[kCacheHitRate];
  EXPECT_LT(hits[12], calm.series[kCacheHitRate][12] - 0.1);
  ASSERT_GT(hits.size(), 22u);
  EXPECT_NEAR(hits[22], calm.series[kCacheHitRate][22], 0.05);
  EXPECT_GT(lost.series[kDatabaseCpu][12], calm.series[kDatabaseCpu][12]);
  EXPECT_EQ(lost.violation, "");
}

TEST_F(RedisInTheEngineTest, ALostMasterCostsHitsButNoRequest) {
  inputs.deployment.mutable_redis(0)->set_node_timeout_seconds(2);
  AddFault(FaultKind::kRedisMasterLoss, 60);
  const ReplicationResult result = Run();
  EXPECT_EQ(result.violation, "");
  EXPECT_GT(result.redis_refused, 0u);
  EXPECT_GT(result.series[kRedisRefused][12], 0);
  EXPECT_EQ(result.series[kRedisRefused][20], 0);
  for (const OperationStats& operation : result.operations) {
    EXPECT_EQ(operation.outcomes[kOverloaded], 0u);
  }
  int told = 0;
  for (const model::Event& event : result.events) told += event.kind() == "failover";
  EXPECT_EQ(told, 3);  // stops, promoted, answers again
}

TEST_F(RedisInTheEngineTest, LostStateFailsRequests) {
  inputs.deployment.mutable_redis(0)->set_role("state");
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    demand.set_cacheable(false);
  }
  AddFault(FaultKind::kRedisMasterLoss, 60, 10);
  const ReplicationResult result = Run();
  uint64_t failed = 0;
  for (const OperationStats& operation : result.operations)
    failed += operation.outcomes[kOverloaded];
  EXPECT_GT(failed, 1000u);
}

TEST_F(RedisInTheEngineTest, LittleMemoryMeansFewerHits) {
  const ReplicationResult enough = Run();
  inputs.deployment.mutable_redis(0)->set_maxmemory_policy("allkeys-lru");
  inputs.deployment.mutable_redis(0)->set_maxmemory_bytes(1000000);
  const ReplicationResult little = Run();
  EXPECT_LT(little.cache_hits, enough.cache_hits * 0.9);
  EXPECT_GT(little.cache_hits, 0u);
}

TEST_F(RedisInTheEngineTest, EachShardIsShown) {
  const auto result = inputs.Predict();
  ASSERT_TRUE(result.ok()) << result.status();
  double sum = 0;
  double most = 0;
  for (int shard = 0; shard < 3; ++shard) {
    const double busy = ResourceOf(*result, "redis." + std::to_string(shard)).utilisation();
    sum += busy;
    most = std::max(most, busy);
  }
  EXPECT_NEAR(ResourceOf(*result, "redis_shard_max").utilisation(), most, 1e-12);
  EXPECT_GT(ResourceOf(*result, "redis_slot_max").utilisation(), 0.01 * sum);
  EXPECT_LT(ResourceOf(*result, "redis_slot_max").utilisation(), most);
}

TEST_F(RedisInTheEngineTest, FaultsThatDoNotFitAreErrors) {
  AddFault(FaultKind::kRedisMasterLoss, 60);
  inputs.options.faults.faults[0].parameters["shard"] = 3;
  inputs.options.faults.faults[0].line = 7;
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr(":7: redis_master_loss.shard: expected below the 3 masters"));
  inputs.options.faults.faults[0].kind = FaultKind::kRedisReshard;
  EXPECT_THAT(std::string(inputs.Predict().status().message()),
              HasSubstr("no redis.migrate_keys_per_second"));
}

// 2,000 requests/s of about one command of 0.4 ms keep three masters busy with 0.9 cores together,
// 150 % of the six pods' requests of 0.1: the controller wants more than it may have.
class RedisScalingTest : public RedisInTheEngineTest {
 protected:
  RedisScalingTest() {
    inputs.options.duration_seconds = 300;
    inputs.options.settle_seconds = 200;
    inputs.profile.mutable_redis()->set_command_seconds(4e-4);
    model::Workload& workload = *inputs.deployment.add_workloads();
    workload.set_name("cache");
    workload.set_role("redis");
    workload.set_replicas(6);
    workload.set_request_millicores(100);
    model::Autoscaler& autoscaler = *inputs.deployment.add_autoscalers();
    autoscaler.set_name("cache");
    autoscaler.set_target_name("cache");
    autoscaler.set_min_replicas(6);
    autoscaler.set_has_min_replicas(true);
    autoscaler.set_max_replicas(12);
    model::MetricTarget& metric = *autoscaler.add_metrics();
    metric.set_type("Resource");
    metric.set_name("cpu");
    metric.set_target_type("Utilization");
    metric.set_target_milli(50);
  }
  // Busy share of the busiest shard in the window; events of Redis' pods.
  double Busiest(const ReplicationResult& result) {
    for (const ReplicationResult::Use& use : result.uses) {
      if (use.name == "redis_shard_max") return use.busy;
    }
    return -1;
  }
  static int Told(const ReplicationResult& result, const std::string& text) {
    int told = 0;
    for (const model::Event& event : result.events) {
      told += event.text().find(text) != std::string::npos;
    }
    return told;
  }
};

TEST_F(RedisScalingTest, NewNodesWithoutSlotsAddNoCapacity) {
  inputs.deployment.mutable_autoscalers(1)->set_target_name("nobody");
  const ReplicationResult fixed = Run();
  inputs.deployment.mutable_autoscalers(1)->set_target_name("cache");
  const ReplicationResult scaled = Run();
  EXPECT_EQ(scaled.violation, "");
  EXPECT_GT(Told(scaled, "own no slots"), 0);
  EXPECT_EQ(scaled.shard_series.size(), 3u);
  EXPECT_NEAR(Busiest(scaled), Busiest(fixed), 0.01);
  double last = 0;
  for (const model::Event& event : scaled.events) {
    if (event.kind() == "scaling" && event.subject() == "cache") last = event.to();
  }
  EXPECT_EQ(last, 12);
}

TEST_F(RedisScalingTest, WithARebalancerTheyTakeTheirPart) {
  const double before = Busiest(Run());
  inputs.deployment.mutable_redis(0)->set_rebalancer(true);
  inputs.profile.mutable_redis()->set_migrate_keys_per_second(50000);
  const ReplicationResult scaled = Run();
  EXPECT_EQ(scaled.violation, "");
  EXPECT_GT(Told(scaled, "all slots have moved"), 0);
  EXPECT_EQ(scaled.shard_series.size(), 6u);
  EXPECT_LT(Busiest(scaled), 0.75 * before);  // a hot slot keeps it above the half
}

TEST_F(RedisScalingTest, FewerNodesTakeTheirSlotsWithThem) {
  inputs.profile.mutable_redis()->set_command_seconds(1e-6);
  inputs.deployment.mutable_autoscalers(1)->set_min_replicas(2);
  inputs.deployment.mutable_redis(0)->set_node_timeout_seconds(2);
  inputs.options.duration_seconds = 700;
  const ReplicationResult result = Run();
  EXPECT_EQ(result.violation, "");
  EXPECT_GT(Told(result, "master lost"), 0);
  EXPECT_GT(result.series[kRedisRefused].back(), 0);  // with no replica left to take over
}

}  // namespace
}  // namespace simulator
