#pragma once

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "simulator/planning/plan_search.h"

namespace simulator {

// One line of the search: met or missed, the configuration, its cost, what was found.
void PrintTrial(const PlanTrial& trial, const Prices& prices, std::FILE* out);

// The answer of `plan` on standard output: the search; the plan with cores, Redis, connections,
// PgBouncer or not and why; the plan simulated with the demands as measured, between the bounds and
// the mean value analysis; the next bottlenecks with the load that they bear; its cost; the next
// cheaper one that misses; and what is left of the service level without a node and without a zone.
// `measured`: the plan's Result with the demands as measured. NotFound: nothing meets the service
// level.
absl::Status PrintPlan(const PlanRequest& request, const std::string& api, const Plan& plan,
                       model::Result* measured);

}  // namespace simulator
