#pragma once

#include <string>
#include <vector>

namespace simulator {

// `simulator validate`: all claims of a file against deployments. Checks each deployment, simulates
// the operating points that the claims' decisions name and a frontier over think times, judges,
// prints the verdict table. With --out DIR writes check-*.json, predicted-*.json, verdict.json and
// index.html. Exit 0 also when claims fail: the verdicts are the answer. 1: a file cannot be read
// or does not fit; 2: a wrong flag.
int RunValidate(std::vector<std::string> args);

}  // namespace simulator
