#include "simulator/calibration/regression.h"

#include <cmath>

#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace simulator {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kOperations = {"ehr.comprehensive", "appointments.create",
                                              "appointments.mine"};
const std::vector<double> kPlanted = {80e-6, 250e-6, 40e-6};
constexpr double kBaseline = 0.02;

// Windows whose mixes differ, with noise of the size that a sum of exponential demands has.
std::vector<Window> PlantedWindows(int count, uint64_t seed) {
  base::RandomStream random(seed, 0, "regression_test", "windows");
  std::vector<Window> windows;
  for (int w = 0; w < count; ++w) {
    Window window;
    window.duration_seconds = 1;
    double variance = 0;
    window.busy_seconds = kBaseline;
    for (size_t op = 0; op < kPlanted.size(); ++op) {
      const double emphasis = static_cast<size_t>(w) % kPlanted.size() == op ? 4 : 1;
      const double requests = std::floor(emphasis * (200 + 400 * random.Uniform01()));
      window.requests.push_back(requests);
      window.busy_seconds += requests * kPlanted[op];
      variance += requests * kPlanted[op] * kPlanted[op];
    }
    window.busy_seconds += std::sqrt(variance) * random.Normal();
    windows.push_back(window);
  }
  return windows;
}

TEST(RegressionTest, RecoversPlantedDemands) {
  auto fit = FitDemands(PlantedWindows(60, 1), kOperations);
  ASSERT_TRUE(fit.ok()) << fit.status();
  for (size_t op = 0; op < kPlanted.size(); ++op) {
    EXPECT_NEAR(fit->demands[op].mean_seconds, kPlanted[op],
                4 * fit->demands[op].standard_error_seconds)
        << kOperations[op];
    EXPECT_LT(fit->demands[op].standard_error_seconds, 0.1 * kPlanted[op]);
  }
  EXPECT_NEAR(fit->baseline, kBaseline, 4 * fit->baseline_standard_error);
}

// Each wake-up costs 50 us, and there are fewer of them per request the higher the load: demands
// are those of a request that wakes nobody, though no window shows such a request.
TEST(RegressionTest, TellsWakeUpsFromWork) {
  std::vector<Window> windows = PlantedWindows(90, 5);
  for (size_t w = 0; w < windows.size(); ++w) {
    windows[w].level = static_cast<int>(w / 30);
    double requests = 0;
    for (double count : windows[w].requests) requests += count;
    windows[w].wake_ups = requests * (2.7 - 0.6 * windows[w].level);
    windows[w].busy_seconds += windows[w].wake_ups * 50e-6;
  }
  auto fit = FitDemands(windows, kOperations);
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_NEAR(fit->wake_up.mean_seconds, 50e-6, 4 * fit->wake_up.standard_error_seconds);
  EXPECT_LT(fit->wake_up.standard_error_seconds, 10e-6);
  for (size_t op = 0; op < kPlanted.size(); ++op) {
    EXPECT_NEAR(fit->demands[op].mean_seconds, kPlanted[op],
                4 * fit->demands[op].standard_error_seconds);
  }
  EXPECT_NEAR(fit->extra_seconds[0], 1.2 * fit->wake_up.mean_seconds, 1e-9);
  EXPECT_EQ(fit->extra_seconds[2], 0);
}

