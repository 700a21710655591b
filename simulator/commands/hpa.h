// `simulator hpa --vectors FILE`: runs autoscaler vectors and says which hold.
#pragma once

#include <string>
#include <vector>

namespace simulator {

// One line a vector on stdout (`id expected got ok|FAIL`), then `N passed, N failed`.
// Returns the exit code: 0 all passed, 1 a failure or no vector at all, 2 bad arguments or file.
int RunHpa(std::vector<std::string> args);

}  // namespace simulator
