#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"

namespace simulator {

// One objective: a quantity of a Result and its limit, in the quantity's unit.
struct Objective {
  std::string text;      // as written
  std::string quantity;  // p95_ms | error_rate | ...
  bool or_equal = false;
  double limit = 0;
};

// "p95<200ms,errors<0.1%". Names: p50, p95, p99, mean (ms or s), errors (% or a share); < or <=.
// InvalidArgument names the part and what was expected.
absl::StatusOr<std::vector<Objective>> ParseServiceLevel(const std::string& text);

struct ServiceLevelAnswer {
  bool met = false;  // by the upper end of every interval
  // Nothing is open: it is met, or a whole interval lies beyond a limit.
  bool decided = false;
  // Open, and more replications may help: they are most of an interval that holds its limit.
  bool narrows = false;
  std::string words;  // "p95_ms 3.1 [2.4, 3.8] < 200"
};

// An objective is met when the whole 95 % interval is inside. A quantity that the Result does not
// have (nothing was requested) is not met.
ServiceLevelAnswer Compare(const std::vector<Objective>& objectives, const model::Result& result);

// The latency limit in seconds that a mean response cannot exceed for long; 1e300 without one. A
// median says nothing of the mean.
double LatencyLimit(const std::vector<Objective>& objectives);

}  // namespace simulator
