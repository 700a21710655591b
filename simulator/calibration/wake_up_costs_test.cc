#include "simulator/calibration/wake_up_costs.h"

#include <gtest/gtest.h>

namespace simulator {
namespace {

model::Scenario Reads() {
  model::Scenario scenario;
  model::Step& step = *scenario.add_journeys()->add_steps();
  step.set_operation("list");
  step.mutable_request()->set_method("GET");
  return scenario;
}

// 100 requests with a look-up, 60 segments and 40 audit records each second: 300 visits.
ObservedWindow At(double level, double server_wake_ups) {
  ObservedWindow window;
  window.level = level;
  window.seen.at_seconds = 1;
  OperationCounts& counts = window.seen.operations["list"];
  counts.requests = 100;
  counts.redis_commands = 130;
  counts.round_trips = 60;
  counts.audit_rows = 40;
  window.seen.server_workers = 2;
  window.seen.server_cpu_seconds = 0.2;
  window.seen.server_wake_ups = server_wake_ups;
  window.seen.backend_wake_ups = 90;
  window.seen.backends = 2;
  window.seen.database_cpu_seconds = 0.2;
  return window;
}

RegressionFit Fitted(double wake_up, double per_slept_second) {
  RegressionFit fit;
  fit.wake_up.mean_seconds = wake_up;
  fit.wake_up.requests = 1000;
  fit.slept_second.mean_seconds = per_slept_second;
  return fit;
}

TEST(WakeUpCosts, AreByTheEnginesVisitsOfTheLowestLevel) {
  model::Profile profile;
  FillWakeUps({At(0.1, 240), At(0.7, 90)}, Reads(), Fitted(30e-6, 0.02), Fitted(60e-6, 0),
              &profile);
  // 240 of 300 visits wake a worker, 90 wake-ups for 60 segments.
  EXPECT_NEAR(profile.wake_ups().server_seconds().mean(), 24e-6, 1e-12);
  EXPECT_NEAR(profile.wake_ups().database_seconds().mean(), 90e-6, 1e-12);
  EXPECT_NEAR(profile.wake_ups().server_per_slept_second(), 0.02, 1e-12);
  EXPECT_NEAR(profile.wake_ups().server_longest_sleep_seconds(), 3 * 1.8 / 240, 1e-9);
}

TEST(WakeUpCosts, ABackendsSleepIsThatOfTheLowestLevel) {
  model::Profile profile;
  FillWakeUps({At(0.1, 240)}, Reads(), Fitted(30e-6, 0), Fitted(60e-6, 0.008), &profile);
  EXPECT_NEAR(profile.wake_ups().database_per_slept_second(), 0.008, 1e-12);
  EXPECT_NEAR(profile.wake_ups().database_longest_sleep_seconds(), 3 * 1.8 / 90, 1e-9);
}

// 6 us a record and 62 us a wake-up; at 20 % of saturation a batch of one record wakes its backend
// 2.5 times.
TEST(WakeUpCosts, AnAuditBatchCostsItsWakeUpsAndItsRecords) {
  std::vector<ObservedWindow> windows;
  for (int i = 0; i < 4; ++i) {
    for (double load : {1.0, 4.0, 16.0}) {
      ObservedWindow window = At(load / 20, 0);
      OperationCounts& counts = window.seen.operations["list"];
      counts.audit_rows = 500 * load + i;
      window.seen.audit_wake_ups = (load < 2 ? 3 : load < 5 ? 2.5 : 0.3) * counts.audit_rows;
      window.seen.audit_cpu_seconds =
          0.001 + 6e-6 * counts.audit_rows + 62e-6 * window.seen.audit_wake_ups;
      windows.push_back(window);
    }
  }
  model::Profile profile;
  FillAudit(windows, Reads(), &profile);
  EXPECT_NEAR(profile.database().audit_batch_cpu_seconds(), 155e-6, 1e-6);
  EXPECT_NEAR(profile.database().audit_row_cpu_seconds(), 6e-6, 1e-7);
}

TEST(WakeUpCosts, AVisitNeverCountsMoreThanOnce) {
  model::Profile profile;
  FillWakeUps({At(0.1, 900)}, Reads(), Fitted(30e-6, 0), Fitted(60e-6, 0), &profile);
  EXPECT_NEAR(profile.wake_ups().server_seconds().mean(), 30e-6, 1e-12);
  EXPECT_EQ(profile.wake_ups().server_per_slept_second(), 0);
}

TEST(WakeUpCosts, NothingCountedNothingFilled) {
  model::Profile profile;
  FillWakeUps({At(0.1, 0)}, Reads(), RegressionFit(), RegressionFit(), &profile);
  EXPECT_FALSE(profile.has_wake_ups());
}

}  // namespace
}  // namespace simulator
