#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

// Counters that outlive a worker: N slots (one a worker) x M uint64 cells in one anonymous shared
// mapping, created before fork. A worker writes its own slot only; anyone sums over slots. When a
// worker dies, its slot keeps its counts and the successor goes on adding to them.
//
//   CounterLayout layout;
//   const size_t requests = layout.Add("requests");
//   const size_t latency = layout.AddArray("latency_buckets", 64);
//   const size_t open = layout.AddGauge("connections");
//   auto counters = SharedCounters::Create(layout, /*slots=*/workers);
//   ... fork ...
//   CounterSlot mine = counters->slot(worker_index);
//   mine.Add(requests);                               // a plain load, add and store
//   uint64_t total = counters->Sum(requests);         // any process
//
// Cells are unitless uint64; put the unit in the name (durations as nanoseconds). Slots start on
// separate pairs of cache lines, so workers never contend. Reads are relaxed: a sum is a moment
// between its first and last load, and two cells of one slot may be seen out of step by one update.

namespace base {

// Decides what the cells mean, before the mapping exists. Names are unique (checked).
class CounterLayout {
 public:
  // A cell that only grows. Returns its index.
  size_t Add(std::string_view name) { return AddCells(name, 1, /*gauge=*/false); }
  // `count` cells under one name (a histogram's buckets, say). Returns the first index.
  size_t AddArray(std::string_view name, size_t count) { return AddCells(name, count, false); }
  // A cell that describes a living worker (open connections): zeroed when its worker dies.
  size_t AddGauge(std::string_view name) { return AddCells(name, 1, true); }

  size_t size() const { return size_; }
  // Index of the first cell of that name; NotFound otherwise.
  absl::StatusOr<size_t> Find(std::string_view name) const;
  const std::vector<size_t>& gauges() const { return gauges_; }

 private:
  size_t AddCells(std::string_view name, size_t count, bool gauge);

  size_t size_ = 0;
  absl::flat_hash_map<std::string, size_t> first_;
  std::vector<size_t> gauges_;
};

// One worker's cells: a pointer, cheap to copy. One writing thread per slot at a time.
class CounterSlot {
 public:
  using Cell = std::atomic<uint64_t>;
  explicit CounterSlot(Cell* cells) : cells_(cells) {}

  void Add(size_t cell, uint64_t amount = 1) {
    cells_[cell].store(Get(cell) + amount, std::memory_order_relaxed);
  }
  // For gauges; going below zero wraps around, and sums come out right again.
  void Subtract(size_t cell, uint64_t amount = 1) {
    cells_[cell].store(Get(cell) - amount, std::memory_order_relaxed);
  }
  void Set(size_t cell, uint64_t value) { cells_[cell].store(value, std::memory_order_relaxed); }
  uint64_t Get(size_t cell) const { return cells_[cell].load(std::memory_order_relaxed); }

 private:
  Cell* cells_;
};

namespace internal {
struct Unmap {
  size_t bytes = 0;
  void operator()(void* address) const;
};
}  // namespace internal

// Owns the mapping (unmapped when destroyed; other processes keep theirs). Movable.
class SharedCounters {
 public:
  // ResourceExhausted when the kernel refuses the memory (slots * layout.size() * 8 bytes, zeroed
  // and populated lazily); InvalidArgument when slots < 1 or the layout is empty.
  static absl::StatusOr<SharedCounters> Create(const CounterLayout& layout, int slots);

  CounterSlot slot(int index) const;
  int slots() const { return slots_; }
  size_t size() const { return layout_.size(); }
  const CounterLayout& layout() const { return layout_; }

  uint64_t Sum(size_t cell) const;
  uint64_t Max(size_t cell) const;
  // Zeroes the gauges of a dead worker's slot (the supervisor calls it before it restarts one).
  void ResetGauges(int slot) const;

 private:
  CounterLayout layout_;
  int slots_ = 0;
  size_t stride_ = 0;  // Cells from one slot to the next.
  std::unique_ptr<void, internal::Unmap> memory_;
};

}  // namespace base
