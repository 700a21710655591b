// Values of command-line flags, read alike by every subcommand.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace simulator {

using FlagMap = std::map<std::string, std::string>;

// Each leaves its target alone when the flag is not given. InvalidArgument names the flag, what was
// expected and what was found.

// "10s", "5m", "250ms", or a plain number of seconds; not negative.
absl::Status ReadSeconds(const FlagMap& flags, const std::string& name, double* seconds);
absl::Status ReadCount(const FlagMap& flags, const std::string& name, uint64_t low, uint64_t high,
                       uint64_t* count);
absl::Status ReadCount(const FlagMap& flags, const std::string& name, uint64_t low, uint64_t high,
                       uint32_t* count);
// A relative error such as 0.2; 0 to 10.
absl::Status ReadError(const FlagMap& flags, const std::string& name, double* error);
// Arrivals per second above 0: "500" or "500/s".
absl::Status ReadRate(const FlagMap& flags, const std::string& name, double* per_second);
// "true"/"on" or "false"/"off".
absl::Status ReadSwitch(const FlagMap& flags, const std::string& name, bool* on);

// "5s,10s,2m"
absl::StatusOr<std::vector<double>> ParseSecondsList(const std::string& name,
                                                     const std::string& text);

// InvalidArgument "--NAME ... is missing" for the first of `names` that is not given.
absl::Status RequireFlags(const FlagMap& flags, const std::vector<std::string>& names);

// Takes the values of a flag that may stand several times (--deployment a=x --deployment b=y) out
// of `args`, in their order.
absl::StatusOr<std::vector<std::string>> TakeRepeated(const std::string& name,
                                                      std::vector<std::string>* args);

// Takes the leading words that are no flags out of `args`.
std::vector<std::string> TakePositional(std::vector<std::string>* args);

}  // namespace simulator