// At low load each request costs 60 us more; the demands are still those of high load.
// A wake-up costs 33 us and 2.8 % of the sleep before it; four levels tell both from the work.
TEST(RegressionTest, TellsSleepFromWakeUps) {
  std::vector<Window> windows;
  for (int i = 0; i < 6; ++i) {
    windows.push_back(
        {.duration_seconds = 1, .busy_seconds = 0.002, .requests = {0}, .wake_ups = 0});
    for (double rate : {315.0, 930.0, 1900.0, 6300.0}) {
      Window window;
      window.duration_seconds = 1;
      window.level = rate > 5000 ? 1 : 0;
      window.requests = {rate + i};
      window.wake_ups = rate > 5000 ? 60 : 2.7 * rate - 0.0005 * rate * rate;
      const double work = 0.002 + 47e-6 * window.requests[0] + 33e-6 * window.wake_ups;
      window.busy_seconds = (work + 0.028) / 1.028;  // + 0.028 x (1 - busy)
      window.slept_seconds = rate > 5000 ? 0 : 1 - window.busy_seconds;
      if (rate > 5000) window.busy_seconds = work;
      windows.push_back(window);
    }
  }
  auto fit = FitDemands(windows, {"list"});
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_NEAR(fit->demands[0].mean_seconds, 47e-6, 1e-7);
  EXPECT_NEAR(fit->wake_up.mean_seconds, 33e-6, 1e-7);
  EXPECT_NEAR(fit->slept_second.mean_seconds, 0.028, 1e-4);
  // Without such a cost the term is left out.
  double noise = 1e-4;
  for (Window& window : windows) {
    window.busy_seconds = 0.002 + 47e-6 * window.requests[0] + 33e-6 * window.wake_ups + noise;
    noise = -noise;
  }
  fit = FitDemands(windows, {"list"});
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_EQ(fit->slept_second.mean_seconds, 0);
}

// Two operations; where the second is emphasised everything costs 20 us a wake-up more, which one
// step would put on the operations' account or the wake-ups'.
TEST(RegressionTest, TakesTheCostOfWakeUpsFromOneMix) {
  std::vector<Window> windows;
  std::vector<bool> same_mix;
  for (int i = 0; i < 6; ++i) {
    for (double rate : {300.0, 1000.0, 5000.0}) {
      for (double share : {0.2, 0.6}) {
        Window window;
        window.duration_seconds = 1;
        window.requests = {rate * (1 - share) + i, rate * share};
        window.wake_ups = rate > 4000 ? 0.2 * rate : 2 * rate;
        window.busy_seconds = 0.002 + 50e-6 * window.requests[0] + 150e-6 * window.requests[1] +
                              (share > 0.5 ? 60e-6 : 40e-6) * window.wake_ups;
        windows.push_back(window);
        same_mix.push_back(share < 0.5);
      }
    }
  }
  auto fit = FitInTwoSteps(windows, same_mix, {"get", "put"});
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_NEAR(fit->wake_up.mean_seconds, 40e-6, 1e-6);
  auto one_step = FitDemands(windows, {"get", "put"});
  ASSERT_TRUE(one_step.ok()) << one_step.status();
  EXPECT_GT(one_step->wake_up.mean_seconds, 45e-6);
}

// Noise drives one demand below zero; the mix still costs what it cost.
TEST(RegressionTest, WhatIsCutAtZeroDoesNotInflateTheMix) {
  std::vector<Window> windows;
  std::vector<bool> same_mix;
  for (int i = 0; i < 8; ++i) {
    for (double rate : {300.0, 1000.0, 5000.0}) {
      for (double share : {0.5, 0.6}) {
        Window window;
        window.duration_seconds = 1;
        window.requests = {rate * (1 - share) + i, rate * share};
        window.wake_ups = rate > 4000 ? 0.2 * rate : 2 * rate - i;
        // Where the second is emphasised everything costs a third more.
        const double cost = share > 0.55 ? 65e-6 : 50e-6;
        window.busy_seconds =
            0.002 + cost * (window.requests[0] + window.requests[1]) + 40e-6 * window.wake_ups;
        windows.push_back(window);
        same_mix.push_back(share < 0.55);
      }
    }
  }
  auto fit = FitInTwoSteps(windows, same_mix, {"get", "put"});
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_EQ(fit->demands[0].mean_seconds, 0);
  EXPECT_NEAR(0.5 * fit->demands[0].mean_seconds + 0.5 * fit->demands[1].mean_seconds, 50e-6, 1e-6);
}

