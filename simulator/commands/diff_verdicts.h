#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/verdict.pb.h"
#include "simulator/engine/options.h"
#include "simulator/planning/experiment.h"

namespace simulator {

// Judges the claims of `claims_path` that are about the deployment of that name. `check` is of the
// manifests to be judged in its place. With an `experiment` (whose deployment they are) the points
// that decisions need are simulated, by `options` but for users, think time and faults; without one
// such decisions are undecided. InvalidArgument: the file's mistakes, no claim about that name, or
// faults that begin after the run.
absl::StatusOr<model::VerdictReport> JudgeAs(const std::string& name,
                                             const std::string& claims_path,
                                             const model::CheckReport& check,
                                             const Experiment* experiment,
                                             const RunOptions& options);

}  // namespace simulator
