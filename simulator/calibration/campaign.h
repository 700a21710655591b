#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/profile.pb.h"
#include "simulator/calibration/observation.h"

// A calibration campaign against a running server of ours: finds its saturation throughput (the
// scale of the levels, and what a request costs a server that is always busy), then
// runs the scenario at several levels of it, each with every journey emphasised in turn, and builds
// a Profile from the windows. The load comes from the load generator's binary, as a child process.

namespace simulator {

struct CampaignOptions {
  std::string loadgen;  // path of the binary
  std::string scenario_path;
  std::string tokens_path;
  std::vector<std::string> loadgen_flags;        // e.g. the seed sizes that the server was given
  std::string work_dir;                          // variants, results and logs go there
  std::vector<double> levels = {0.1, 0.4, 0.7};  // of saturation throughput
  double emphasis = 6;                           // factor on one journey's weight
  absl::Duration window = absl::Milliseconds(500);
  int windows_per_run = 6;
  absl::Duration warm_up = absl::Milliseconds(800);
  absl::Duration saturation_run = absl::Seconds(3);
  // The saturated windows are fitted too; else they only set the scale.
  bool fit_saturation = true;
  int users = 400;
  std::function<void(const std::string&)> progress;  // one line a run; may be empty
  std::function<bool()> stop;                        // true: give up (Cancelled); may be empty
};

// Errors: Unavailable when server or load generator fail (with the log's path), Cancelled after
// `stop`, FailedPrecondition when the windows do not identify the demands.
absl::StatusOr<model::Profile> Calibrate(const ServerHandle& server,
                                         const CampaignOptions& options);

}  // namespace simulator
