#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "simulator/kernel/virtual_time.h"

// The event set: an implicit 4-ary heap of 16-byte events, ordered by (time, sequence of Push), so
// that simultaneous events leave in the order in which they were scheduled (a plain heap is not
// tie-stable).
//
// Chosen by event_queue_benchmark (hold model, exponential increments; ns per pop + push at 1 k,
// 10 k, 100 k pending events, on one core of a shared 2-core EPYC VM):
//   this 4-ary heap, bottom-up 47 / 68 / 128    2-ary 45 / 64 / 115    8-ary 80 / 105 / 132
//   4-ary, top-down            62 / 79 / 108    std::priority_queue 42 / 63 / 112
// At the few thousand pending events of a run they are equal within noise. For comparison the same
// benchmark has the thinkers: timing wheel 21 ns at 10 k users and 128 at 1 M, memoryless
// superposition 26 and 55, against 280-580 ns for a heap of 1 M timers.
//
// Only work in flight belongs here (some thousand events). Users that think never do: at a million
// pending events every heap misses the cache on each level; see thinking_users.h, timing_wheel.h.
//
// An event carries a kind (5 bits) and an index (24 bits) into whatever table the kind means. Up to
// 2^35 pushes per queue (a simulated hour of a million users needs 2^31); more is a programming
// error and asserts. Not thread-safe; one per replication.

namespace simulator {

struct Event {
  Nanos time;
  uint64_t order;  // sequence (35 bits), kind (5 bits), index (24 bits)

  uint32_t kind() const { return static_cast<uint32_t>(order >> 24) & 0x1f; }
  uint32_t index() const { return static_cast<uint32_t>(order) & 0xffffff; }
};

inline constexpr uint32_t kMaximumEventIndex = 0xffffff;

inline bool Earlier(const Event& a, const Event& b) {
  // One 128-bit comparison without branches: times are never negative in the queue.
  const auto wide = [](const Event& e) {
    return static_cast<unsigned __int128>(static_cast<uint64_t>(e.time)) << 64 | e.order;
  };
  return wide(a) < wide(b);
}

template <int kArity = 4>
class BasicEventQueue {
 public:
  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  Nanos NextTime() const { return heap_.empty() ? kNever : heap_.front().time; }
  void Reserve(size_t events) { heap_.reserve(events); }

  // `time` >= 0, kind < 32, index <= kMaximumEventIndex.
  void Push(Nanos time, uint32_t kind, uint32_t index) {
    assert(time >= 0 && kind < 32 && index <= kMaximumEventIndex &&
           sequence_ < (uint64_t{1} << 35));
    const Event event{time, sequence_++ << 29 | uint64_t{kind} << 24 | index};
    size_t hole = heap_.size();
    heap_.push_back(event);
    while (hole > 0) {
      const size_t parent = (hole - 1) / kArity;
      if (!Earlier(event, heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = event;
  }

  // Removes and returns the earliest event; the queue must not be empty.
  Event Pop() {
    const Event first = heap_.front();
    const Event last = heap_.back();
    heap_.pop_back();
    const size_t size = heap_.size();
    if (size == 0) return first;
    // Bottom up: the hole sinks to a leaf, then the last event rises from there. It nearly always
    // belongs near the leaves, so this spares one unpredictable comparison per level.
    size_t hole = 0;
    size_t child = 1;
    while (child + kArity <= size) {
      size_t best = child;
      for (size_t i = child + 1; i < child + kArity; ++i) {
        best = Earlier(heap_[i], heap_[best]) ? i : best;
      }
      heap_[hole] = heap_[best];
      hole = best;
      child = hole * kArity + 1;
    }
    if (child < size) {
      size_t best = child;
      for (size_t i = child + 1; i < size; ++i) best = Earlier(heap_[i], heap_[best]) ? i : best;
      heap_[hole] = heap_[best];
      hole = best;
    }
    while (hole > 0) {
      const size_t parent = (hole - 1) / kArity;
      if (!Earlier(last, heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = last;
    return first;
  }

  uint64_t pushes() const { return sequence_; }

 private:
  std::vector<Event> heap_;
  uint64_t sequence_ = 0;
};

using EventQueue = BasicEventQueue<4>;

}  // namespace simulator
