#include "simulator/calibration/host_costs.h"

#include <gtest/gtest.h>

namespace simulator {
namespace {

ObservedWindow At(double level, double requests, double client_wake_ups) {
  ObservedWindow window;
  window.level = level;
  window.seen.at_seconds = 1;
  window.seen.operations["list"].requests = requests;
  window.seen.client_wake_ups = client_wake_ups;
  window.seen.client_cpu_seconds = 15e-6 * requests + 16e-6 * client_wake_ups;
  return window;
}

// Idle nodes wake 60 times a second for 100 us each; the load adds 1,600 times 35 us.
TEST(HostCosts, AreThoseOfTheLowestLevelBeyondIdle) {
  ObservedWindow idle;
  idle.seen.at_seconds = 2;
  idle.seen.redis_cpu_seconds = 0.012;
  idle.seen.redis_wake_ups = 120;
  std::vector<ObservedWindow> windows;
  for (int i = 0; i < 4; ++i) windows.push_back(At(0.1, 800, 1900 + 10 * i));
  for (int i = 0; i < 4; ++i) windows.push_back(At(0.7, 5600 + 10 * i, 4900));
  for (ObservedWindow& window : windows) {
    window.seen.redis_cpu_seconds = 0.006 + 1600 * 35e-6;
    window.seen.redis_wake_ups = 1660;
  }
  model::Profile profile;
  profile.mutable_redis()->set_command_seconds(7e-6);
  FillHostCosts(windows, {idle}, &profile);
  EXPECT_NEAR(profile.wake_ups().redis_seconds(), 28e-6, 1e-9);
  EXPECT_NEAR(profile.client_cpu_seconds(), 15e-6, 1e-8);
  EXPECT_NEAR(profile.client_wake_up_seconds(), 16e-6, 1e-8);
}

TEST(HostCosts, WhatWasNotCountedStaysZero) {
  ObservedWindow window;
  window.level = 0.1;
  window.seen.at_seconds = 1;
  model::Profile profile;
  FillHostCosts({window, window}, {}, &profile);
  EXPECT_EQ(profile.wake_ups().redis_seconds(), 0);
  EXPECT_EQ(profile.client_cpu_seconds(), 0);
}

}  // namespace
}  // namespace simulator
