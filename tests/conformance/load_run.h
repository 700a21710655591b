#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/result.pb.h"
#include "tests/conformance/limited_host.h"

// One run of each engine, as a child process, for the same users and think time.

namespace conformance {

struct RunSettings {
  uint64_t users = 1;
  double think_time_seconds = 1;  // mean over the scenario's steps; 0: none
  absl::Duration duration;        // after the ramp
  uint64_t seed = 1;
  std::string out;           // the Result, JSON
  std::string faults;        // predictions: a fault plan; "": none
  bool same_length = false;  // predictions: as long as the measured run, from its first request on
  std::string log_file;      // what the program prints
};

// What happened around a measured run.
struct MeasuredRun {
  model::Result result;
  double server_cores = 0;  // CPU used, mean
  double database_cores = 0;
  double redis_cores = 0;
  double server_throttled_share = 0;  // of the server group's periods
  double database_throttled_share = 0;
};

// Both: Unavailable with the log's path when the program fails, Cancelled after `stop`.
absl::StatusOr<model::Result> Predict(const Programs& programs, const std::string& deployment,
                                      const std::string& profile, const RunSettings& settings);
absl::StatusOr<MeasuredRun> Measure(const Programs& programs, const LimitedHost& host,
                                    const RunSettings& settings, const std::function<bool()>& stop);

}  // namespace conformance
