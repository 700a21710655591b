#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "simulator/kernel/virtual_time.h"

// Timers for think times of any law, one per user: a wheel of 65,536 buckets of 2^20 ns (1.05 ms),
// so one turn is 68.7 s; later timers stay in their bucket for further turns. Due times are exact
// to the nanosecond: when a bucket's turn comes, its timers are sorted by (due, user). Add and Pop
// are O(1) but for that sort of about users / mean / 1000 entries. 12 bytes per user.

namespace simulator {

class TimingWheel {
 public:
  TimingWheel() : heads_(kBuckets, kNone), occupied_(kBuckets / 64, 0) {}

  size_t size() const { return size_; }

  // `due` >= the time of the last Pop; a user has at most one timer.
  void Add(Nanos due, uint32_t user) {
    if (user >= next_.size()) {
      next_.resize(user + 1, kNone);
      due_.resize(user + 1, 0);
    }
    ++size_;
    due_[user] = due;
    const Nanos tick = due >> kTickBits;
    if (tick < tick_) Close(tick);
    if (tick == tick_) {  // the bucket that is open now
      const auto place =
          std::upper_bound(open_.begin() + static_cast<std::ptrdiff_t>(position_), open_.end(),
                           user, [this](uint32_t a, uint32_t b) { return Before(a, b); });
      open_.insert(place, user);
      return;
    }
    File(user);
  }

  // Due time of the first timer; kNever when there is none. Opens the next bucket if needed.
  Nanos NextTime() {
    if (size_ == 0) return kNever;
    while (position_ == open_.size()) Open();
    return due_[open_[position_]];
  }

  // The user of the first timer; size() > 0 and NextTime() was called.
  uint32_t Pop() {
    --size_;
    return open_[position_++];
  }

 private:
  static constexpr int kTickBits = 20;
  static constexpr size_t kBuckets = 65536;
  static constexpr uint32_t kNone = 0xffffffff;

  bool Before(uint32_t a, uint32_t b) const {
    return due_[a] != due_[b] ? due_[a] < due_[b] : a < b;
  }

  // Puts a timer into its bucket.
  void File(uint32_t user) {
    const size_t bucket = static_cast<size_t>(due_[user] >> kTickBits) & (kBuckets - 1);
    next_[user] = heads_[bucket];
    heads_[bucket] = user;
    occupied_[bucket / 64] |= uint64_t{1} << (bucket % 64);
  }

  // NextTime() had looked ahead to a bucket in the future, and now an earlier timer comes: the
  // bucket is closed again. Rare and cheap: a bucket far ahead means that timers are sparse.
  void Close(Nanos tick) {
    for (; position_ < open_.size(); ++position_) File(open_[position_]);
    tick_ = tick - 1;
  }

  // Moves the timers due in the next occupied bucket's turn into open_.
  void Open() {
    open_.clear();
    position_ = 0;
    ++tick_;
    size_t bucket = static_cast<size_t>(tick_) & (kBuckets - 1);
    while (heads_[bucket] == kNone) {
      const uint64_t rest = occupied_[bucket / 64] >> (bucket % 64);
      const size_t step = rest ? static_cast<size_t>(__builtin_ctzll(rest)) : 64 - bucket % 64;
      tick_ += static_cast<Nanos>(step);
      bucket = (bucket + step) & (kBuckets - 1);
    }
    uint32_t later = kNone;
    for (uint32_t user = heads_[bucket]; user != kNone;) {
      const uint32_t following = next_[user];
      if ((due_[user] >> kTickBits) <= tick_) {
        open_.push_back(user);
      } else {
        next_[user] = later;
        later = user;
      }
      user = following;
    }
    heads_[bucket] = later;
    if (later == kNone) occupied_[bucket / 64] &= ~(uint64_t{1} << (bucket % 64));
    std::sort(open_.begin(), open_.end(), [this](uint32_t a, uint32_t b) { return Before(a, b); });
  }

  std::vector<uint32_t> heads_;
  std::vector<uint64_t> occupied_;
  std::vector<uint32_t> next_;
  std::vector<Nanos> due_;
  std::vector<uint32_t> open_;  // timers of the open bucket, sorted
  size_t position_ = 0;
  size_t size_ = 0;
  Nanos tick_ = 0;
};

}  // namespace simulator
