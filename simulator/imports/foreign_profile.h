#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/profile.pb.h"
#include "simulator/imports/load_test.h"
#include "simulator/imports/prometheus.h"
#include "simulator/imports/queries.h"

namespace simulator {

// A Profile of a service that is not ours, from what Prometheus saw of it during a load test.
//
// The time is cut into windows. Of each, Prometheus tells the CPU seconds of the server, the
// database and Redis and what was counted (statements, commands); the requests of each operation
// come from Prometheus too, where a query for them is given, else from the load test's own series
// (its mix held constant). Then, for each of these,
//
//   regression    used_w = baseline x seconds_w + sum_op requests_w,op x demand_op, where the mix
//                 varies enough to tell the operations apart (calibration/regression.h);
//   else          the same with one demand that all operations share, where the load varies;
//   else          the service demand law D = U / X: sum of used over sum of requests, whose
//                 standard error is that of a ratio estimator. What an idle service uses is in it.
//
// A fit counts when the standard error of the mix's demand is below a quarter of it.
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

// FailedPrecondition when the server's CPU per request comes out as nothing.
absl::StatusOr<model::Profile> ForeignProfile(const ForeignObservation& seen, const LoadTest& test,
                                              const Queries& queries);

}  // namespace simulator
