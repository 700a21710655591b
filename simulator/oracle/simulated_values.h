// What simulation says about a vector's quantities.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "simulator/oracle/vector.h"

namespace simulator::oracle {

// An estimate with its interval at the confidence asked for. `n` customers (requests, trace
// entries) went into it. A deterministic run has no sampling error: its interval is a fixed
// tolerance (rounding for a trace, 1e-6 and 1e-4 of the value for the scalability law).
struct Simulated {
  double value = 0;
  double low = 0;
  double high = 0;
  int64_t n = 0;
  std::string trouble;  // not empty: not precise enough within the bound on n, and why
};

// How a model is simulated: statistically, exactly (deterministic), or not at all yet.
enum class SimulationKind { kNone, kExact, kStatistical };
SimulationKind SimulationOf(const std::string& model);

// Runs on up to two threads until every quantity's half-width is below 0.5 % of its value at
// `confidence` (of one quantity). Same result for the same seed, whatever the machine's load.
// Quantities a model's simulation does not measure are absent.
absl::StatusOr<std::map<std::string, Simulated>> SimulatedValues(const Vector& vector,
                                                                 double confidence, uint64_t seed);

}  // namespace simulator::oracle
