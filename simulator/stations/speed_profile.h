#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// The speed of a station over time, relative to its usual one: 1, except during slowdowns that are
// known beforehand. Converts between time and the work a busy server would have done by then, both
// in nanoseconds.
//
// A FIFO station that keeps its books in work instead of time stays exact while its speed changes,
// also for what it had already admitted: admit at WorkBy(now), and TimeOf() the answer.
class SpeedProfile {
 public:
  SpeedProfile() = default;  // always 1
  SpeedProfile(Nanos start, Nanos duration, double factor) { Slow(start, duration, factor); }

  // `factor` of the usual speed, 0 (stands still) to 1 or more, for `duration` from `start` on.
  // Slowdowns are added in the order of their start and do not overlap.
  void Slow(Nanos start, Nanos duration, double factor) {
    if (duration > 0 && factor != 1) slowdowns_.push_back({start, duration, factor});
  }

  bool constant() const { return slowdowns_.empty(); }

  double SpeedAt(Nanos time) const {
    for (const Slowdown& s : slowdowns_) {
      if (time >= s.start && time < s.start + s.duration) return s.factor;
    }
    return 1;
  }

  Nanos WorkBy(Nanos time) const {
    Nanos lost = 0;
    for (const Slowdown& s : slowdowns_) {
      if (time <= s.start) break;
      const Nanos slow = std::min(time - s.start, s.duration);
      lost += slow - s.Work(slow);
    }
    return time - lost;
  }

  // The first instant by which that much work can be done (to a nanosecond).
  Nanos TimeOf(Nanos work) const {
    Nanos lost = 0;  // by the slowdowns that are over by then
    for (const Slowdown& s : slowdowns_) {
      const Nanos at_start = s.start - lost;
      if (work <= at_start) break;
      const Nanos inside = s.Work(s.duration);
      if (work > at_start + inside) {
        lost += s.duration - inside;
        continue;
      }
      if (s.factor <= 0) return s.start + s.duration;
      const double needed = std::ceil(static_cast<double>(work - at_start) / s.factor);
      return s.start + std::min(s.duration, static_cast<Nanos>(needed));
    }
    return work + lost;
  }

 private:
  struct Slowdown {
    Nanos start;
    Nanos duration;
    double factor;
    Nanos Work(Nanos elapsed) const {
      return static_cast<Nanos>(static_cast<double>(elapsed) * factor);
    }
  };
  std::vector<Slowdown> slowdowns_;
};

}  // namespace simulator
