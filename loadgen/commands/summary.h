#pragma once

#include <string>

#include "model/result.pb.h"

// What people read at the end of a run.
namespace loadgen {

// Of `hit`: rates, percentiles, statuses, errors.
std::string HitSummary(const model::Result& result);

// Of `run`: a table with a row an operation, the thresholds with their values, and what makes the
// run invalid or doubtful.
std::string RunSummary(const model::Result& result);

}  // namespace loadgen
