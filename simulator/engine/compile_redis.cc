#include <algorithm>
#include <cmath>

#include "simulator/engine/system_compiler.h"

namespace simulator {
namespace {

// Of our server (server/cache/record_cache.h, server/redis/redis_options.h).
constexpr double kPatienceSeconds = 0.25;
constexpr double kStuckSeconds = 2;
constexpr double kRefreshSeconds = 0.2;
constexpr double kMarkerBytes = 85 + 32;

}  // namespace

// The cache's cluster; without one the first.
const model::RedisCluster* SystemCompiler::FindRedis() const {
  const model::RedisCluster* found = nullptr;
  for (const model::RedisCluster& cluster : deployment_.redis()) {
    if (found == nullptr || cluster.role() == "cache") found = &cluster;
  }
  return found;
}

absl::Status SystemCompiler::Redis() {
  const model::RedisCluster* cluster = FindRedis();
  for (const model::RedisCluster& any : deployment_.redis()) {
    if (any.limit_millicores() > 0 && any.limit_millicores() < 1000) {
      redis_speed_ = any.limit_millicores() / 1000.0;
    }
  }
  uint32_t masters = cluster == nullptr ? 0 : cluster->masters();
  if (uses_redis_ && masters == 0) {
    return Bad("redis: no cluster with masters, and the profile has Redis commands");
  }
  masters = std::max(1u, masters);
  if (masters > redis::kSlots) return Bad("redis.masters: expected at most 16384");
  RedisModel& model = system_.redis;
  model.rules.masters = masters;
  model.rules.replicas_per_master = cluster == nullptr ? 0 : cluster->replicas_per_master();
  model.rules.node_timeout_seconds = cluster == nullptr ? 0 : cluster->node_timeout_seconds();
  // Popularity of keys: the scenario's first Zipf feeder, else uniform.
  double exponent = 0;
  for (const auto& [name, feeder] : scenario_.feeders()) {
    if (feeder.pick() == model::Feeder::ZIPF) exponent = std::max(exponent, feeder.zipf_exponent());
  }
  model.owners = redis::EvenRanges(masters);
  model.slot_popularity = redis::ZipfSlots(std::max(1u, options_.cache_keys), exponent);
  const redis::ShardShares shares = redis::Shares(model.owners, model.slot_popularity, masters);
  model.hottest_slot = shares.hottest_slot;
  model.hottest_slot_number = shares.hottest_slot_number;
  double sum = 0;
  for (double share : shares.share) system_.shard_cumulative.push_back(sum += share);
  system_.shard_cumulative.back() = 1;
  for (OperationModel& operation : system_.operations) {
    operation.redis_busy =
        static_cast<Nanos>(static_cast<double>(operation.redis_busy) / redis_speed_);
  }
  system_.round_trip = ToNanos(profile_.redis().network_round_trip_seconds());
  const double to_database = profile_.database().network_round_trip_seconds();
  system_.database.round_trip = to_database > 0 ? ToNanos(to_database) : system_.round_trip;
  system_.client_round_trip = ToNanos(std::max(0.0, profile_.client_round_trip_seconds()));
  model.batch = ToNanos(std::max(0.0, profile_.redis().batch_seconds()) / redis_speed_);
  model.migrate_keys_per_second = profile_.redis().migrate_keys_per_second();
  if (model.migrate_keys_per_second > 0) {
    const double busy = profile_.redis().migrate_busy_seconds();
    model.migrate_busy_seconds = busy > 0 ? busy : 1 / model.migrate_keys_per_second;
  }
  model.client_command =
      ToNanos(std::max(0.0, profile_.redis().client_command_cpu_seconds()) / system_.pod.run_speed);
  model.distrust = ToNanos(std::max(0.0, profile_.redis().distrust_seconds()));
  model.refresh = ToNanos(kRefreshSeconds);
  model.patience = ToNanos(kPatienceSeconds);
  model.stuck = ToNanos(kStuckSeconds);
  if (cluster != nullptr) {
    RedisMemory(*cluster);
    if (absl::Status scaled = RedisAutoscaler(*cluster); !scaled.ok()) return scaled;
  }
  if (absl::Status keyed = KeyedCaches(); !keyed.ok()) return keyed;
  return RedisFaults();
}

absl::Status SystemCompiler::RedisAutoscaler(const model::RedisCluster& cluster) {
  RedisModel& model = system_.redis;
  const model::Workload* workload = nullptr;
  for (const model::Workload& any : deployment_.workloads()) {
    if (any.name() == cluster.name()) workload = &any;
  }
  for (const model::Autoscaler& autoscaler : deployment_.autoscalers()) {
    if (autoscaler.target_name() != cluster.name()) continue;
    if (workload == nullptr) continue;  // a document without it: its requests are not known
    model.autoscaler = autoscaler;
  }
  if (!model.autoscaler.has_value()) return absl::OkStatus();
  model.workload = cluster.name();
  model.pods = cluster.masters() * (1 + cluster.replicas_per_master());
  model.request_millicores = workload->request_millicores();
  model.request_memory_bytes = static_cast<int64_t>(workload->request_memory_bytes());
  model.rebalancer = cluster.rebalancer();
  if (model.rebalancer && model.migrate_keys_per_second <= 0) {
    model.rebalancer = false;
    Warn("redis: the profile has no redis.migrate_keys_per_second: no slot moves to new nodes");
  }
  return absl::OkStatus();
}

// Whether every key of the caches can be simulated.
absl::Status SystemCompiler::KeyedCaches() const {
  if (options_.cache == RunOptions::Cache::kRates) return absl::OkStatus();
  double keys = 0;
  for (const OperationModel& operation : system_.operations) {
    if (operation.cache.has_value()) keys += static_cast<double>(operation.cache->streams().keys());
    if (operation.cacheable && !operation.cache.has_value()) {
      return absl::InvalidArgumentError(
          "--cache keys: the hit rate of an operation is taken from calibration, its keys are not "
          "known (the profile or the scenario does not determine them)");
    }
  }
  if (keys > (1 << 24)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--cache keys: ", keys, " keys, at most 16777216 can be simulated one by one"));
  }
  return absl::OkStatus();
}

// A fault of Redis that the inputs do not allow: an error that names its line.
absl::Status SystemCompiler::RedisFaults() const {
  const auto check = [&](const Fault& fault) {
    std::string wrong;
    const RedisModel& model = system_.redis;
    if (fault.kind == FaultKind::kRedisMasterLoss && fault.Count("shard") >= model.rules.masters) {
      wrong = absl::StrCat("redis_master_loss.shard: expected below the ", model.rules.masters,
                           " masters");
    }
    if (fault.kind == FaultKind::kRedisReshard) {
      if (model.migrate_keys_per_second <= 0) {
        wrong = absl::StrCat("redis_reshard: profile ", profile_.name(),
                             " has no redis.migrate_keys_per_second, how fast keys move");
      } else if (fault.Count("masters") != 0 && fault.Count("masters") < model.rules.masters) {
        wrong = absl::StrCat("redis_reshard.masters: expected 0 or at least the ",
                             model.rules.masters, " masters that there are");
      }
    }
    if (wrong.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(options_.faults.file, ":", fault.line, ": ", wrong));
  };
  for (const OperationModel& operation : system_.operations) {
    if (!operation.cacheable || operation.cache.has_value()) continue;
    const auto lost = [](const Fault& fault) { return fault.kind == FaultKind::kCacheLost; };
    if (std::any_of(options_.faults.faults.begin(), options_.faults.faults.end(), lost)) {
      return absl::InvalidArgumentError(absl::StrCat(
          options_.faults.file,
          ": cache_lost: the hit rate of an operation is taken from calibration (see its warning), "
          "so it cannot be worked out how the cache fills"));
    }
  }
  absl::Status status;
  for (const Fault& fault : options_.faults.faults) status.Update(check(fault));
  for (const FaultProcess& process : options_.faults.processes) status.Update(check(process.fault));
  return status;
}

void SystemCompiler::RedisMemory(const model::RedisCluster& cluster) {
  RedisModel& model = system_.redis;
  model.full_coverage = !cluster.partial_coverage();
  if (cluster.client_refresh_seconds() > 0) {
    model.refresh = ToNanos(cluster.client_refresh_seconds());
  }
  model.eviction = EvictionOf(cluster.maxmemory_policy());
  model.maxmemory_bytes = static_cast<double>(cluster.maxmemory_bytes());
  model.fixed_bytes = static_cast<double>(cluster.fixed_bytes());
  std::vector<CachedValues> values;
  bool caches = false;
  for (OperationModel& operation : system_.operations) {
    caches |= operation.cacheable;
    if (!operation.cache.has_value()) continue;
    model.keys += operation.cache->keys();
    values.push_back({&*operation.cache, operation.entry_bytes, kMarkerBytes});
  }
  if (model.keys == 0) model.keys = options_.cache_keys;
  model.state = cluster.role() == "state" && !caches;
  CacheMemory memory(values, model.eviction, model.maxmemory_bytes * model.rules.masters,
                     model.fixed_bytes);
  model.memory_limited = memory.limited();
  if (!memory.limited()) return;
  if (cluster.maxmemory_policy().ends_with("-lfu")) {
    Warn("redis: " + cluster.maxmemory_policy() + " is modelled as least recently used");
  }
  // As without it, at full load.
  const double per_second =
      static_cast<double>(workload_.users) / std::max(1e-3, workload_.mean_think_seconds);
  const MemoryPressure pressure = memory.PressureAt(per_second);
  for (OperationModel& operation : system_.operations) {
    if (!operation.cache.has_value()) continue;
    operation.hit_rate =
        operation.cache->HitRate(per_second * operation.cache->ttl_seconds(), pressure);
  }
}

}  // namespace simulator
