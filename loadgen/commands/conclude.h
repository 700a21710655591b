#pragma once

#include "absl/status/status.h"
#include "loadgen/engine/run_control.h"
#include "loadgen/engine/target.h"

// The beginning and the end that both commands share.
namespace loadgen {

// Prints `loadgen: ...` on stderr and returns `exit_code`.
int Complain(const absl::Status& status, int exit_code);

// Enough descriptors for `connections` spread over `workers`? Raises the soft limit to the hard one
// first; the error says how many workers would do.
absl::Status CheckWorkers(int workers, int64_t connections);

// Provenance: engine, host, target, start, load model. Validity is judged already.
void DescribeRun(const Target& target, uint64_t seed, model::Result* result);

// Writes --out and turns the run into the exit code. Interrupted goes before invalid, and invalid
// before failed thresholds: an invalid run decides nothing.
int Conclude(const FinishedRun& run);

}  // namespace loadgen
