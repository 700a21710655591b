#pragma once

#include <vector>

namespace simulator {

// Users or arrivals per second that are reached over a time, linearly from the level before.
struct LoadLevel {
  double value = 0;
  double seconds = 0;
};

// The levels of a run: the scenario's, or a ramp to their largest and a hold in their place.
struct LoadShape {
  std::vector<LoadLevel> levels;
  double most = 0;  // the largest of `levels`; each stands for value / most of `peak`
  double peak = 0;  // what the run is asked to reach
};

// `peak` above 0 replaces the largest level, and all are scaled with it. A ramp or hold of 0 or
// more seconds replaces the levels by two; one that is negative then keeps the scenario's own: the
// time until its largest level is first reached, and what is left after that.
LoadShape ShapeLoad(std::vector<LoadLevel> levels, double peak, double ramp_seconds,
                    double hold_seconds);

}  // namespace simulator
