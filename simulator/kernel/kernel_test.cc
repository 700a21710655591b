#include <algorithm>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"
#include "simulator/kernel/event_queue.h"
#include "simulator/kernel/thinking_users.h"
#include "simulator/kernel/timing_wheel.h"

namespace simulator {
namespace {

TEST(EventQueueTest, SimultaneousEventsLeaveInTheOrderOfScheduling) {
  EventQueue queue;
  base::RandomStream random(1, 0, "test", "times");
  for (uint32_t i = 0; i < 5000; ++i) {
    queue.Push(static_cast<Nanos>(random.UniformInt(50)), i % 16, i);
  }
  Nanos time = -1;
  uint32_t index = 0;
  while (!queue.empty()) {
    const Event event = queue.Pop();
    ASSERT_GE(event.time, time);
    if (event.time == time) {
      ASSERT_GT(event.index(), index);
    }
    EXPECT_EQ(event.kind(), event.index() % 16);
    time = event.time;
    index = event.index();
  }
  EXPECT_EQ(queue.NextTime(), kNever);
}

TEST(TimingWheelTest, TimersLeaveInOrderAlsoBeyondOneTurn) {
  TimingWheel wheel;
  base::RandomStream random(1, 0, "test", "timers");
  std::vector<Nanos> expected;
  std::vector<Nanos> due(3000);
  for (uint32_t i = 0; i < due.size(); ++i) {
    due[i] = static_cast<Nanos>(random.UniformInt(400)) * kSecond + static_cast<Nanos>(i);
    wheel.Add(due[i], i);
    expected.push_back(due[i]);
  }
  for (int added = 0; wheel.size() > 0;) {
    const Nanos now = wheel.NextTime();
    const uint32_t user = wheel.Pop();
    ASSERT_EQ(now, due[user]);
    ASSERT_EQ(now, *std::min_element(expected.begin(), expected.end()));
    expected.erase(std::find(expected.begin(), expected.end(), now));
    if (added++ < 500) {  // timers into the open bucket and far away
      due[user] = now + (added % 2 ? 7 : 200 * kSecond + 3);
      wheel.Add(due[user], user);
      expected.push_back(due[user]);
    }
  }
  EXPECT_TRUE(expected.empty());
}

TEST(TimingWheelTest, AnEarlierTimerMayComeAfterALookAhead) {
  TimingWheel wheel;
  wheel.Add(50 * kSecond, 1);
  EXPECT_EQ(wheel.NextTime(), 50 * kSecond);
  wheel.Add(10 * kSecond, 2);
  EXPECT_EQ(wheel.NextTime(), 10 * kSecond);
  wheel.Add(20 * kSecond, 3);
  EXPECT_EQ(wheel.Pop(), 2u);
  EXPECT_EQ(wheel.NextTime(), 20 * kSecond);
  EXPECT_EQ(wheel.Pop(), 3u);
  EXPECT_EQ(wheel.NextTime(), 50 * kSecond);
  EXPECT_EQ(wheel.Pop(), 1u);
  EXPECT_EQ(wheel.NextTime(), kNever);
}

// Mean time between releases of n thinkers is Z / n, also when they come and go.
TEST(ThinkingUsersTest, ReleasesAtTheSuperposedRate) {
  ThinkingUsers users(kSecond, base::RandomStream(7, 0, "test", "think"));
  for (uint32_t i = 0; i < 100; ++i) users.Add(0, i);
  std::vector<int> released(100, 0);
  Nanos now = 0;
  constexpr int kReleases = 200000;
  for (int i = 0; i < kReleases; ++i) {
    now = users.NextTime();
    const uint32_t user = users.Pop(now);
    ++released[user];
    users.Add(now, user);
  }
  EXPECT_NEAR(ToSeconds(now) / kReleases, 0.01, 0.01 * 3.3 / std::sqrt(kReleases));
  for (int count : released) EXPECT_NEAR(count, 2000, 5 * 45);
}

// The same as counts: classes are released by their share of the thinkers.
TEST(ThinkingUsersTest, CountsReleaseClassesByTheirShare) {
  ThinkingUsers users(kSecond, base::RandomStream(7, 0, "test", "think"), 3);
  for (uint32_t i = 0; i < 100; ++i) users.Add(0, i < 10 ? 0 : i < 30 ? 1 : 2);
  EXPECT_EQ(users.size(), 100u);
  std::vector<int> released(3, 0);
  Nanos now = 0;
  constexpr int kReleases = 100000;
  for (int i = 0; i < kReleases; ++i) {
    now = users.NextTime();
    const uint32_t of = users.Pop(now);
    ++released[of];
    users.Add(now, of);
  }
  EXPECT_NEAR(ToSeconds(now) / kReleases, 0.01, 0.01 * 3.3 / std::sqrt(kReleases));
  EXPECT_NEAR(released[0], 0.1 * kReleases, 400);
  EXPECT_NEAR(released[1], 0.2 * kReleases, 500);
}

}  // namespace
}  // namespace simulator
