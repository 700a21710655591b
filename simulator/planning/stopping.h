#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "simulator/engine/recorder.h"
#include "simulator/planning/experiment.h"

// How long and how often to simulate: where measuring begins, when there are enough replications.

namespace simulator {

// Where measuring begins by MSER-5: a pilot replication without a fixed settle time, cut into 500
// steps after the ramp; the later of the truncations of its rate of finished requests and its
// median response. Seconds after the ramp.
struct SettleTime {
  double seconds = 0;
  bool settled = false;  // false: no steady state in the first half of the hold
};
absl::StatusOr<SettleTime> FindSettleTime(const CompiledExperiment& compiled,
                                          const RunOptions& options);

// Replications in rounds: `next` looks at what has been found by `done` of them and says how many
// there shall be in all; no more than `done`: enough. The first round has options.replications.
// `build` joins replications to a result. A function of the results alone, whatever the number of
// threads.
using Join = std::function<model::Result(const std::vector<ReplicationResult>&)>;
using Finished = std::function<void(uint32_t replication, const ReplicationResult&)>;
absl::StatusOr<std::vector<ReplicationResult>> ReplicateInRounds(
    const CompiledExperiment& compiled, const RunOptions& options, const Join& build,
    const std::function<absl::StatusOr<uint32_t>(const model::Result&, uint32_t done)>& next,
    const Finished& finished);

// Replications until the Student part of every quantity of options.precision_of is at most
// options.precision of its value, at most options.maximum_replications. Stopping by what was found
// lets the intervals cover a little less often than they say. InvalidArgument: no such quantity.
struct Replicated {
  std::vector<ReplicationResult> replications;
  double reached = 0;  // relative half-width of the worst of the quantities
  std::string worst;
};
absl::StatusOr<Replicated> ReplicateUntilPrecise(const CompiledExperiment& compiled,
                                                 const RunOptions& options, const Join& build,
                                                 const Finished& finished);

// Says in the result's warnings when `replications` of them did not reach options.precision.
void NotePrecision(const RunOptions& options, size_t replications, model::Result* result);

}  // namespace simulator
