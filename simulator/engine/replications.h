#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "simulator/engine/options.h"
#include "simulator/engine/recorder.h"
#include "simulator/engine/system_model.h"
#include "simulator/engine/workload.h"

namespace simulator {

// Runs options.replications independent replications, options.threads at a time, each on its own
// random streams: replication i is the same whatever the number of threads. `finished` is called
// once per replication, from the calling thread's or a worker's context, one call at a time.
// FailedPrecondition "unstable: ...": an open model offers more than can be done. Internal: a law
// of queueing did not hold in a run (a defect of the simulator; nothing is returned then).
absl::StatusOr<std::vector<ReplicationResult>> RunReplications(
    const Workload& workload, const SystemModel& system, const RunOptions& options,
    const std::function<void(uint32_t replication, const ReplicationResult&)>& finished = nullptr);

}  // namespace simulator
