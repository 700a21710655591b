#pragma once

#include <string>
#include <vector>

namespace simulator {

// `simulator map --scenario S --deployment D --profile P`: what a passing disturbance leaves
// behind, over its size and the load, as a map of characters and as JSON (--out); with --hysteresis
// on the sweep of the load up and down again, as a table and as CSV or JSON. docs/resilience.md.
// Exit code 0; 1: a file is wrong; 2: a flag is wrong.
int RunMap(std::vector<std::string> args);

}  // namespace simulator
