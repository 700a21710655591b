#include "base/clock.h"

#include <time.h>

#include <cmath>

namespace base {
namespace {

int64_t Read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * kNanosPerSecond + now.tv_nsec;
}

}  // namespace

int64_t SecondsToNanos(double seconds) { return std::llround(seconds * kNanosPerSecond); }

int64_t RealClock::Now() const { return Read(CLOCK_MONOTONIC); }
int64_t RealClock::WallNow() const { return Read(CLOCK_REALTIME); }

const RealClock& RealClock::Get() {
  static const RealClock clock;
  return clock;
}

int64_t ThreadCpuNow() { return Read(CLOCK_THREAD_CPUTIME_ID); }
int64_t ProcessCpuNow() { return Read(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace base
