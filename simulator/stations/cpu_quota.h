#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "simulator/kernel/virtual_time.h"
#include "simulator/stations/speed_profile.h"

// A CPU limit as the kernel's bandwidth control enforces it: work runs at full speed while the
// group's quota of the present period lasts, then stands still until the next period. With a quota
// of 0 there is no such limit.
//
// Periods lie on a fixed grid from instant 0. Exact for one FIFO server whose work is admitted in
// order; several servers take from the quota in order of admission, where the kernel lets them take
// it as they run. The kernel's slices per CPU (5 ms by default) are not modelled: where a period is
// not much longer, processes on two CPUs are throttled though the group has quota left.

namespace simulator {

class CpuQuota {
 public:
  CpuQuota() = default;
  CpuQuota(Nanos period, Nanos quota) : period_(period), quota_(quota) {}

  bool limits() const { return quota_ > 0; }

  // The instant at which `work`, begun at `start`, is done; takes it from the quotas of the periods
  // that it runs in. Calls come in order of `now`, and start >= now: periods before `now` are
  // forgotten. Call only when limits().
  // With a `speed` other than 1, work takes longer but no more of the quota.
  Nanos Finish(Nanos now, Nanos start, Nanos work, const SpeedProfile* speed = nullptr) {
    const int64_t present = now / period_;
    while (first_ < present) {
      ++first_;
      if (!periods_.empty()) periods_.pop_front();
    }
    Nanos at = start;
    while (work > 0) {
      const int64_t period = at / period_;
      const auto index = static_cast<size_t>(period - first_);
      if (index >= periods_.size()) periods_.resize(index + 1);
      Period& use = periods_[index];
      const Nanos end = (period + 1) * period_;
      const Nanos possible = speed == nullptr ? end - at : speed->WorkBy(end) - speed->WorkBy(at);
      const Nanos run = std::min({work, quota_ - use.used, possible});
      use.used += run;
      work -= run;
      at = speed == nullptr ? at + run : std::max(at, speed->TimeOf(speed->WorkBy(at) + run));
      if (use.used == quota_) use.exhausted = std::min(use.exhausted, at);
      if (work > 0) at = end;
    }
    return at;
  }

  // Whether who has work stands still at `now`: the quota of that period is used up. Calls in order
  // of `now`, like Finish().
  bool Throttled(Nanos now) const {
    if (!limits()) return false;
    const int64_t index = now / period_ - first_;
    return index >= 0 && index < static_cast<int64_t>(periods_.size()) &&
           periods_[static_cast<size_t>(index)].exhausted <= now;
  }

 private:
  struct Period {
    Nanos used = 0;            // of the quota
    Nanos exhausted = kNever;  // since when nothing is left
  };

  Nanos period_ = kSecond;
  Nanos quota_ = 0;
  int64_t first_ = 0;  // period of periods_.front()
  std::deque<Period> periods_;
};

}  // namespace simulator
