#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "simulator/planning/plan_trial.h"

namespace simulator {

// The cheapest configuration that meets a service level.
//
//   1. Screening: every combination of the choices x pods. Out go those whose connections exceed
//      the usable ones and those whose response is above the latency limit by the operational
//      bounds. From the number of pods on whose connections no longer fit, PgBouncer comes before
//      the database, with as many processes as the load keeps busy to 60 %. The rest are sorted by
//      cost: a pooler's cores against fewer connections is a matter of that order.
//   2. The cheapest one whose mean response by mean value analysis (load_estimate.h) is a third of
//      the limit is simulated; if it fails, the next such. Is there none, the fastest by that
//      analysis is.
//   3. Bisection over cost below the cheapest one that was met: of the cheaper half, the one with
//      the best response by that analysis is simulated. Met: it is the new best. Missed: the
//      cheaper half is taken as missed too. What lies within reach of a simulated miss (no choice
//      larger) is out.
//   4. If no cheaper one was simulated, the best of those that the bounds ruled out is, so that a
//      run shows the miss.
// All of this with every demand of the profile larger by `margin`: a plan must hold when the
// service costs that much more than was measured, and near saturation that matters more than any
// interval around a latency. At most `most_simulations` simulations in 1 to 3, all with the same
// seed (common random numbers). One ends as soon as the service level is decided: options.
// replications of them, then twice as many, at most `most_replications`, while an interval holds
// its limit and more replications narrow it; what is open then counts as missed.
struct Plan {
  size_t configurations = 0;      // looked at
  size_t by_connections = 0;      // ruled out: more connections than usable
  size_t by_bounds = 0;           // ruled out: saturated or too slow by the bounds
  std::vector<PlanTrial> trials;  // in the order of their simulation
  int best = -1;                  // index into trials; -1: none met
  int closest_cheaper_miss = -1;  // the dearest missed trial that is cheaper than the best
  bool exhausted = false;         // the simulations ran out before the search was narrowed down
  std::string nearest_by_bounds;  // in words: of those ruled out, the one with the highest limit
};

// InvalidArgument: inputs that do not fit.
absl::StatusOr<Plan> FindPlan(const PlanRequest& request,
                              const std::function<void(const PlanTrial&)>& progress);

}  // namespace simulator
