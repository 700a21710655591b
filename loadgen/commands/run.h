#pragma once

#include <string>
#include <vector>

// `loadgen run SCENARIO`: a scenario in real time (docs/loadgen.md).
namespace loadgen {

// `args` without the command's name; returns the exit code.
int RunScenario(const std::vector<std::string>& args);

}  // namespace loadgen
