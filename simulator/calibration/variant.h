#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Scenario files that differ only in the weight of one journey, so that the mix of operations moves
// and regression can tell their demands apart.

namespace simulator {

// Names of the scenario's journeys, in file order. Errors name the file.
absl::StatusOr<std::vector<std::string>> JourneyNames(const std::string& scenario_path);

// Writes a copy of the scenario to `variant_path` in which the weight of `journey` is multiplied by
// `factor` (> 0). NotFound when there is no such journey.
absl::Status WriteVariant(const std::string& scenario_path, const std::string& journey,
                          double factor, const std::string& variant_path);

// A run of calibration: the scenario at a share of the saturation throughput.
struct CalibrationRun {
  double level = 0;
  std::string journey;  // that is emphasised; empty: the scenario as written
  int number = 0;       // of the journey, in file order
};

// At every level, first the scenario as written, then with each journey emphasised. In this order,
// as journeys leave bookings and records behind that make later requests dearer, and the demands
// are scaled to what the mix as written costs.
std::vector<CalibrationRun> CalibrationRuns(const std::vector<double>& levels,
                                            const std::vector<std::string>& journeys);

}  // namespace simulator
