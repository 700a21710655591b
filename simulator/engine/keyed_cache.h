#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "simulator/engine/key_memory.h"
#include "simulator/engine/redis_tier.h"
#include "simulator/engine/system_model.h"
#include "simulator/kernel/virtual_time.h"

namespace simulator {

// The cache with every key by itself, instead of hit rates: what each key holds and until when, who
// is loading it, what a write buries. Exact for the rules of our server's record cache, and so for
// stampedes; costs 16 bytes a key and some random numbers a request.
//
// A miss loads from the database; the value is there when the load has ended, unless a write buried
// the key or the load took longer than a refill may. With one flight a key (our server): at most
// one load per key and worker runs; who comes meanwhile waits, and the first of them then leads one
// load for all of them, as nobody gets an answer older than the question. Without: every miss
// loads.
//
// A write buries its key before it touches the database, and shortly after its commit it may be
// filled again. Values on a shard that was emptied or lost are gone.
//
// Where maxmemory may be reached, each value and each marker that a write leaves takes its room,
// and others go as the policy says (key_memory.h); a marker without room counts as one that could
// not be written.
//
// One per replication, beside its RedisTier. Requests are numbers that the caller owns.
class KeyedCache {
 public:
  static constexpr uint32_t kNobody = 0xffffffff;
  static constexpr uint32_t kNoKey = 0xffffffff;
  static constexpr uint64_t kMostKeys = 1u << 24;

  KeyedCache(const SystemModel& system, const Workload& workload, bool one_flight, uint64_t seed,
             uint32_t replication);

  // The key that a request of the operation reads or buries; kNoKey: none.
  uint32_t Draw(uint16_t operation);
  uint32_t SlotOf(uint32_t key) const;
  bool Buries(uint16_t operation) const { return operations_[operation].buries >= 0; }

  // `emptied`: when the key's shard last lost what it had.
  bool Lookup(uint32_t key, Nanos emptied, Nanos now) {
    const Entry& entry = entries_[key];
    const bool hit = entry.expires > now && entry.filled >= emptied;
    if (memory_.has_value()) [[unlikely]] {
      if (hit) memory_->Touch(key);
    }
    return hit;
  }
  // A miss. True: the request leads a load now. False: it waits; EndLoad hands it out later.
  bool BeginLoad(uint32_t request, uint32_t worker, uint32_t key, Nanos now);
  struct Ended {
    std::vector<uint32_t> followers;  // that got the value, or the failure, with it
    uint32_t next = kNobody;          // leads the next load from now on
  };
  // It could not be buried: nobody reads or fills it for a while.
  void Shun(uint32_t key, Nanos until) {
    entries_[key].expires = 0;
    entries_[key].closed = std::max(entries_[key].closed, until);
  }
  // The load that `request` led has ended. `filled`: its value may be stored.
  Ended EndLoad(uint32_t request, uint32_t worker, uint32_t key, uint16_t operation, bool filled,
                Nanos now);
  // The key is closed for `guard`. False: its marker found no room.
  bool Bury(uint32_t key, uint16_t operation, Nanos guard, Nanos now);
  // After the commit the key is closed for the settle time only.
  void Settle(uint32_t key, uint16_t operation, Nanos now);

  // These workers are dead: their flights end without a value. The requests that waited in them;
  // the leaders are where their loads are.
  std::vector<uint32_t> Kill(uint32_t first_worker, uint32_t end_worker);

  uint64_t evictions() const { return memory_.has_value() ? memory_->evictions() : 0; }
  uint64_t loads() const { return loads_; }
  uint64_t shared() const { return shared_; }  // misses that another request's load answered

 private:
  struct Entry {
    Nanos expires = 0;
    Nanos filled = 0;
    Nanos closed = 0;  // nobody may fill it before
  };
  struct Operation {
    const KeyStreams* reads = nullptr;
    uint32_t first = 0;
    Nanos ttl = 0;
    Nanos settle = 0;
    uint32_t kind = 0;  // of its values in memory; then its markers before and after the commit
    int buries = -1;    // the operation whose keys this one writes
    std::string name;
  };
  struct Flight {
    Nanos started = 0;
    std::vector<uint32_t> followers;
    std::vector<uint32_t> waiting;
  };
  static uint64_t Id(uint32_t worker, uint32_t key) { return uint64_t{worker} << 32 | key; }

  bool TakeRoom(uint32_t key, uint32_t kind, Nanos until, Nanos now);

  std::vector<Operation> operations_;
  std::vector<Entry> entries_;
  std::optional<KeyMemory> memory_;  // where it may be short
  std::vector<uint32_t> evicted_;
  std::unordered_map<uint64_t, Flight> flights_;
  std::unordered_map<uint32_t, Nanos> alone_;  // loads without flights: when they started
  bool one_flight_;
  uint64_t loads_ = 0;
  uint64_t shared_ = 0;
  base::RandomStream random_;
};

}  // namespace simulator
