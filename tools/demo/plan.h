#pragma once

#include "absl/time/time.h"

namespace demo {

// How long each part of the demonstration takes; the quick one ends within a minute.
struct Plan {
  int calibration_windows;
  absl::Duration calibration_window;
  absl::Duration calibration_warm_up;
  absl::Duration saturation_run;
  int measured_users;
  absl::Duration measured_run;
  double simulated_ramp_seconds;
  double simulated_seconds;  // after the ramp
};

Plan PlanFor(bool quick);

}  // namespace demo