TEST(RegressionTest, DemandsAreThoseOfTheHighestLevel) {
  std::vector<Window> windows = PlantedWindows(90, 7);
  for (size_t w = 0; w < windows.size(); ++w) {
    windows[w].level = static_cast<int>(w / 30);
    const double extra = windows[w].level == 0 ? 60e-6 : windows[w].level == 1 ? 20e-6 : 0;
    for (double requests : windows[w].requests) windows[w].busy_seconds += requests * extra;
  }
  auto fit = FitDemands(windows, kOperations);
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_NEAR(fit->extra_seconds[0], 60e-6, 10e-6);
  EXPECT_NEAR(fit->extra_seconds[1], 20e-6, 10e-6);
  EXPECT_EQ(fit->extra_seconds[2], 0);
  for (size_t op = 0; op < kPlanted.size(); ++op) {
    EXPECT_NEAR(fit->demands[op].mean_seconds, kPlanted[op],
                4 * fit->demands[op].standard_error_seconds)
        << kOperations[op];
  }
}

// With idle windows the idle term is known, and then the mix's demand is known better than its
// parts are: their errors cancel.
TEST(RegressionTest, CovarianceMakesTheMixSharperThanItsParts) {
  std::vector<Window> windows = PlantedWindows(60, 9);
  for (int i = 0; i < 6; ++i) windows.push_back({1, kBaseline, {0, 0, 0}, 0});
  auto fit = FitDemands(windows, kOperations);
  ASSERT_TRUE(fit.ok());
  double mix = 0;
  double independent = 0;
  for (size_t a = 0; a < 3; ++a) {
    EXPECT_NEAR(std::sqrt(fit->covariance[a * 3 + a]), fit->demands[a].standard_error_seconds,
                1e-12);
    independent += fit->covariance[a * 3 + a];
    for (size_t b = 0; b < 3; ++b) mix += fit->covariance[a * 3 + b];
  }
  EXPECT_GT(mix, 0);
  EXPECT_LT(mix, independent);
}

// The interval mean +- 1.96 standard errors must hold the truth about 95 times in 100.
TEST(RegressionTest, StandardErrorsCoverTheTruth) {
  int covered = 0;
  constexpr int kRuns = 400;
  for (int run = 0; run < kRuns; ++run) {
    auto fit = FitDemands(PlantedWindows(30, 100 + static_cast<uint64_t>(run)), kOperations);
    ASSERT_TRUE(fit.ok());
    const double error = std::abs(fit->demands[0].mean_seconds - kPlanted[0]);
    covered += error <= 1.96 * fit->demands[0].standard_error_seconds ? 1 : 0;
  }
  EXPECT_GT(covered, kRuns * 0.90);
  EXPECT_LT(covered, kRuns * 0.985);
}

TEST(RegressionTest, AnOperationNeverRequestedHasNoDemand) {
  std::vector<Window> windows = PlantedWindows(30, 2);
  for (Window& window : windows) window.requests[1] = 0;
  auto fit = FitDemands(windows, kOperations);
  ASSERT_TRUE(fit.ok());
  EXPECT_EQ(fit->demands[1].mean_seconds, 0);
  EXPECT_EQ(fit->demands[1].requests, 0);
}

TEST(RegressionTest, MixesThatAreAlikeAreRefusedByName) {
  std::vector<Window> windows = PlantedWindows(30, 3);
  for (Window& window : windows) window.requests[1] = 2 * window.requests[0];
  EXPECT_THAT(FitDemands(windows, kOperations).status().message(),
              HasSubstr("ehr.comprehensive and appointments.create move together"));
}

TEST(RegressionTest, TooFewWindowsSayHowManyAreExpected) {
  EXPECT_THAT(FitDemands(PlantedWindows(5, 4), kOperations).status().message(),
              HasSubstr("expected at least 7"));
}

}  // namespace
}  // namespace simulator
