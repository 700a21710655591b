#pragma once

#include <string>
#include <vector>

namespace simulator {

// `simulator plan`: the cheapest deployment for a number of users and a service level. Prints the
// simulated candidates, the plan with its connections, bottlenecks and cost, the cheaper one that
// misses, and what is left after the loss of a node and of a zone. Exit 0: a plan; 1: none, or a
// file cannot be read or does not fit; 2: a wrong flag.
int RunPlan(std::vector<std::string> args);

}  // namespace simulator
