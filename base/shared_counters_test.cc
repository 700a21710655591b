#include "base/shared_counters.h"

#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace base {
namespace {

TEST(SharedCountersTest, CountsSurviveTheWorkerAndTheSuccessorGoesOn) {
  CounterLayout layout;
  const size_t requests = layout.Add("requests");
  const size_t open = layout.AddGauge("connections");
  auto counters = SharedCounters::Create(layout, 2);
  ASSERT_TRUE(counters.ok());
  for (int generation = 0; generation < 2; ++generation) {
    const pid_t pid = fork();
    if (pid == 0) {
      CounterSlot slot = counters->slot(1);
      for (int i = 0; i < 1000; ++i) slot.Add(requests);
      slot.Set(open, 7);
      kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_EQ(counters->Sum(open), 7u);
    counters->ResetGauges(1);
    EXPECT_EQ(counters->Sum(open), 0u);
  }
  counters->slot(0).Add(requests, 5);
  EXPECT_EQ(counters->Sum(requests), 2005u);
  EXPECT_EQ(counters->Max(requests), 2000u);
  EXPECT_EQ(counters->slot(0).Get(requests), 5u);
}

TEST(SharedCountersTest, LayoutNamesCells) {
  CounterLayout layout;
  EXPECT_EQ(layout.Add("a"), 0u);
  EXPECT_EQ(layout.AddArray("buckets", 10), 1u);
  EXPECT_EQ(layout.Add("b"), 11u);
  EXPECT_EQ(*layout.Find("b"), 11u);
  EXPECT_FALSE(layout.Find("c").ok());
  EXPECT_DEATH(layout.Add("a"), "used twice");
}

TEST(SharedCountersTest, SlotsShareNoCacheLinePair) {
  CounterLayout layout;
  layout.Add("one");
  auto counters = SharedCounters::Create(layout, 2);
  ASSERT_TRUE(counters.ok());
  counters->slot(0).Add(0);
  EXPECT_EQ(counters->slot(1).Get(0), 0u);
}

TEST(SharedCountersTest, RefusesAnEmptyLayout) {
  EXPECT_FALSE(SharedCounters::Create(CounterLayout(), 1).ok());
  CounterLayout layout;
  layout.Add("x");
  EXPECT_FALSE(SharedCounters::Create(layout, 0).ok());
}

}  // namespace
}  // namespace base
