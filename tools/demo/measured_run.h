#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

// The load generator as a child process: the measurement that a prediction is held against.

namespace demo {

struct MeasuredRun {
  std::string loadgen;  // path of the binary
  std::string scenario_path;
  std::string target;  // URL of the server
  std::string tokens_path;
  int users = 0;
  absl::Duration duration;
  double think_time_scale = 1;
  std::string out;  // the measured Result
  std::string log_file;
  std::function<bool()> stop;
};

// Waits for the run. Missed thresholds are a result like any other, not an error. Unavailable names
// the log, DeadlineExceeded 30 s after the run should have ended, Cancelled after `stop`.
absl::Status Measure(const MeasuredRun& run);

}  // namespace demo
