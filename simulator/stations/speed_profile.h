#pragma once

#include <algorithm>
#include <cmath>

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// The speed of a station over time, relative to its usual one: 1, except during one slowdown that
// is known beforehand. Converts between time and the work a busy server would have done by then,
// both in nanoseconds.
//
// A FIFO station that keeps its books in work instead of time stays exact while its speed changes,
// also for what it had already admitted: admit at WorkBy(now), and TimeOf() the answer.
class SpeedProfile {
 public:
  SpeedProfile() = default;  // always 1
  // `factor` of the usual speed, 0 (stands still) to 1 or more, for `duration` from `start` on.
  SpeedProfile(Nanos start, Nanos duration, double factor)
      : start_(start), duration_(duration), factor_(factor) {}

  bool constant() const { return duration_ <= 0 || factor_ == 1; }

  Nanos WorkBy(Nanos time) const {
    if (time <= start_) return time;
    const Nanos slow = std::min(time - start_, duration_);
    return time - slow + Slowed(slow);
  }

  // The first instant by which that much work can be done (to a nanosecond).
  Nanos TimeOf(Nanos work) const {
    if (work <= start_) return work;
    const Nanos in_slowdown = Slowed(duration_);
    if (work > start_ + in_slowdown) return work + duration_ - in_slowdown;
    if (factor_ <= 0) return start_ + duration_;
    const double needed = std::ceil(static_cast<double>(work - start_) / factor_);
    return start_ + std::min(duration_, static_cast<Nanos>(needed));
  }

 private:
  Nanos Slowed(Nanos elapsed) const {
    return static_cast<Nanos>(static_cast<double>(elapsed) * factor_);
  }

  Nanos start_ = 0;
  Nanos duration_ = 0;
  double factor_ = 1;
};

}  // namespace simulator
