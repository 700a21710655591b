#include "loadgen/engine/timing_wheel.h"

#include <algorithm>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace loadgen {
namespace {

constexpr int64_t kStart = 123'456'789'012;

TEST(TimingWheel, EmptyHasNothingDue) {
  TimingWheel wheel(4, kStart);
  uint32_t item;
  int64_t due;
  EXPECT_FALSE(wheel.PopDue(kStart + 1'000'000'000, &item, &due));
  EXPECT_EQ(wheel.NextDue(), TimingWheel::kNever);
}

TEST(TimingWheel, NeverEarlyAlwaysInOrderOverAllScales) {
  // Times from nanoseconds to four days, beyond the reach of the last level.
  std::mt19937_64 random(7);
  std::vector<int64_t> dues;
  for (int i = 0; i < 20'000; ++i) {
    const int bits = static_cast<int>(random() % 49);
    dues.push_back(kStart + static_cast<int64_t>(random() & ((1ull << bits) - 1)));
  }
  TimingWheel wheel(static_cast<uint32_t>(dues.size()), kStart);
  for (size_t i = 0; i < dues.size(); ++i) wheel.Insert(static_cast<uint32_t>(i), dues[i]);
  EXPECT_EQ(wheel.size(), dues.size());
  std::vector<int64_t> sorted = dues;
  std::sort(sorted.begin(), sorted.end());
  uint32_t item;
  int64_t due, now = kStart;
  for (size_t popped = 0; popped < dues.size();) {
    const int64_t next = wheel.NextDue();
    ASSERT_LE(next, sorted[popped]);
    now = std::max(now, next);
    while (wheel.PopDue(now, &item, &due)) {
      ASSERT_LE(due, now);
      ASSERT_EQ(due, sorted[popped]);
      ASSERT_EQ(due, dues[item]);
      ++popped;
    }
  }
  EXPECT_EQ(wheel.NextDue(), TimingWheel::kNever);
}

TEST(TimingWheel, RunsLikeASortedListWhenItemsComeBack) {
  constexpr uint32_t kItems = 1000;
  TimingWheel wheel(kItems, kStart);
  std::mt19937_64 random(11);
  std::vector<int64_t> dues(kItems);
  for (uint32_t i = 0; i < kItems; ++i) {
    dues[i] = kStart + static_cast<int64_t>(random() % 5'000'000'000);
    wheel.Insert(i, dues[i]);
  }
  int64_t now = kStart, last = 0;
  uint32_t item;
  int64_t due;
  for (int step = 0; step < 50'000; ++step) {
    now += static_cast<int64_t>(random() % 300'000);
    last = 0;
    while (wheel.PopDue(now, &item, &due)) {
      ASSERT_EQ(due, dues[item]);
      ASSERT_GE(due, last);
      last = due;
      dues[item] = now + 1 + static_cast<int64_t>(random() % 5'000'000'000);
      wheel.Insert(item, dues[item]);
    }
    ASSERT_EQ(wheel.size(), kItems);
    if (step % 100 == 0) {
      const int64_t first = *std::min_element(dues.begin(), dues.end());
      ASSERT_GT(first, now);
      ASSERT_LE(wheel.NextDue(), first);
    }
  }
}

}  // namespace
}  // namespace loadgen
