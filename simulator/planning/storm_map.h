#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "simulator/planning/experiment.h"

// What a passing disturbance leaves behind, over its size and the load: the map of a metastable
// system; and its hysteresis: load up, then down again.
namespace simulator {

// A disturbance: from `warm_seconds` on the pods' CPU works at `speed` for `trigger_seconds`; then
// it has `horizon_seconds`, not less than both together, to come back.
struct StormSetting {
  double warm_seconds = 60;
  double trigger_seconds = 30;
  double horizon_seconds = 300;
};

enum class StormState {
  kUnharmed,   // goodput never fell below 80 % of its level before
  kRecovered,  // it came back for good within the horizon
  kDraining,   // not yet back, but the backlog falls
  kStuck,      // the backlog stands or grows although the disturbance is over
  kOverloaded  // below 80 % of the requests before any disturbance
};
const char* StormStateName(StormState state);

struct StormCell {
  uint64_t users = 0;
  double speed = 1;
  StormState state = StormState::kUnharmed;
  double recovery_seconds = 0;  // after the disturbance; only when kRecovered
  double goodput_before = 0;    // per second
  double goodput_after = 0;     // over the last quarter of the horizon
  double attempts_after = 0;    // from the disturbance's end on
  double amplification = 0;     // attempts per request there
  double wasted_work = 0;       // share of the workers' time there
};

// One replication with options.seed. Recovery is told by moving averages over at least 600
// requests (noise of 4 %), so small loads are told more coarsely.
absl::StatusOr<StormCell> RunStorm(const Experiment& experiment, RunOptions options,
                                   const StormSetting& setting, uint64_t users, double speed);

// All pairs, loads fastest; `options.threads` cells at a time, which never changes the result.
absl::StatusOr<std::vector<StormCell>> RunStormMap(const Experiment& experiment,
                                                   const RunOptions& options,
                                                   const StormSetting& setting,
                                                   const std::vector<uint64_t>& loads,
                                                   const std::vector<double>& speeds);

// The load at which a standstill of `trigger_seconds` begins to leave the system stuck, bisected
// between `low` and `high` users to half a percent; 0 when both ends answer alike.
absl::StatusOr<double> StuckBoundary(const Experiment& experiment, const RunOptions& options,
                                     StormSetting setting, uint64_t low, uint64_t high);

// A level of a sweep: means over the second half of the time that the level is held.
struct SweepPoint {
  uint64_t users = 0;
  bool down = false;  // on the way back
  double goodput = 0;
  double attempts = 0;
  double p95_ms = 0;
};

// One run: the levels up, the last first on the way down; each reached evenly over `hold_seconds`
// and then held for as long. InvalidArgument: less than two think times.
absl::StatusOr<std::vector<SweepPoint>> RunHysteresis(const Experiment& experiment,
                                                      RunOptions options,
                                                      const std::vector<uint64_t>& levels,
                                                      double hold_seconds);

}  // namespace simulator
