#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/conformance/host_runs.h"
#include "tests/conformance/limited_host.h"

// Does the simulator tell the truth? On one host: calibrate at low loads, predict higher ones,
// write the predictions down, only then measure, and publish every error (docs/validation.md).

namespace conformance {

struct BlindOptions {
  std::string out_dir;  // absolute; created
  HostLimits limits;
  CalibrationSettings calibration;
  std::vector<double> points = {0.3, 0.5, 0.7};  // predicted and measured, of saturation
  double limit_ms = 50;                          // the load at which p95 crosses it
  double think_time_seconds = 0.5;               // of every predicted and measured run
  int restarts = 3;                              // of everything; each measures each point once
  absl::Duration measured_run = absl::Seconds(10);
  uint64_t seed = 1;
  std::string profile_path;               // of an earlier run: not calibrated again; empty: it is
  std::string think_law = "exponential";  // of predicted and measured runs (variants.h)
  bool crossing = true;                   // look for it by measurements
};

struct BlindOutcome {
  int scored = 0;  // figures with a tolerance
  int missed = 0;  // of these: outside of it
};

// Writes into the folder: profile.json, deployment.yaml, predicted-*.json, predictions.jsonl (only
// ever appended), measured-*.json, score.json and logs/; the table to standard output, progress to
// standard error. FailedPrecondition where CPU limits are not allowed; Cancelled when interrupted.
// Call from the main thread.
absl::StatusOr<BlindOutcome> RunBlind(const BlindOptions& options);

}  // namespace conformance
