#include "model/scenario_loader.h"

#include "model/distribution.h"
#include "model/io.h"
#include "model/scenario_parts.h"
#include "model/status_macros.h"
#include "model/yaml/node.h"

namespace model {
namespace {

// Whether an open scenario's users ever think by the scenario's own law: the first step of a
// journey is due at its arrival.
bool ThinksByDefault(const Scenario& scenario) {
  if (scenario.users().arrivals() == Users::REQUESTS) return false;
  for (const Journey& journey : scenario.journeys()) {
    for (int i = 1; i < journey.steps_size(); ++i) {
      if (!journey.steps(i).has_think_time()) return true;
    }
  }
  return false;
}

absl::StatusOr<Scenario> ReadScenario(const YamlNode& root, std::vector<std::string>* warnings) {
  PRAXIS_ASSIGN_OR_RETURN(
      const YamlMap map,
      root.AsMap({"name", "description", "users", "think_time", "feeders", "journeys",
                  "refresh_token", "retry", "resilience", "thresholds"}));
  Scenario scenario;
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode name, map.Require("name"));
  PRAXIS_ASSIGN_OR_RETURN(*scenario.mutable_name(), name.AsString());
  if (const YamlNode* description = map.Find("description")) {
    PRAXIS_ASSIGN_OR_RETURN(*scenario.mutable_description(), description->AsText());
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode users, map.Require("users"));
  PRAXIS_ASSIGN_OR_RETURN(*scenario.mutable_users(), ReadUsers(users));
  if (const YamlNode* think_time = map.Find("think_time")) {
    PRAXIS_ASSIGN_OR_RETURN(*scenario.mutable_think_time(), ReadThinkTime(*think_time));
    if (scenario.users().model() != Users::CLOSED && MeanSeconds(scenario.think_time()) <= 0) {
      return think_time->Error(
          "expected a mean above 0: in an open model the load is the arrival rate, and users that "
          "never think belong to the closed one");
    }
  } else if (scenario.users().model() != Users::OPEN) {
    return map.Require("think_time").status();
  }
  if (const YamlNode* feeders = map.Find("feeders")) {
    PRAXIS_RETURN_IF_ERROR(ReadFeeders(*feeders, &scenario));
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode journeys, map.Require("journeys"));
  PRAXIS_RETURN_IF_ERROR(ReadJourneys(journeys, &scenario, warnings));
  if (!map.Has("think_time") && ThinksByDefault(scenario)) {
    return journeys.Error(
        "expected the key think_time: a journey's steps after the first are due after it");
  }
  if (const YamlNode* refresh = map.Find("refresh_token")) {
    PRAXIS_ASSIGN_OR_RETURN(*scenario.mutable_refresh_token(), ReadRefreshToken(*refresh));
  }
  scenario.mutable_retry()->set_timeout_seconds(10);
  if (const YamlNode* retry = map.Find("retry")) {
    PRAXIS_ASSIGN_OR_RETURN(*scenario.mutable_retry(), ReadRetry(*retry));
  }
  if (const YamlNode* resilience = map.Find("resilience")) {
    PRAXIS_ASSIGN_OR_RETURN(*scenario.mutable_resilience(), ReadResilience(*resilience));
  }
  if (const YamlNode* thresholds = map.Find("thresholds")) {
    PRAXIS_RETURN_IF_ERROR(ReadThresholds(*thresholds, &scenario));
  }
  return scenario;
}

}  // namespace

absl::StatusOr<Scenario> ParseScenario(const std::string& text, const std::string& name,
                                       std::vector<std::string>* warnings) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode root, YamlNode::Parse(text, name));
  PRAXIS_ASSIGN_OR_RETURN(Scenario scenario, ReadScenario(root, warnings));
  scenario.set_source_path(name);
  scenario.set_digest(Sha256Hex(text));
  return scenario;
}

absl::StatusOr<Scenario> LoadScenario(const std::string& path, std::vector<std::string>* warnings) {
  PRAXIS_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseScenario(text, path, warnings);
}

}  // namespace model
