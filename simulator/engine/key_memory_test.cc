#include "simulator/engine/key_memory.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

base::RandomStream Stream(const char* purpose) { return {7, 0, "test", purpose}; }

TEST(KeyMemoryTest, TheLeastRecentlyUsedGoesFirst) {
  KeyMemory memory(Eviction::kLeastRecent, 30, {10}, 5, Stream("a"));
  std::vector<uint32_t> evicted;
  for (uint32_t key : {0u, 1u, 2u}) EXPECT_TRUE(memory.Put(key, 0, 100, 0, &evicted));
  memory.Touch(0);
  EXPECT_TRUE(memory.Put(3, 0, 100, 1, &evicted));
  EXPECT_EQ(evicted, std::vector<uint32_t>{1});
  memory.Remove(2);
  EXPECT_TRUE(memory.Put(4, 0, 100, 1, &evicted));
  EXPECT_EQ(evicted.size(), 1u);
  EXPECT_EQ(memory.bytes(), 30);
}

TEST(KeyMemoryTest, WhatHasExpiredGoesBeforeWhatIsUsed) {
  KeyMemory memory(Eviction::kLeastRecent, 30, {10, 20}, 5, Stream("a"));
  std::vector<uint32_t> evicted;
  EXPECT_TRUE(memory.Put(0, 0, 100, 0, &evicted));
  EXPECT_TRUE(memory.Put(1, 1, 50, 0, &evicted));
  EXPECT_TRUE(memory.Put(2, 1, 150, 60, &evicted));
  EXPECT_TRUE(evicted.empty());
  EXPECT_TRUE(memory.Holds(0));
  EXPECT_FALSE(memory.Holds(1));
  EXPECT_TRUE(memory.Put(0, 1, 200, 61, &evicted));  // in place of its own 10 bytes: 40 > 30
  EXPECT_EQ(evicted, std::vector<uint32_t>{2});
}

TEST(KeyMemoryTest, OtherPolicies) {
  std::vector<uint32_t> evicted;
  KeyMemory refuse(Eviction::kRefuse, 10, {10}, 3, Stream("a"));
  EXPECT_TRUE(refuse.Put(0, 0, 100, 0, &evicted));
  EXPECT_FALSE(refuse.Put(1, 0, 100, 1, &evicted));
  EXPECT_TRUE(refuse.Put(1, 0, 200, 100, &evicted));
  EXPECT_EQ(refuse.refused(), 1u);
  KeyMemory shortest(Eviction::kShortestTtl, 20, {10, 10}, 3, Stream("a"));
  EXPECT_TRUE(shortest.Put(0, 0, 100, 0, &evicted));
  EXPECT_TRUE(shortest.Put(1, 1, 60, 0, &evicted));
  EXPECT_TRUE(shortest.Put(2, 0, 110, 10, &evicted));
  EXPECT_EQ(evicted, std::vector<uint32_t>{1});
}

// Independent reads with popularity p. A cache for two of the keys, always full, holds in the
// stationary order of use i before j with p_i p_j / (1 - p_i), so least recently used hits with
//   sum over i, j of p_i p_j / (1 - p_i) (p_i + p_j)
// and random replacement of a cache for one with sum p_i^2.
TEST(KeyMemoryTest, HitRatesAreThoseOfASmallCache) {
  const std::vector<double> p = {0.4, 0.3, 0.15, 0.1, 0.05};
  double two = 0;
  double one = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    one += p[i] * p[i];
    for (size_t j = 0; j < p.size(); ++j) {
      if (i != j) two += p[i] * p[j] / (1 - p[i]) * (p[i] + p[j]);
    }
  }
  const auto hit_rate = [&](Eviction policy, double room) {
    KeyMemory memory(policy, room, {10}, p.size(), Stream("victims"));
    base::RandomStream reads = Stream("reads");
    std::vector<uint32_t> evicted;
    int hits = 0;
    constexpr int kReads = 400000;
    for (int read = 0; read < kReads; ++read) {
      double u = reads.Uniform01();
      uint32_t key = 0;
      while (key + 1 < p.size() && u > p[key]) u -= p[key++];
      if (memory.Holds(key)) {
        ++hits;
        memory.Touch(key);
      } else {
        EXPECT_TRUE(memory.Put(key, 0, kNever - 1, read, &evicted));
      }
    }
    return hits / static_cast<double>(kReads);
  };
  const double seen = hit_rate(Eviction::kLeastRecent, 20);
  std::printf("least recently used, two of five keys: %.4f, by hand %.4f\n", seen, two);
  EXPECT_NEAR(seen, two, 0.004);
  EXPECT_NEAR(hit_rate(Eviction::kRandom, 10), one, 0.004);
}

// The engine with each key beside the engine with rates (Che's approximation), under pressure.
TEST(KeyMemoryTest, TheEngineAgreesWithChesApproximation) {
  TestInputs inputs = TestInputs::FromFiles();
  inputs.options.replications = 1;
  inputs.options.ramp_seconds = 0;
  inputs.options.duration_seconds = 200;
  inputs.options.settle_seconds = 100;
  inputs.options.users = 20000;
  for (model::OperationDemand& demand : *inputs.profile.mutable_operations()) {
    if (demand.cacheable()) demand.set_cache_ttl_seconds(30);
  }
  const auto hits = [&](RunOptions::Cache cache) {
    inputs.options.cache = cache;
    const auto results = inputs.Run();
    EXPECT_TRUE(results.ok()) << results.status();
    if (!results.ok()) return 0.0;
    EXPECT_EQ(results->front().violation, "");
    return static_cast<double>(results->front().cache_hits) /
           static_cast<double>(results->front().cache_lookups);
  };
  const double unlimited = hits(RunOptions::Cache::kKeys);
  model::RedisCluster& redis = *inputs.deployment.mutable_redis(0);
  for (const char* policy : {"allkeys-lru", "allkeys-random", "volatile-ttl", "noeviction"}) {
    redis.set_maxmemory_policy(policy);
    for (uint64_t bytes : {300000u, 1000000u}) {
      redis.set_maxmemory_bytes(bytes);
      const double rates = hits(RunOptions::Cache::kRates);
      const double keys = hits(RunOptions::Cache::kKeys);
      std::printf("%s, 3 x %lu bytes: %.4f by rates, %.4f key by key, %.4f without a limit\n",
                  policy, static_cast<unsigned long>(bytes), rates, keys, unlimited);
      // Fills that wait for expiries come in bursts, which the rates leave out.
      const double allowed = std::string(policy) == "noeviction" ? 0.04 : 0.01;
      EXPECT_NEAR(keys, rates, allowed) << policy << bytes;
      EXPECT_LT(keys, unlimited) << policy << bytes;
    }
  }
}

}  // namespace
}  // namespace simulator
