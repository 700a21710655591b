#pragma once

#include <cstdint>

#include "absl/time/time.h"

// Time that is passed in, so that tests and simulations own it.
//
// Monotonic time is int64 nanoseconds since an arbitrary origin (292 years fit); differences of
// two readings are durations. Wall time is nanoseconds since the Unix epoch, for what people and
// other machines read; it may jump and must not be subtracted to get a duration.

namespace base {

inline constexpr int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr int64_t kNanosPerMillisecond = 1'000'000;
inline constexpr int64_t kNanosPerMicrosecond = 1'000;

inline constexpr double NanosToSeconds(int64_t nanos) {
  return static_cast<double>(nanos) / kNanosPerSecond;
}
// Rounds to the nearest nanosecond.
int64_t SecondsToNanos(double seconds);

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic; comparable between processes of one machine for RealClock.
  virtual int64_t Now() const = 0;
  // Nanoseconds since 1970-01-01T00:00:00Z.
  virtual int64_t WallNow() const = 0;

  absl::Time WallTime() const { return absl::FromUnixNanos(WallNow()); }
};

// CLOCK_MONOTONIC and CLOCK_REALTIME. Stateless, usable from any thread.
class RealClock final : public Clock {
 public:
  int64_t Now() const override;
  int64_t WallNow() const override;
  // A shared instance, for mains that pass it down.
  static const RealClock& Get();
};

// Stands still until told. Wall and monotonic time advance together. Not thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t now = 0, int64_t wall_now = 0) : now_(now), wall_now_(wall_now) {}
  int64_t Now() const override { return now_; }
  int64_t WallNow() const override { return wall_now_; }
  // `nanos` >= 0.
  void Advance(int64_t nanos) {
    now_ += nanos;
    wall_now_ += nanos;
  }
  // Moves wall time only, as an administrator or NTP does.
  void SetWall(int64_t wall_now) { wall_now_ = wall_now; }

 private:
  int64_t now_;
  int64_t wall_now_;
};

// CPU time of the calling thread and process in nanoseconds (user + system).
int64_t ThreadCpuNow();
int64_t ProcessCpuNow();

}  // namespace base
