#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "simulator/planning/experiment.h"

namespace simulator {

// How the answer moves when one input is 10 % larger. Elasticity: ln(answer after / before) over
// ln(1.1). -1: the answer shrinks by the factor by which the input grows.
struct Sensitivity {
  std::string input;
  double limit_elasticity = 0;  // of the lowest bound on throughput; from the demand law
  bool simulated = false;       // the two below are there
  double p95_elasticity = 0;    // of p95, by two simulations with common random numbers
  double p95_error = 0;         // 95 % half-width over the pairs; NaN with one replication
};

// The inputs that are varied: demands on server CPU, database CPU and Redis; the WAL flush; the
// network round trip; the cost of waking workers and backends; the number of users; the think time.
// An input whose value is 0 is left out.
//
// Limits by the demand law at `pods`. p95 by re-running `options` with options.fixed_pods = pods:
// both runs use the same seed, and the engine has one random stream for each purpose, so pairs of
// replications differ by the input and by little noise. `simulate` false: limits only.
absl::StatusOr<std::vector<Sensitivity>> SensitivityToInputs(const Experiment& experiment,
                                                             const RunOptions& options,
                                                             uint32_t pods, bool simulate);

}  // namespace simulator
