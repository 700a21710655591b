#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "simulator/imports/load_test.h"
#include "simulator/imports/prometheus.h"
#include "simulator/imports/queries.h"

namespace simulator {

// What Prometheus saw of a service during a load test, cut into windows. Of each window it tells
// the CPU seconds of the server, the database and Redis and what was counted (statements,
// commands); the requests of each operation come from Prometheus too, where a query for them is
// given, else from the load test's own series (its mix held constant).
struct ForeignWindow {
  double seconds = 0;
  std::vector<double> requests;        // by operation
  std::map<std::string, double> used;  // by name of Queries.busy and Queries.counts
};

struct ForeignObservation {
  std::vector<std::string> operations;
  std::vector<ForeignWindow> windows;
  std::vector<std::string> warnings;  // what was not found, and what that means
};

// Asks for windows of `window` from `from` to `to`. Errors are those of Prometheus::QueryRange, and
// FailedPrecondition when fewer than three windows are complete or none holds a request. A default
// query without data is a warning (its resource counts as not used), except the server's CPU.
absl::StatusOr<ForeignObservation> ObserveForeign(const Prometheus& prometheus,
                                                  const Queries& queries, const LoadTest& test,
                                                  absl::Time from, absl::Time to,
                                                  absl::Duration window);

}  // namespace simulator
