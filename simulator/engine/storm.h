#pragma once

#include <cstdint>

#include "simulator/engine/test_inputs.h"

namespace simulator {

// The experiment of a metastable failure: 10,000 users with 60 s think time ask for 167 requests/s
// of 20 servers x 80 ms (250/s); their client gives up after a second and has `repeats` more tries.
// From 300 s on the servers have `speed` of their speed for 30 s; the run ends after 1200 s.
TestInputs Storm(uint32_t repeats, double speed = 0.5);

// What a storm's first replication tells.
struct Story {
  double before = 0;      // mean goodput/s in the 100 s before the trigger
  double at_the_end = 0;  // in the last 300 s
  double attempts_at_the_end = 0;
  double recovered_after = -1;  // s after the trigger until goodput stays above 80 %; -1: never
  double wasted_work = 0;       // share of the workers' time in the second half of the run
  double amplification = 0;     // attempts per request there
};
Story Tell(const char* name, const TestInputs& inputs);  // prints a line, too

}  // namespace simulator
