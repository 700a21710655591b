#pragma once

#include <string>
#include <vector>

namespace simulator {

// `simulator availability --deployment D [--classes FILE] [--target 99.99]`: for each class of
// failures, the frontier of failure rate x recovery time at which the target holds. Prints tables,
// writes JSON to --out. docs/resilience.md. Exit code 0; 1: a file is wrong; 2: a flag is wrong.
int RunAvailability(std::vector<std::string> args);

}  // namespace simulator
