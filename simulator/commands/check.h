#pragma once

#include <string>
#include <vector>

namespace simulator {

// simulator check PATH... [--format table|json|github] [--out FILE] [--rules]
//
// Judges Kubernetes manifests (files, folders, kustomizations, "-") or a hand-written Deployment
// without running anything. Relative paths count from where the command was typed. Findings go to
// standard output, notes about the reading to standard error.
// Exit: 0 no finding is an error; 1 some are; 2 bad usage or bad input.
int RunCheck(std::vector<std::string> args);

}  // namespace simulator
