#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Runs several simulations as child processes, a few at a time.

namespace demo {

struct SimulationJob {
  std::string name;  // for progress and the log: "1M users, think time 10 s"
  std::string deployment_path;
  double users = 0;
  double think_time_seconds = 0;
  double ramp_seconds = 0;
  double duration_seconds = 0;  // after the ramp; the simulator does not measure its first half
  std::string out;              // the predicted Result
  std::string faults_path;      // a fault plan; empty: none
};

struct SimulationOptions {
  std::string simulator;  // path of the binary
  std::string scenario_path;
  std::string profile_path;
  std::string log_file;
  uint64_t seed = 1;
  int replications = 1;
  double latency_model_error = -1;  // see simulator run; negative: not measured
  int parallel = 2;
  absl::Duration timeout = absl::Minutes(5);  // of each
  std::function<void(const std::string&)> progress;
  std::function<bool()> stop;
};

// All jobs; the first failure ends the others. Unavailable names the job and the log, Cancelled
// after `stop`.
absl::Status RunSimulations(const std::vector<SimulationJob>& jobs,
                            const SimulationOptions& options);

}  // namespace demo
