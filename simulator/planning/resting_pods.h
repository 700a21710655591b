#pragma once

#include <cstdint>

#include "simulator/engine/system_model.h"
#include "simulator/engine/workload.h"
#include "simulator/planning/bounds.h"

namespace simulator {

// The number of pods that the autoscaler's CPU and request-rate targets ask for at `throughput`,
// between its bounds; the fixed number without an autoscaler. The CPU is what so many pods spend,
// wake-ups included: the fewest pods whose use is within the target. Memory and metrics that nobody
// exports are left out. Percent targets use the pod's request as the controller does.
uint32_t ExpectedPods(const Workload& workload, const SystemModel& system, double throughput);

// Bounds at the number of pods that the autoscaler settles at for `users` (of an open model: for
// its largest rate).
Bounds BoundsAtRest(const Workload& workload, const SystemModel& system, double users);

}  // namespace simulator
