#pragma once

#include <string>
#include <vector>

namespace simulator {

// `simulator diff BEFORE AFTER`: what a change of manifests does to findings, figures and, with
// --scenario and --profile, predictions, as one Markdown comment. Exit 0: no new error; 1: some
// findings that appear are errors; 2: bad usage or input.
int RunDiff(std::vector<std::string> args);

}  // namespace simulator
