#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/profile.pb.h"
#include "model/scenario.pb.h"
#include "simulator/calibration/observed_window.h"

// Turns observed windows into a Profile.
//
// CPU demands (server, PostgreSQL, Redis) come from regression over all windows; counts
// (statements, round trips, Redis commands) are the server's own per-operation counters, exact up
// to requests in flight at a window's edges. The sum of the thread clock over the regression's
// total is the cross-check: it leaves out what is not inside a request (the event loop, the
// kernel's receive path), so it lies below 1.

namespace simulator {

// Figures measured apart from the windows.
struct SeparateMeasurements {
  double flush_seconds = 0;  // median wait for a commit's flush
  std::vector<double> flush_quantile_seconds;
  double redis_round_trip_seconds = -1;  // beside CPU; negative: not probed, estimated
  double database_round_trip_seconds = 0;
  double client_round_trip_seconds = 0;
  double connect_seconds = 0;              // a new PostgreSQL connection with its first query
  double memory_per_connection_bytes = 0;  // private memory of an idle backend
  double redis_client_cpu_seconds = 0;     // of a client per command
  double redis_command_seconds = 0;        // CPU of a node per command when it is busy
  // At the lowest level, by operation: mean time from sending to the answer, and its requests.
  std::map<std::string, double> quiet_response_seconds;
  std::map<std::string, double> quiet_requests;
  double saturation_per_second = 0;              // requests/s at think time 0
  double audit_batch_seconds = 0;                // group commit window of the server
  std::map<std::string, double> request_bytes;   // by operation
  std::map<std::string, double> response_bytes;  // by operation
};

// `idle`: windows without load; they pin the idle term, which load alone cannot tell from the cost
// of a request. FailedPrecondition as from FitDemands. Operations of `scenario` that were never
// requested are left out (the simulator then refuses a scenario that needs them).
absl::StatusOr<model::Profile> BuildProfile(const std::vector<ObservedWindow>& windows,
                                            const std::vector<ObservedWindow>& idle,
                                            const model::Scenario& scenario,
                                            const SeparateMeasurements& separate);

}  // namespace simulator
