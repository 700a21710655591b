#pragma once

#include <string>
#include <vector>

namespace simulator {

// simulator run --scenario S --deployment D --profile P [--users N] [--think_time 10s]
//   [--ramp 60s] [--duration 600s] [--settle 60s] [--pods N] [--seed 1] [--replications 3]
//   [--threads 2] [--step 5s] [--model_error 0.2] [--cache_keys 100000] [--out predicted.json]
//
// Predicts what the scenario does to the deployment if requests cost what the profile says.
// Standard output: a summary, the same bytes for the same inputs and seed. Standard error: progress
// and wall time. --out writes the Result. Exit code 0; 1 when the inputs cannot be read or do not
// fit together; 2 for wrong flags.
int RunRun(std::vector<std::string> args);

}  // namespace simulator
