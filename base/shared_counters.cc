#include "base/shared_counters.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace base {
namespace {

static_assert(std::atomic<uint64_t>::is_always_lock_free);
static_assert(sizeof(std::atomic<uint64_t>) == 8);

// Adjacent-line prefetch makes neighbours of two 64-byte lines contend.
constexpr size_t kCellsPerPair = 128 / sizeof(uint64_t);

}  // namespace

absl::StatusOr<size_t> CounterLayout::Find(std::string_view name) const {
  const auto found = first_.find(std::string(name));
  if (found == first_.end())
    return absl::NotFoundError(absl::StrCat("no counter ", std::string(name)));
  return found->second;
}

size_t CounterLayout::AddCells(std::string_view name, size_t count, bool gauge) {
  const bool is_new = first_.emplace(std::string(name), size_).second;
  CHECK(is_new) << "counter name used twice: " << name;
  const size_t first = size_;
  size_ += count;
  if (gauge) gauges_.push_back(first);
  return first;
}

void internal::Unmap::operator()(void* address) const { munmap(address, bytes); }

absl::StatusOr<SharedCounters> SharedCounters::Create(const CounterLayout& layout, int slots) {
  if (slots < 1 || layout.size() == 0) {
    return absl::InvalidArgumentError("shared counters need at least one slot and one cell");
  }
  SharedCounters counters;
  counters.layout_ = layout;
  counters.slots_ = slots;
  counters.stride_ = (layout.size() + kCellsPerPair - 1) / kCellsPerPair * kCellsPerPair;
  const size_t bytes = counters.stride_ * sizeof(uint64_t) * static_cast<size_t>(slots);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot map ", bytes, " bytes of shared memory: errno ", errno));
  }
  counters.memory_ = {memory, internal::Unmap{bytes}};
  return counters;
}

CounterSlot SharedCounters::slot(int index) const {
  CHECK(index >= 0 && index < slots_) << "slot " << index << " of " << slots_;
  return CounterSlot(static_cast<CounterSlot::Cell*>(memory_.get()) +
                     stride_ * static_cast<size_t>(index));
}

uint64_t SharedCounters::Sum(size_t cell) const {
  uint64_t sum = 0;
  for (int i = 0; i < slots_; ++i) sum += slot(i).Get(cell);
  return sum;
}

uint64_t SharedCounters::Max(size_t cell) const {
  uint64_t largest = 0;
  for (int i = 0; i < slots_; ++i) largest = std::max(largest, slot(i).Get(cell));
  return largest;
}

void SharedCounters::ResetGauges(int index) const {
  for (const size_t cell : layout_.gauges()) slot(index).Set(cell, 0);
}

}  // namespace base
