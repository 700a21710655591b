#pragma once

#include <cstdint>

#include "simulator/calibration/observation.h"

namespace simulator {

// A window of a calibration run, at one level of load.
struct ObservedWindow {
  Observation seen;  // a Difference
  double level = 0;  // wanted fraction of the measured saturation throughput, 0..1
  uint32_t users = 0;
  double wal_bytes = -1;   // of PostgreSQL's log; negative: not looked at
  bool as_written = true;  // the scenario's own mix; else one journey emphasised
  bool saturated = false;  // no think time: not one of the profile's loads
};

}  // namespace simulator
