#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/verdict.pb.h"

namespace simulator {

// A number of users and a think time that a deployment is simulated at.
struct SimulationPoint {
  std::string deployment;
  double users = 0;
  double think_seconds = 0;
  bool decides = false;  // a verdict needs it; else it only draws the frontier

  std::string FileName() const;  // predicted-production-1000000-10s.json
};

// The points that the claims' decisions of method `simulation` name in `at`, for deployments among
// `deployments` and the profile `profile`, each once; then, for each deployment and number of
// users that they name, the think times of the frontier. Cheapest (fewest requests per second)
// first, deciding points before the frontier's. InvalidArgument: an `at` that is not understood, or
// names no users or no think time.
absl::StatusOr<std::vector<SimulationPoint>> PointsOf(const model::ClaimList& claims,
                                                      const std::vector<std::string>& deployments,
                                                      const std::string& profile,
                                                      const std::vector<double>& think_times);

}  // namespace simulator
