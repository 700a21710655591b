// Deterministic runs: a given trace, and a saturated station under the scalability law.
#pragma once

#include <map>
#include <string>

#include "simulator/oracle/simulated_values.h"
#include "simulator/oracle/vector.h"

namespace simulator::oracle {

// The trace through FifoServer in nanoseconds. Intervals are the rounding of the trace.
std::map<std::string, Simulated> RunTrace(const Inputs& inputs);

// N jobs that re-enter a SharedProcessor with the law's contention table as soon as they leave;
// throughput from the departures of many whole rounds. The peak N_star is not an integer: N / X(N)
// is a parabola in N, so three simulated points give sigma and kappa, and these the peak.
std::map<std::string, Simulated> RunSaturated(const Inputs& inputs);

}  // namespace simulator::oracle
