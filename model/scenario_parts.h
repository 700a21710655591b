#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/scenario.pb.h"
#include "model/yaml/node.h"

// The parts of a scenario file, each read and checked by one function; only scenario_loader.cc puts
// them together.
namespace model {

absl::StatusOr<Distribution> ReadThinkTime(const YamlNode& node);
absl::StatusOr<Users> ReadUsers(const YamlNode& node);
// Of an open or partly open model; an error when a closed one has them.
absl::Status ReadArrivals(const YamlMap& map, const YamlNode& node, Users* users);
// Needs users->model(): closed stages have users, the others arrival rates.
absl::Status ReadStages(const YamlNode& node, Users* users);
absl::Status ReadFeeders(const YamlNode& node, Scenario* scenario);
absl::StatusOr<Retry> ReadRetry(const YamlNode& node);
absl::StatusOr<Resilience> ReadResilience(const YamlNode& node);
absl::StatusOr<RefreshToken> ReadRefreshToken(const YamlNode& node);
absl::Status ReadThresholds(const YamlNode& node, Scenario* scenario);

// Needs scenario->feeders(): variables are checked against them.
absl::Status ReadJourneys(const YamlNode& node, Scenario* scenario,
                          std::vector<std::string>* warnings);

// "appointments.create": lower-case words joined by dots. Warns when the server has no such one.
absl::StatusOr<std::string> ReadOperation(const YamlNode& node, std::vector<std::string>* warnings);

}  // namespace model
