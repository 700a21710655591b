#pragma once

#include <cstdint>
#include <limits>
#include <vector>

// The release queue: items due at a time, taken out in the order of their due times.
//
// A hierarchical wheel of 4 levels x 256 slots (a tick is 2^16 ns = 65.5 us; the reach is 78 hours,
// what lies beyond waits in the last slot and is placed again) with a small heap for the tick that
// is being served. Insert O(1); an item moves down at most 3 times; only the items of one tick are
// ever compared, so the order and the times are exact although the wheel is coarse.
// Memory: 16 bytes an item, indexed by the item's number, allocated once; no allocation while
// running but the heap's growth. An item is in the wheel at most once and cannot be taken out
// early. One thread. Times are nanoseconds, never negative.
namespace loadgen {

class TimingWheel {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // Items are numbered 0 .. capacity-1. `start_ns` is the earliest due time that will come.
  TimingWheel(uint32_t capacity, int64_t start_ns);

  void Insert(uint32_t item, int64_t due_ns);

  // The next item due at or before `now_ns`; false when there is none. `now_ns` must not go back.
  bool PopDue(int64_t now_ns, uint32_t* item, int64_t* due_ns);

  // When to call PopDue again: never later than the first due time, kNever when empty.
  int64_t NextDue() const;

  uint64_t size() const { return size_; }

 private:
  static constexpr int kTickBits = 16, kLevelBits = 8, kLevels = 4;
  static constexpr int kSlots = 1 << kLevelBits;
  static constexpr uint32_t kNone = 0xffffffff;

  struct Entry {
    int64_t due_ns;
    uint32_t next;
    uint32_t padding;
  };
  struct Near {
    int64_t due_ns;
    uint32_t item;
    bool operator>(const Near& other) const {
      return due_ns != other.due_ns ? due_ns > other.due_ns : item > other.item;
    }
  };

  void Place(uint32_t item);
  void Cascade(int level);
  void AdvanceTo(int64_t tick);
  int64_t NextOccupiedTick() const;
  uint32_t TakeSlot(int level, int slot);

  std::vector<Entry> entries_;
  std::vector<Near> near_;  // min-heap: items due up to the end of the current tick
  uint32_t heads_[kLevels][kSlots];
  uint64_t occupied_[kLevels][kSlots / 64] = {};
  int64_t tick_;  // the tick being served; its items and older ones are in near_
  uint64_t size_ = 0;
};

}  // namespace loadgen
