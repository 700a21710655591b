#include "simulator/engine/key_memory.h"

#include <utility>

namespace simulator {

KeyMemory::KeyMemory(Eviction policy, double limit_bytes, std::vector<double> kinds, uint64_t keys,
                     base::RandomStream random)
    : policy_(policy),
      limit_(limit_bytes),
      kinds_(std::move(kinds)),
      slots_(keys),
      expiries_(kinds_.size()),
      random_(random) {}

bool KeyMemory::Put(uint32_t key, uint32_t kind, Nanos until, Nanos now,
                    std::vector<uint32_t>* evicted) {
  Remove(key);
  const double room = limit_ - kinds_[kind];
  if (bytes_ > room) Expire(now);
  while (bytes_ > room) {
    const uint32_t victim = Victim();
    if (victim == kNone) {
      ++refused_;
      return false;
    }
    Remove(victim);
    ++evictions_;
    evicted->push_back(victim);
  }
  Slot& slot = slots_[key];
  slot.kind = static_cast<uint16_t>(kind);
  expiries_[kind].push_back({until, key, ++slot.serial});
  bytes_ += kinds_[kind];
  LinkFirst(key);
  return true;
}

void KeyMemory::Remove(uint32_t key) {
  Slot& slot = slots_[key];
  if (slot.kind == kNoKind) return;
  Unlink(key);
  bytes_ -= kinds_[slot.kind];
  slot.kind = kNoKind;
}

void KeyMemory::LinkFirst(uint32_t key) {
  Slot& slot = slots_[key];
  if (policy_ == Eviction::kRandom) {
    slot.newer = static_cast<uint32_t>(resident_.size());
    resident_.push_back(key);
  } else if (policy_ == Eviction::kLeastRecent) {
    slot.newer = kNone;
    slot.older = newest_;
    (newest_ == kNone ? oldest_ : slots_[newest_].newer) = key;
    newest_ = key;
  }
}

void KeyMemory::Unlink(uint32_t key) {
  const Slot& slot = slots_[key];
  if (policy_ == Eviction::kRandom) {
    const uint32_t last = resident_.back();
    resident_[slot.newer] = last;
    slots_[last].newer = slot.newer;
    resident_.pop_back();
  } else if (policy_ == Eviction::kLeastRecent) {
    (slot.newer == kNone ? newest_ : slots_[slot.newer].older) = slot.older;
    (slot.older == kNone ? oldest_ : slots_[slot.older].newer) = slot.newer;
  }
}

void KeyMemory::Expire(Nanos now) {
  for (uint32_t kind = 0; kind < expiries_.size(); ++kind) {
    std::deque<Expiry>& queue = expiries_[kind];
    while (!queue.empty() && (queue.front().until <= now || !Current(queue.front(), kind))) {
      if (Current(queue.front(), kind)) Remove(queue.front().key);
      queue.pop_front();
    }
  }
}

// kNone: nobody goes. Expire() has left current entries at the heads only until one is removed.
uint32_t KeyMemory::Victim() {
  switch (policy_) {
    case Eviction::kLeastRecent:
      return oldest_;
    case Eviction::kRandom:
      return resident_.empty() ? kNone : resident_[random_.UniformInt(resident_.size())];
    case Eviction::kShortestTtl: {
      uint32_t victim = kNone;
      Nanos first = kNever;
      for (uint32_t kind = 0; kind < expiries_.size(); ++kind) {
        std::deque<Expiry>& queue = expiries_[kind];
        while (!queue.empty() && !Current(queue.front(), kind)) queue.pop_front();
        if (queue.empty() || queue.front().until >= first) continue;
        first = queue.front().until;
        victim = queue.front().key;
      }
      return victim;
    }
    case Eviction::kNone:
    case Eviction::kRefuse:
      break;
  }
  return kNone;
}

}  // namespace simulator
