#pragma once

#include <string>

#include "absl/status/status.h"

// The main job end to end: check manifests, start a server with private PostgreSQL and Redis,
// calibrate, predict a run on this host and then measure it, simulate the claims, judge, report.

namespace demo {

struct DemoOptions {
  std::string out_dir;  // absolute; created
  bool quick = false;   // 60 s: shorter runs, row-1m and what inspection decides
  uint64_t seed = 1;
};

// Prints progress to standard error and the verdict table to standard output. Leaves no process
// behind, also when interrupted (Cancelled). Errors name the step and the log to look at.
// Call from the main thread, with no other threads.
absl::Status RunDemo(const DemoOptions& options);

}  // namespace demo
