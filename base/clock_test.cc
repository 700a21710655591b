#include "base/clock.h"

#include "gtest/gtest.h"

namespace base {
namespace {

TEST(ClockTest, RealClockGoesForwardAndKnowsTheYear) {
  const RealClock& clock = RealClock::Get();
  const int64_t first = clock.Now();
  EXPECT_GE(clock.Now(), first);
  EXPECT_GT(clock.WallTime(), absl::FromCivil(absl::CivilDay(2020, 1, 1), absl::UTCTimeZone()));
}

TEST(ClockTest, ManualClockMovesOnlyWhenTold) {
  ManualClock clock(100, 1000);
  EXPECT_EQ(clock.Now(), 100);
  clock.Advance(kNanosPerSecond);
  EXPECT_EQ(clock.Now(), 100 + kNanosPerSecond);
  EXPECT_EQ(clock.WallNow(), 1000 + kNanosPerSecond);
  clock.SetWall(5);
  EXPECT_EQ(clock.WallNow(), 5);
  EXPECT_EQ(clock.Now(), 100 + kNanosPerSecond);
}

TEST(ClockTest, SecondsConvertWithRounding) {
  EXPECT_EQ(SecondsToNanos(0.1), 100'000'000);
  EXPECT_EQ(SecondsToNanos(1e-9), 1);
  EXPECT_DOUBLE_EQ(NanosToSeconds(1'500'000'000), 1.5);
}

TEST(ClockTest, CpuClocksCountWork) {
  const int64_t thread = ThreadCpuNow();
  const int64_t process = ProcessCpuNow();
  volatile uint64_t sum = 0;
  for (int i = 0; i < 2'000'000; ++i) sum = sum + i;
  EXPECT_GT(ThreadCpuNow(), thread);
  EXPECT_GT(ProcessCpuNow(), process);
}

}  // namespace
}  // namespace base
