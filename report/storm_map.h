#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// What `simulator map --out FILE` writes: the map of trigger size over load, or the hysteresis.

namespace report {

struct StormMapCell {
  double users = 0;
  double speed = 0;
  std::string state;  // unharmed | recovered | draining | stuck | overloaded
  double recovery_seconds = 0;
  double goodput_before = 0;
  double goodput_after = 0;
};

struct HysteresisPoint {
  double users = 0;
  bool down = false;
  double goodput = 0;
  double attempts = 0;
  double p95_ms = 0;
};

struct StormMap {
  std::string scenario, deployment, profile;
  double recovers_below_users = 0;  // by arithmetic; 0: not given
  double too_much_above_users = 0;
  double stuck_from_users = 0;  // bisected; 0: not given
  double trigger_seconds = 0;
  double horizon_seconds = 0;
  std::vector<double> users;   // columns; empty in a hysteresis
  std::vector<double> speeds;  // rows
  std::vector<StormMapCell> cells;
  std::vector<HysteresisPoint> hysteresis;
};

// `kind` is "storm_map" or "hysteresis". InvalidArgument says which key was expected.
absl::StatusOr<StormMap> ParseStormMap(std::string_view text);

}  // namespace report
