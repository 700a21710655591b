#include "tools/demo/plan.h"

namespace demo {

Plan PlanFor(bool quick) {
  if (quick) {
    return {.calibration_windows = 4,
            .calibration_window = absl::Milliseconds(250),
            .calibration_warm_up = absl::Milliseconds(400),
            .saturation_run = absl::Milliseconds(1500),
            .measured_users = 500,
            .measured_run = absl::Seconds(5),
            .simulated_ramp_seconds = 30,
            .simulated_seconds = 120};
  }
  return {.calibration_windows = 6,
          .calibration_window = absl::Milliseconds(500),
          .calibration_warm_up = absl::Milliseconds(800),
          .saturation_run = absl::Seconds(3),
          .measured_users = 2000,
          .measured_run = absl::Seconds(30),
          .simulated_ramp_seconds = 60,
          .simulated_seconds = 300};
}

}  // namespace demo
