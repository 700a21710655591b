// `simulator oracle --vectors FILE`: closed forms and simulation against expected figures.
#pragma once

#include <string>
#include <vector>

namespace simulator {

// One line per vector and quantity on stdout (expected, analytic, simulated, interval, n, ok|FAIL),
// then `N passed, N failed`, counted in vectors. A quantity is ok when the closed form agrees to
// 1e-6 relative and the expected value lies in the simulated interval; intervals hold together at
// 99 % over the file. Every model of the file is simulated.
// Returns the exit code: 0 all passed, 1 a failure or no vector at all, 2 bad arguments or file.
int RunOracle(std::vector<std::string> args);

}  // namespace simulator
