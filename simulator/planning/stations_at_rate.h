#pragma once

#include <cstdint>

#include "simulator/engine/system_model.h"
#include "simulator/planning/load_estimate.h"
#include "simulator/planning/mix_demand.h"

namespace simulator {

// All stations when `rate` requests a second come to `pods` of the API, each asking `demand`: what
// load_estimate.h looks for the rate with. `seen`: the share of the rate that an arrival meets,
// (N - 1) / N of a closed system with N users. Saturated: the response is 1e300.
LoadEstimate StationsAtRate(const SystemModel& system, uint32_t pods, const MixDemand& demand,
                            double rate, double seen);

}  // namespace simulator
