#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/verdict.pb.h"

namespace simulator {

// A number of users, a think time and maybe a fault plan that a deployment is simulated at.
struct SimulationPoint {
  std::string deployment;
  double users = 0;
  double think_seconds = 0;
  std::string faults;    // name of the plan; empty: none
  bool decides = false;  // a verdict needs it; else it only draws the frontier

  // predicted-production-1000000-10s.json, predicted-production-1000000-10s-redis-master-loss.json
  std::string FileName() const;
};

// Where a claims file keeps the fault plan of a name: faults/NAME.yaml beside it.
std::string FaultPlanPath(const std::string& claims_path, const std::string& name);

// The points that the claims' decisions of method `simulation` name in `at`, for deployments among
// `deployments` and the profile `profile`, each once; then, for each deployment and number of
// users that they name without faults, the think times of the frontier. Cheapest (fewest requests
// per second) first, deciding points before the frontier's. InvalidArgument: an `at` that is not
// understood, or names no users or no think time.
absl::StatusOr<std::vector<SimulationPoint>> PointsOf(const model::ClaimList& claims,
                                                      const std::vector<std::string>& deployments,
                                                      const std::string& profile,
                                                      const std::vector<double>& think_times);

}  // namespace simulator
