// Command-line arguments and input files of the simulator's small commands.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "boost/json/value.hpp"

namespace simulator {

// Parses "--name value" and "--name=value" for the given names. Error: an unknown flag (the known
// ones are listed), a flag without a value, or a positional argument.
absl::StatusOr<std::map<std::string, std::string>> ParseFlags(
    const std::vector<std::string>& args, const std::vector<std::string>& known);

// A path as the user typed it: `bazel run` changes the working folder, so a relative path counts
// from BUILD_WORKING_DIRECTORY when that is set.
std::string UserPath(const std::string& path);

// The whole file as JSON. Errors name the file and, for bad JSON, the line.
absl::StatusOr<boost::json::value> ReadJsonFile(const std::string& path);

}  // namespace simulator
