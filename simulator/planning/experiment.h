#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/deployment.pb.h"
#include "model/profile.pb.h"
#include "model/result.pb.h"
#include "model/scenario.pb.h"
#include "simulator/engine/options.h"
#include "simulator/engine/recorder.h"
#include "simulator/engine/system_model.h"
#include "simulator/engine/workload.h"

namespace simulator {

// The three inputs of a prediction: who asks, of what, at which cost.
struct Experiment {
  model::Scenario scenario;
  model::Deployment deployment;
  model::Profile profile;
  std::string profile_digest;
};

// Reads scenario (YAML) and profile (JSON), and a deployment: rendered manifests, a folder, a
// hand-written one, or a Deployment message as .json. Warnings of the scenario go to standard
// error. Errors name file, line and what was expected.
absl::StatusOr<Experiment> LoadExperiment(const std::string& scenario_path,
                                          const std::string& deployment_path,
                                          const std::string& profile_path);

// Replaces the overload control of the API's workload by that of a YAML file whose keys are those
// of model::Overload. Errors name file, line and what was expected.
absl::Status ApplyOverload(const std::string& path, Experiment* experiment);

// Inputs compiled for the engine, so that closed forms and simulation start from the same figures.
struct CompiledExperiment {
  Workload workload;
  SystemModel system;
};
absl::StatusOr<CompiledExperiment> CompileExperiment(const Experiment& experiment,
                                                     const RunOptions& options);

// A short run without a ramp that measures `measured_seconds`: users begin where they would be
// found in a steady state (but for those that sign in), and five think times pass in which queues
// fill before measuring begins; with an open model, five sessions, as nobody is there at the start
// (5 s where an arrival is one request). Sets ramp, settle and duration.
absl::Status UseShortRun(const Experiment& experiment, double measured_seconds,
                         RunOptions* options);

// Runs the replications of a compiled experiment and joins them. `finished` as in RunReplications.
// FailedPrecondition "unstable: ..." when an open model offers more than can be done, with what is
// offered and what there is; a warning says the same when the run was too short to break.
absl::StatusOr<model::Result> Simulate(
    const Experiment& experiment, const CompiledExperiment& compiled, const RunOptions& options,
    const std::function<void(uint32_t replication, const ReplicationResult&)>& finished = nullptr);

// The last step of Simulate: replications that ran (anywhere), a given number of them with a given
// settle time, to a Result.
model::Result JoinReplications(const Experiment& experiment, const CompiledExperiment& compiled,
                               const RunOptions& options,
                               const std::vector<ReplicationResult>& replications);

// One prediction: options.replications replications, joined. A pure function of its arguments but
// for options.threads, which only makes it faster.
absl::StatusOr<model::Result> Predict(const Experiment& experiment, const RunOptions& options);

}  // namespace simulator
