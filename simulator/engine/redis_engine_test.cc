// Redis inside the whole engine: what its losses and its autoscaler do to requests.

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

using ::testing::HasSubstr;

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
