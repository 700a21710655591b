#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "simulator/engine/system_model.h"
#include "simulator/kernel/virtual_time.h"
#include "simulator/stations/fifo_server.h"

namespace simulator {

// Redis as the API's workers see it: shards that work on commands, and what is in the cache.
//
// A shard is a single-threaded queue: FIFO in virtual time, exact. All commands of a request leave
// at once, each to the shard that owns its key's slot, by popularity; the request goes on when the
// last answer is back. Where a batch has a cost of its own, the commands of one turn of a worker's
// event loop to a shard pay it once.
//
// A lookup of a cached operation hits with the operation's hit rate of the moment, which is worked
// out once a second from what came in (cache_model.h) and from how short memory is
// (cache_memory.h); all caches are empty at the start of a run.
//
// A shard whose master is lost answers nobody until a replica is promoted (redis/cluster_bus.h) and
// the workers know it. Workers do not ask a process that is gone: nothing is sent, nobody waits; a
// silent machine is waited for with the client's patience, until the connection counts as lost.
// Workers connect again on a schedule (redis_reconnect.h). While a slot is not covered
// the whole cluster refuses, unless partial coverage is allowed. A failed lookup is a miss.
// Afterwards a server that distrusts the shard neither reads nor fills it for a while, so it starts
// empty; otherwise what was there before has aged meanwhile.
//
// One per replication; not thread-safe. The model must outlive it. All times are the simulation's;
// calls come in order of time.
class RedisTier {
 public:
  static constexpr uint16_t kRefused = 0xffff;
  // kind, subject, text, from, to: as Result's events.
  using Tell = std::function<void(const std::string&, const std::string&, const std::string&,
                                  double, double)>;

  RedisTier(const SystemModel& system, uint64_t seed, uint32_t replication);
  void set_tell(Tell tell) { tell_ = std::move(tell); }

  // Sends the operation's commands. The instant at which the last answer is back at the worker;
  // kNever when there is nothing to wait for. `shard`: that has the first command's key; kRefused
  // when a command failed. `worker` sends, `loop` is its CPU: when it has worked off what it has
  // now, the batches it has begun leave; both only count where batches cost something.
  Nanos Ask(const OperationModel& operation, uint32_t worker, const FifoServer& loop, Nanos now,
            uint16_t* shard) {
    if (special_) [[unlikely]]
      return AskSpecial(operation, worker, loop, now, shard);
    const uint32_t commands = operation.redis_commands.Sample(command_random_);
    *shard = 0;
    unsent_ = 0;
    if (commands == 0) return kNever;
    commands_ += commands;
    const Nanos there = system_.round_trip / 2;
    Nanos done = 0;
    for (uint32_t i = 0; i < commands; ++i) {
      const size_t target = DrawShard();
      if (i == 0) *shard = static_cast<uint16_t>(target);
      done = std::max(done, shards_[target].station.Admit(now + there, operation.redis_busy));
    }
    return done + system_.round_trip - there;
  }

  // Commands of the last Ask that no worker sends, as their shard is known to be away.
  uint32_t unsent() const { return unsent_; }

  // Looks a value of a cacheable operation up: true when it is there.
  bool Lookup(uint16_t operation, uint16_t shard) {
    ++lookups_;
    const double rate = disturbed_ ? RateOf(operation, shard) : hit_rates_[operation];
    const bool hit = lookup_random_.Bernoulli(rate);
    hits_ += hit;
    return hit;
  }
  // Where each key is simulated (keyed_cache.h): the first command of the next Ask goes to this
  // slot (kSlots: by popularity); hits are counted by who knows them.
  void SimulateKeys() {
    special_ = true;
    follows_load_ = false;
  }
  // On a shared host: how much longer than its CPU the next Ask's work takes.
  void set_contention(double factor) { contention_ = factor; }
  void set_next_slot(uint32_t slot) { next_slot_ = slot; }
  void CountLookup(bool hit) {
    ++lookups_;
    hits_ += hit;
  }
  // When the shard last lost what it had.
  Nanos emptied(uint16_t shard) const { return shards_[shard].emptied; }

  // The request cannot do without what it asked for: 503.
  bool Fails(uint16_t shard) const { return shard == kRefused && system_.redis.state; }

  // Some cache's hit rate follows from the load: call Refresh once a second.
  bool follows_load() const { return follows_load_; }
  // `attempts`: of all operations since the start of the run.
  void Refresh(Nanos now, uint64_t attempts);

  // redis_faults.cc. A shard's master goes away, `silent` with its machine, and with its replica or
  // without; it comes back, empty; the whole cache is empty; slots move until `masters` have equal
  // shares (0: as many as there are).
  void LoseMaster(uint32_t shard, bool silent, bool with_replica, Nanos now, uint64_t attempts);
  void ReturnMaster(uint32_t shard, Nanos now, uint64_t attempts);
  void LoseCache(Nanos now, uint64_t attempts);
  // All nodes, replicas too; they come back empty.
  void LoseAll(bool silent, Nanos now, uint64_t attempts);
  void ReturnAll(Nanos now, uint64_t attempts);
  void Reshard(uint32_t masters, Nanos now);
  // What follows by itself: call Advance at NextChange(), which may come earlier after a call
  // above.
  Nanos NextChange() const { return agenda_.empty() ? kNever : agenda_.front().at; }
  void Advance(Nanos now, uint64_t attempts);

  // A shard at random, for a fault that names none.
  uint64_t DrawForFault() { return failover_random_.UniformInt(shards_.size()); }

