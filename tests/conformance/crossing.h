#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/conformance/scoring.h"

// Looks for the number of users at which p95 crosses a limit, run by run.

namespace conformance {

// One run of some engine for so many users: its p95 in milliseconds.
using P95At = std::function<absl::StatusOr<double>(uint64_t users)>;

// By halving [low, high] ten times, then straight in log(p95) between the last two. OutOfRange when
// p95 is on the same side of the limit at both ends.
absl::StatusOr<uint64_t> FindCrossing(uint64_t low, uint64_t high, double limit_ms,
                                      const P95At& p95_at);

struct MeasuredCrossing {
  // Users; of a crossing that was not reached: the highest load tried, a lower bound, or 0 when p95
  // was above the limit at every load.
  double users = 0;
  bool reached = false;
  std::vector<Sample> tried;
};

// From the predicted load towards the limit, in steps of 4 % that grow by a quarter each, until
// p95 was seen on both sides; nine runs at most. A run that errs ends it.
absl::StatusOr<MeasuredCrossing> SearchCrossing(double predicted, double limit_ms,
                                                const P95At& p95_at);

}  // namespace conformance
