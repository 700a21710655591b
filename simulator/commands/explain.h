#pragma once

#include <string>
#include <vector>

namespace simulator {

// `simulator explain`: where the time goes and what limits. Utilisation of each resource by the
// demand law, asymptotic bounds, the knee N*, bottlenecks, and the elasticity of the limit and of
// p95 to each input. Exit 1: a file cannot be read or does not fit; 2: a wrong flag.
int RunExplain(std::vector<std::string> args);

}  // namespace simulator