  // redis_nodes.cc. Node i of `nodes` at the start is master i, then come the replicas in rounds;
  // later ones are a new master and its replicas in turn. The shard that node is master of;
  // shards() or more: it is none.
  uint32_t ShardOfNode(uint32_t node, uint32_t nodes) const;
  // A node of the start is taken away.
  void RemoveNode(uint32_t node, Nanos now, uint64_t attempts);
  // Expected memory of the shard's values.
  double BytesOf(size_t shard, Nanos now, uint64_t attempts) const;
  bool moving() const { return !moves_.empty(); }
  // Masters that own slots, or will when the move is over.
  uint32_t masters() const { return masters_; }

  size_t shards() const { return shards_.size(); }
  // Nodes of a shared host that have work at `now`.
  uint32_t BusyNodes(Nanos now) const {
    uint32_t busy = 0;
    for (const Shard& shard : shards_) {
      busy += shard.station.free_at() > now;
      busy += shard.replica.free_at() > now;
    }
    return busy;
  }
  // Busy time of a shard up to `now`.
  Nanos BusyUntil(size_t shard, Nanos now) const { return shards_[shard].station.BusyUntil(now); }
  uint32_t slots(size_t shard) const { return shards_[shard].slots; }
  bool reachable(size_t shard) const { return !down_ && !shards_[shard].away; }
  bool down() const { return down_; }
  // A fault or a move has happened, so that commands may be refused.
  bool disturbed() const { return disturbed_; }
  uint64_t lookups() const { return lookups_; }
  uint64_t hits() const { return hits_; }
  uint64_t commands() const { return commands_; }
  uint64_t refused() const { return refused_; }

 private:
  struct Shard {
    FifoServer station;
    FifoServer replica;  // on a shared host
    uint32_t slots = 0;
    uint32_t replicas = 0;  // that can take over
    bool away = false;      // as the workers see it
    bool dead = false;      // its master is gone and nobody has taken over
    bool failed = false;    // and the cluster says so
    bool silent = false;
    Nanos lost_at = 0;
    Nanos last_failed = 0;  // attempt to connect to a master that came back
    Nanos trusted_from = 0;
    // The cache since it was empty or began to fill again.
    Nanos empty_since = 0;
    uint64_t attempts_then = 0;
    Nanos emptied = 0;
    // What is left of before, 1 at the loss; none when it was lost at kNever.
    Nanos aged_since = kNever;
    std::vector<double> rates;      // per operation, now
    std::vector<double> old_rates;  // when it was lost
  };
  enum class Step : uint8_t {
    kMinority,  // too few masters are left: everybody stops
    kMajority,  // enough again
    kFailed,
    kPromoted,
    kSwitched,  // the workers know the new master
    kReturned,  // the old master accepts commands again
    kFilling,   // the rates change quickly
    kSlotMoved,
  };
  struct Change {
    Nanos at;
    uint64_t order;
    Step step;
    uint32_t shard;
    bool first;  // of several
  };
  struct Move {
    uint32_t slot;
    uint32_t target;
  };

  size_t DrawShard() {
    size_t shard = 0;
    if (shards_.size() > 1) {
      const double u = command_random_.Uniform01();
      while (u > cumulative_[shard]) ++shard;
    }
    return shard;
  }
  Nanos Contend(FifoServer& station, Nanos now, Nanos busy);
  Nanos AskSpecial(const OperationModel& operation, uint32_t worker, const FifoServer& loop,
                   Nanos now, uint16_t* shard);
  double RateOf(uint16_t operation, uint16_t shard) const {
    return shard == kRefused ? 0 : shards_[shard].rates[operation];
  }
  double Rate(size_t operation, Nanos empty_since, uint64_t attempts_then, Nanos now,
              uint64_t attempts) const;
  void UpdatePressure(Nanos now, uint64_t attempts);
  void UpdateRates(Nanos now, uint64_t attempts);

  // redis_faults.cc
  void Disturb();
  void Plan(Nanos at, Step step, uint32_t shard, bool first = false);
  void Forget(Step step, uint32_t shard);
  void PlanFailover(uint32_t shard, bool suspected, Nanos now);
  // `known`: when the workers last saw it lost or replaced.
  void Usable(uint32_t shard, Nanos at, Nanos known, bool empty, uint64_t attempts);
  void UpdateState();
  void UpdateShares();
  bool HasMajority() const;
  void Apply(const Change& change, uint64_t attempts);
  double SlotSeconds() const;
  void MoveSlot(Nanos now);
  void PlanMove(Nanos now);

  const SystemModel& system_;
  CacheMemory memory_;
  std::vector<Shard> shards_;
  std::vector<double> cumulative_;  // share of the keys' popularity per shard
  redis::SlotMap owners_;
  bool special_ = false;    // the plain way of Ask does not do
  bool disturbed_ = false;  // shards differ in what they have
  bool down_ = false;       // the whole cluster refuses
  bool minority_ = false;
  uint32_t next_slot_ = redis::kSlots;
  double contention_ = 1;
  uint32_t masters_;
  uint32_t moving_from_ = 0;
  double asking_ = 0;           // share of the moving slot's shard's commands that are redirected
  std::vector<Move> moves_;     // the next one last
  std::vector<Change> agenda_;  // by time
  uint64_t planned_ = 0;
  std::vector<std::vector<Nanos>> turns_;  // per worker and shard: end of the batch's turn
  MemoryPressure pressure_;
  std::vector<double> hit_rates_;  // per operation, now
  bool follows_load_ = false;
  std::vector<uint64_t> attempts_by_second_;  // cumulative; empty when no cache follows the load
  uint64_t lookups_ = 0;
  uint64_t hits_ = 0;
  uint64_t commands_ = 0;
  uint64_t refused_ = 0;
  uint32_t unsent_ = 0;
  Tell tell_;
  base::RandomStream command_random_;
  base::RandomStream lookup_random_;
  base::RandomStream failover_random_;
};

}  // namespace simulator
