#pragma once

#include <cstdint>
#include <string>

#include "simulator/engine/system_model.h"
#include "simulator/engine/workload.h"

namespace simulator {

// When clients that repeat keep a system down: closed-loop arithmetic.
//
//   normal load       N / (Z + S)                        attempts per second
//   collapsed load    N (R + 1) / (Z + (R + 1) T + B)    every attempt runs into its timeout
//   stuck             iff collapsed > capacity > normal
//
// N users, Z mean think time, S response without waiting, R repeats, T timeout, B mean pauses
// before the R repeats, capacity by the lowest operational bound. It follows that a collapsed
// system recovers below `lower_users` and that above `upper_users` no trigger is needed; between
// them lies the hysteresis.
struct RetryThreshold {
  double normal = 0;     // per second
  double collapsed = 0;  // per second; 0: no repeats and no timeout given
  double capacity = 0;   // per second
  double lower_users = 0;
  double upper_users = 0;
  // Empty: the arithmetic applies. Else what it leaves out here (a budget, a breaker, ...).
  std::string leaves_out;
  bool Stuck() const { return collapsed > capacity && capacity > normal; }
};

RetryThreshold ThresholdOf(const Workload& workload, const SystemModel& system, double users);

}  // namespace simulator
