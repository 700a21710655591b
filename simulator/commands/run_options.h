// The flags of a prediction, read alike by `run`, `seal` and whatever else makes one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "simulator/commands/flag_values.h"
#include "simulator/engine/options.h"
#include "simulator/planning/experiment.h"

namespace simulator {

// Names of the flags that ReadRunOptions and LoadExperimentOf read, and `more` ones.
std::vector<std::string> PredictionFlags(const std::vector<std::string>& more);

// InvalidArgument names the flag, what was expected and what was found; FailedPrecondition: the
// file of --faults cannot be read or is wrong.
absl::StatusOr<RunOptions> ReadRunOptions(const FlagMap& flags);
// What --faults does, with a plan that has been read. InvalidArgument: a slowdown in both.
absl::Status UseFaults(FaultPlan plan, RunOptions* options);
// Of a program that ends with ReadRunOptions' error: 1 for a file, 2 for a flag.
int ExitCodeOf(const absl::Status& options);

// The files of --scenario, --deployment and --profile, relative to where the user typed.
// InvalidArgument: one of the three is not given (call RequireFlags first for exit code 2).
absl::StatusOr<Experiment> LoadExperimentOf(const FlagMap& flags);

// One prediction with this program's version and the scenario's thresholds evaluated; a line a
// replication goes to standard error.
absl::StatusOr<model::Result> PredictWithProgress(const Experiment& experiment,
                                                  const RunOptions& options);

}  // namespace simulator
