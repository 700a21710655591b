#include "loadgen/engine/timing_wheel.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace loadgen {

TimingWheel::TimingWheel(uint32_t capacity, int64_t start_ns)
    : entries_(capacity), tick_(start_ns >> kTickBits) {
  for (auto& level : heads_) std::fill(std::begin(level), std::end(level), kNone);
}

void TimingWheel::Insert(uint32_t item, int64_t due_ns) {
  entries_[item].due_ns = due_ns;
  ++size_;
  Place(item);
}

// The level is the highest digit (base 256) in which the item's tick differs from the current one:
// a slot then holds items of one turn only, and moves down when the wheel reaches it.
void TimingWheel::Place(uint32_t item) {
  Entry& entry = entries_[item];
  const int64_t tick = entry.due_ns >> kTickBits;
  if (tick <= tick_) {
    near_.push_back({entry.due_ns, item});
    std::push_heap(near_.begin(), near_.end(), std::greater<>());
    return;
  }
  const int highest_bit = 63 - std::countl_zero(static_cast<uint64_t>(tick ^ tick_));
  int level = highest_bit / kLevelBits;
  int slot;
  if (level >= kLevels) {
    level = kLevels - 1;
    // Beyond this turn of the last level: wait in the slot that is served last, then place again.
    slot = ((tick_ >> (level * kLevelBits)) + kSlots - 1) & (kSlots - 1);
  } else {
    slot = (tick >> (level * kLevelBits)) & (kSlots - 1);
  }
  entry.next = heads_[level][slot];
  heads_[level][slot] = item;
  occupied_[level][slot / 64] |= 1ull << (slot % 64);
}

uint32_t TimingWheel::TakeSlot(int level, int slot) {
  const uint32_t head = heads_[level][slot];
  heads_[level][slot] = kNone;
  occupied_[level][slot / 64] &= ~(1ull << (slot % 64));
  return head;
}

void TimingWheel::Cascade(int level) {
  const int slot = (tick_ >> (level * kLevelBits)) & (kSlots - 1);
  uint32_t item = TakeSlot(level, slot);
  while (item != kNone) {
    const uint32_t next = entries_[item].next;
    Place(item);
    item = next;
  }
}

// The first tick at which some slot must be opened: at its own tick for level 0, at the start of
// its span for the levels above (where its items move down).
int64_t TimingWheel::NextOccupiedTick() const {
  int64_t best = kNever;
  for (int level = 0; level < kLevels; ++level) {
    const int shift = level * kLevelBits;
    const int64_t here = tick_ >> shift;
    const int from = static_cast<int>(here & (kSlots - 1));
    for (int distance = 1; distance <= kSlots;) {
      const int slot = (from + distance) & (kSlots - 1);
      const uint64_t word = occupied_[level][slot / 64] >> (slot % 64);
      if (word == 0) {
        distance += 64 - slot % 64;
        continue;
      }
      const int found = distance + std::countr_zero(word);
      if (found <= kSlots) best = std::min(best, (here + found) << shift);
      break;
    }
  }
  return best;
}

void TimingWheel::AdvanceTo(int64_t tick) {
  tick_ = tick;
  for (int level = kLevels - 1; level >= 0; --level) {
    if ((tick & ((1ll << (level * kLevelBits)) - 1)) == 0) Cascade(level);
  }
}

bool TimingWheel::PopDue(int64_t now_ns, uint32_t* item, int64_t* due_ns) {
  while (near_.empty() || near_.front().due_ns > now_ns) {
    const int64_t next = size_ > near_.size() ? NextOccupiedTick() : kNever;
    // Everything still in the wheel lies in later ticks than the heap, so the heap decides first.
    if (next > (now_ns >> kTickBits)) {
      return false;
    }
    AdvanceTo(next);
  }
  std::pop_heap(near_.begin(), near_.end(), std::greater<>());
  *item = near_.back().item;
  *due_ns = near_.back().due_ns;
  near_.pop_back();
  --size_;
  return true;
}

int64_t TimingWheel::NextDue() const {
  if (!near_.empty()) return near_.front().due_ns;
  if (size_ == 0) return kNever;
  return NextOccupiedTick() << kTickBits;
}

}  // namespace loadgen
