#include "simulator/engine/redis_tier.h"

#include <cmath>
#include <limits>
#include <optional>

namespace simulator {
namespace {

std::vector<CachedValues> Values(const SystemModel& system) {
  constexpr double kMarkerBytes = 117;
  std::vector<CachedValues> values;
  for (const OperationModel& operation : system.operations) {
    if (!operation.cache.has_value()) continue;
    values.push_back({&*operation.cache, operation.entry_bytes, kMarkerBytes});
  }
  return values;
}

}  // namespace

RedisTier::RedisTier(const SystemModel& system, uint64_t seed, uint32_t replication)
    : system_(system),
      memory_(Values(system), system.redis.eviction,
              system.redis.maxmemory_bytes * system.redis.rules.masters, system.redis.fixed_bytes),
      shards_(system.shard_cumulative.size()),
      cumulative_(system.shard_cumulative),
      owners_(system.redis.owners),
      special_(system.redis.batch > 0 || system.host.shared()),
      masters_(static_cast<uint32_t>(system.shard_cumulative.size())),
      command_random_(seed, replication, "redis", "commands"),
      lookup_random_(seed, replication, "redis", "hits"),
      failover_random_(seed, replication, "redis", "failover") {
  for (Shard& shard : shards_) shard.replicas = system.redis.rules.replicas_per_master;
  for (const uint16_t owner : owners_) ++shards_[owner].slots;
  for (const OperationModel& operation : system.operations) {
    hit_rates_.push_back(operation.cache.has_value() ? 0 : operation.hit_rate);
    follows_load_ |= operation.cache.has_value();
  }
}

// A node on a shared host: it is woken when it slept, and gets its share of the cores.
Nanos RedisTier::Contend(FifoServer& station, Nanos now, Nanos busy) {
  const bool asleep = station.free_at() <= now;
  if (asleep) busy += system_.host.redis_wake;
  const Nanos start = std::max(now, station.free_at()) + (asleep ? system_.host.scheduling : 0);
  const Nanos done = start + static_cast<Nanos>(static_cast<double>(busy) * contention_);
  station.AdmitUntil(busy, done);
  return done;
}

// Beside the plain way: shards that are away, a move of slots, the cost of batches.
Nanos RedisTier::AskSpecial(const OperationModel& operation, uint32_t worker,
                            const FifoServer& loop, Nanos now, uint16_t* shard) {
  const uint32_t commands = operation.redis_commands.Sample(command_random_);
  *shard = next_slot_ < redis::kSlots ? owners_[next_slot_] : 0;
  unsent_ = 0;
  if (commands == 0) return kNever;
  const Nanos there = system_.round_trip / 2;
  Nanos done = 0;
  bool refused = false;
  for (uint32_t i = 0; i < commands; ++i) {
    const bool known = i == 0 && next_slot_ < redis::kSlots;
    const size_t target = known ? owners_[next_slot_] : DrawShard();
    Shard& to = shards_[target];
    if (i == 0) *shard = static_cast<uint16_t>(target);
    // A lookup is the first command; what follows it concerns the same key.
    const bool counts = i == 0 || !operation.cacheable;
    if (now < to.trusted_from && operation.cacheable) {
      refused |= counts;  // the server does not even ask
      ++unsent_;
      continue;
    }
    ++commands_;
    if (to.away) {
      ++refused_;
      refused |= counts;
      if (to.silent && now < to.lost_at + system_.redis.stuck) {
        done = std::max(done, now + system_.redis.patience);
      } else {
        ++unsent_;
      }
      continue;
    }
    if (down_) {
      ++refused_;
      refused |= counts;
      done = std::max(done, now + system_.round_trip);
      continue;
    }
    Nanos busy = operation.redis_busy;
    if (system_.redis.batch > 0) {
      if (turns_.size() <= worker) turns_.resize(worker + 1);
      std::vector<Nanos>& turns = turns_[worker];
      if (turns.size() < shards_.size()) turns.resize(shards_.size(), -1);
      if (now > turns[target]) {
        busy += system_.redis.batch;
        turns[target] = std::max(now, loop.free_at());
      }
    }
    const Nanos at_node = system_.host.shared() ? Contend(to.station, now + there, busy)
                                                : to.station.Admit(now + there, busy);
    // Beyond the lookup it is a write, which goes on to the replica.
    if (system_.host.shared() && !(i == 0 && operation.cacheable) && to.replicas > 0) {
      Contend(to.replica, at_node, operation.redis_busy);
    }
    Nanos answered = at_node + system_.round_trip - there;
    if (!moves_.empty() && target == moving_from_ && command_random_.Bernoulli(asking_)) {
      answered += system_.round_trip + operation.redis_busy;
    }
    done = std::max(done, answered);
  }
  if (refused) *shard = kRefused;
  return done == 0 ? kNever : done;
}

// The hit rate where the cache was empty at `empty_since`.
double RedisTier::Rate(size_t op, Nanos empty_since, uint64_t attempts_then, Nanos now,
                       uint64_t attempts) const {
  const CacheModel& cache = *system_.operations[op].cache;
  const double age = ToSeconds(now - empty_since);
  const bool cold = age < cache.ttl_seconds();
  double rate = 0;
  if (cold) {
    rate = cache.ColdHitRate(static_cast<double>(attempts - attempts_then), age);
    if (pressure_.policy == Eviction::kNone) return rate;
  }
  const size_t seconds =
      std::min(attempts_by_second_.size(),
               static_cast<size_t>(std::max(1.0, std::round(cache.ttl_seconds()))));
  if (seconds == 0) return rate;
  const size_t before = attempts_by_second_.size() - seconds;
  const uint64_t then = before == 0 ? 0 : attempts_by_second_[before - 1];
  const auto recent = static_cast<double>(attempts_by_second_.back() - then);
  const double requests = recent * cache.ttl_seconds() / static_cast<double>(seconds);
  if (pressure_.policy == Eviction::kNone) return cache.HitRate(requests);
  const double full = cache.HitRate(requests, pressure_);
  return cold ? std::min(rate, full) : full;
}

void RedisTier::UpdatePressure(Nanos now, uint64_t attempts) {
  if (!memory_.limited() || now <= 0) return;
  const size_t seconds = std::min<size_t>(attempts_by_second_.size(), 10);
  const size_t before = attempts_by_second_.size() - seconds;
  const uint64_t then = before == 0 ? 0 : attempts_by_second_[before - 1];
  pressure_ =
      memory_.PressureAt(static_cast<double>(attempts - then) / static_cast<double>(seconds));
}

void RedisTier::UpdateRates(Nanos now, uint64_t attempts) {
  for (size_t op = 0; op < hit_rates_.size(); ++op) {
    if (!system_.operations[op].cache.has_value()) continue;
    if (!disturbed_) {
      hit_rates_[op] = Rate(op, 0, 0, now, attempts);
      continue;
    }
    const double ttl = system_.operations[op].cache->ttl_seconds();
    for (size_t i = 0; i < shards_.size(); ++i) {
      Shard& shard = shards_[i];
      // Shards that were empty at the same time have the same rate.
      double rate = -1;
      for (size_t j = 0; j < i && rate < 0; ++j) {
        if (shards_[j].empty_since == shard.empty_since && shards_[j].aged_since == kNever) {
          rate = shards_[j].rates[op];
        }
      }
      if (rate < 0 || shard.aged_since != kNever) {
        rate = now <= shard.empty_since
                   ? 0
                   : Rate(op, shard.empty_since, shard.attempts_then, now, attempts);
      }
      if (shard.aged_since != kNever) {
        const double left = 1 - ToSeconds(now - shard.aged_since) / ttl;
        if (left > 0) rate = std::max(rate, left * shard.old_rates[op]);
      }
      shard.rates[op] = rate;
    }
  }
}

void RedisTier::Refresh(Nanos now, uint64_t attempts) {
  attempts_by_second_.push_back(attempts);
  UpdatePressure(now, attempts);
  UpdateRates(now, attempts);
}

}  // namespace simulator
