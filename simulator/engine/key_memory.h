#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/random.h"
#include "simulator/engine/cache_model.h"
#include "simulator/kernel/virtual_time.h"

namespace simulator {

// Which keys are in Redis' memory, where each is simulated: all shards together against their joint
// maxmemory, as cache_memory.h. A key holds one entry at a time, of a kind that fixes its bytes and
// how long it lives; when there is no room, the policy says who goes:
//   kLeastRecent  the entry that was neither written nor read for the longest time (exact order;
//                 Redis looks at five samples)
//   kRandom       any, with equal chances
//   kShortestTtl  the one that expires first
//   kRefuse       nobody: the new entry is refused
// What has expired goes first, whatever the policy.
//
// Entries of one kind expire in the order in which they came, as they live equally long; those of
// the past cost nothing until room is wanted. 16 bytes a key and as much for each entry.
class KeyMemory {
 public:
  static constexpr uint32_t kNone = 0xffffffff;

  // `kinds`: bytes of each kind of entry.
  KeyMemory(Eviction policy, double limit_bytes, std::vector<double> kinds, uint64_t keys,
            base::RandomStream random);

  // The key's entry from now on, in place of what it had. False: refused, the key has none.
  // Calls of a kind come in order of `until`; `evicted` gets the keys that lost their entries.
  bool Put(uint32_t key, uint32_t kind, Nanos until, Nanos now, std::vector<uint32_t>* evicted);
  // It was read.
  void Touch(uint32_t key) {
    if (policy_ != Eviction::kLeastRecent || slots_[key].kind == kNoKind) return;
    Unlink(key);
    LinkFirst(key);
  }
  void Remove(uint32_t key);

  bool Holds(uint32_t key) const { return slots_[key].kind != kNoKind; }
  double bytes() const { return bytes_; }
  uint64_t evictions() const { return evictions_; }
  uint64_t refused() const { return refused_; }

 private:
  static constexpr uint16_t kNoKind = 0xffff;
  struct Slot {
    // Least recent: neighbours in the order of use. Random: `newer` is the place in resident_.
    uint32_t newer = kNone;
    uint32_t older = kNone;
    uint32_t serial = 0;  // of its entry
    uint16_t kind = kNoKind;
  };
  struct Expiry {
    Nanos until;
    uint32_t key;
    uint32_t serial;
  };
  bool Current(const Expiry& expiry, uint32_t kind) const {
    const Slot& slot = slots_[expiry.key];
    return slot.kind == kind && slot.serial == expiry.serial;
  }
  void LinkFirst(uint32_t key);
  void Unlink(uint32_t key);
  void Expire(Nanos now);
  uint32_t Victim();

  Eviction policy_;
  double limit_;
  std::vector<double> kinds_;
  std::vector<Slot> slots_;
  std::vector<std::deque<Expiry>> expiries_;  // per kind
  std::vector<uint32_t> resident_;            // random
  uint32_t newest_ = kNone;
  uint32_t oldest_ = kNone;
  double bytes_ = 0;
  uint64_t evictions_ = 0;
  uint64_t refused_ = 0;
  base::RandomStream random_;
};

}  // namespace simulator
