#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "simulator/engine/system_model.h"
#include "simulator/kernel/virtual_time.h"
#include "simulator/stations/fifo_server.h"

namespace simulator {

// Redis as the API's workers see it: shards that work on commands, and what is in the cache.
//
// A shard is a single-threaded queue: FIFO in virtual time, exact. All commands of a request leave
// at once, each to a shard by the popularity of its key; the request goes on when the last answer
// is back.
//
// A lookup of a cached operation hits with the operation's hit rate of the moment, which is worked
// out once a second from what came in (cache_model.h); all caches are empty at the start of a run.
//
// One per replication; not thread-safe. The model must outlive it. All times are the simulation's;
// calls come in order of time.
class RedisTier {
 public:
  RedisTier(const SystemModel& system, uint64_t seed, uint32_t replication);

  // Sends the operation's commands. The instant at which the last answer is back at the worker;
  // kNever when the operation has no command this time.
  Nanos Ask(const OperationModel& operation, Nanos now) {
    const uint32_t commands = operation.redis_commands.Sample(command_random_);
    if (commands == 0) return kNever;
    const Nanos there = system_.round_trip / 2;
    Nanos done = 0;
    for (uint32_t i = 0; i < commands; ++i) {
      size_t shard = 0;
      if (shards_.size() > 1) {
        const double u = command_random_.Uniform01();
        while (u > system_.shard_cumulative[shard]) ++shard;
      }
      done = std::max(done, shards_[shard].Admit(now + there, operation.redis_busy));
    }
    return done + system_.round_trip - there;
  }

  // Looks a value of a cacheable operation up: true when it is there.
  bool Lookup(uint16_t operation) {
    ++lookups_;
    const bool hit = lookup_random_.Bernoulli(hit_rates_[operation]);
    hits_ += hit;
    return hit;
  }

  // Some cache's hit rate follows from the load: call Refresh once a second.
  bool follows_load() const { return follows_load_; }
  // `attempts`: of all operations since the start of the run.
  void Refresh(Nanos now, uint64_t attempts);

  size_t shards() const { return shards_.size(); }
  // Busy time of a shard up to `now`.
  Nanos BusyUntil(size_t shard, Nanos now) const { return shards_[shard].BusyUntil(now); }
  uint64_t lookups() const { return lookups_; }
  uint64_t hits() const { return hits_; }

 private:
  const SystemModel& system_;
  std::vector<FifoServer> shards_;
  std::vector<double> hit_rates_;  // per operation, now
  bool follows_load_ = false;
  std::vector<uint64_t> attempts_by_second_;  // cumulative; empty when no cache follows the load
  uint64_t lookups_ = 0;
  uint64_t hits_ = 0;
  base::RandomStream command_random_;
  base::RandomStream lookup_random_;
};

}  // namespace simulator
