#include "simulator/engine/redis_tier.h"

#include <cmath>
#include <optional>

namespace simulator {

RedisTier::RedisTier(const SystemModel& system, uint64_t seed, uint32_t replication)
    : system_(system),
      shards_(system.shard_cumulative.size()),
      command_random_(seed, replication, "redis", "commands"),
      lookup_random_(seed, replication, "redis", "hits") {
  for (const OperationModel& operation : system.operations) {
    hit_rates_.push_back(operation.cache.has_value() ? 0 : operation.hit_rate);
    follows_load_ |= operation.cache.has_value();
  }
}

void RedisTier::Refresh(Nanos now, uint64_t attempts) {
  attempts_by_second_.push_back(attempts);
  const double age = ToSeconds(now);
  for (size_t op = 0; op < hit_rates_.size(); ++op) {
    const std::optional<CacheModel>& cache = system_.operations[op].cache;
    if (!cache.has_value()) continue;
    if (age < cache->ttl_seconds()) {
      hit_rates_[op] = cache->ColdHitRate(static_cast<double>(attempts), age);
      continue;
    }
    const size_t seconds =
        std::min(attempts_by_second_.size(),
                 static_cast<size_t>(std::max(1.0, std::round(cache->ttl_seconds()))));
    const size_t before = attempts_by_second_.size() - seconds;
    const uint64_t then = before == 0 ? 0 : attempts_by_second_[before - 1];
    const auto recent = static_cast<double>(attempts - then);
    hit_rates_[op] = cache->HitRate(recent * cache->ttl_seconds() / static_cast<double>(seconds));
  }
}

}  // namespace simulator
