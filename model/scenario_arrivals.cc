#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/scenario_parts.h"
#include "model/status_macros.h"
#include "model/yaml/quantity.h"

// The population: users of a closed model, arrivals of an open one, sessions of a partly open one.
namespace model {
namespace {

constexpr double kLongestStage = 366.0 * 86400;
constexpr double kHighestRate = 1e9;
constexpr double kLongestSession = 1e6;

// "100/s", "6000/min", "1.5/h".
absl::StatusOr<double> ReadRate(const YamlNode& node) {
  PRAXIS_ASSIGN_OR_RETURN(const std::string text, node.AsString());
  const size_t slash = text.find('/');
  const std::string unit = slash == std::string::npos ? "" : text.substr(slash + 1);
  const double seconds = unit == "s" ? 1 : unit == "min" ? 60 : unit == "h" ? 3600 : 0;
  const absl::StatusOr<double> number = ParseNumber(text.substr(0, slash));
  if (seconds == 0 || !number.ok() || !(*number >= 0 && *number / seconds <= kHighestRate)) {
    return node.Error(
        absl::StrCat("expected a rate such as 100/s, 6000/min or 1/h, found \"", text, "\""));
  }
  return *number / seconds;
}

absl::Status ReadStage(const YamlNode& node, Users* users) {
  const bool closed = users->model() == Users::CLOSED;
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map,
                          node.AsMap({"ramp_to", "ramp_to_rate", "over", "hold"}));
  const char* key = closed ? "ramp_to" : "ramp_to_rate";
  if (const YamlNode* other = map.Find(closed ? "ramp_to_rate" : "ramp_to")) {
    return other->Error(closed ? "expected users (ramp_to: USERS): a closed model has no arrivals"
                               : "expected a rate (ramp_to_rate: 100/s): an open model has no "
                                 "fixed number of users");
  }
  Stage stage;
  if (map.Has("hold") == map.Has(key)) {
    return node.Error(absl::StrCat("expected {", key, ": ", closed ? "USERS" : "RATE",
                                   ", over: DURATION} or {hold: DURATION}"));
  }
  if (const YamlNode* hold = map.Find("hold")) {
    if (map.Has("over")) {
      return map.Find("over")->Error(absl::StrCat("expected only with ", key));
    }
    if (users->stages().empty()) {
      return hold->Error(absl::StrCat("expected a ", key, " before the first hold"));
    }
    PRAXIS_ASSIGN_OR_RETURN(const double seconds, hold->AsSeconds());
    stage = *users->stages().rbegin();
    stage.set_duration_seconds(seconds);
  } else {
    if (closed) {
      PRAXIS_ASSIGN_OR_RETURN(const uint64_t count, map.Find(key)->AsCount(0, 1'000'000'000));
      stage.set_users(count);
    } else {
      PRAXIS_ASSIGN_OR_RETURN(const double rate, ReadRate(*map.Find(key)));
      stage.set_rate_per_second(rate);
    }
    PRAXIS_ASSIGN_OR_RETURN(const YamlNode over, map.Require("over"));
    PRAXIS_ASSIGN_OR_RETURN(const double seconds, over.AsSeconds());
    stage.set_duration_seconds(seconds);
  }
  if (stage.duration_seconds() > kLongestStage) return node.Error("expected at most a year");
  *users->add_stages() = stage;
  return absl::OkStatus();
}

// {journeys: 3}, {requests: 10}, {journeys: {geometric: {mean: 3}}}.
absl::Status ReadSession(const YamlNode& node, Session* session) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"journeys", "requests"}));
  if (map.entries().size() != 1) return node.Error("expected exactly one of journeys, requests");
  const YamlMap::Entry& entry = map.entries()[0];
  session->set_unit(entry.key == "journeys" ? Session::JOURNEYS : Session::REQUESTS);
  if (!entry.value.IsMap()) {
    PRAXIS_ASSIGN_OR_RETURN(const uint64_t count,
                            entry.value.AsCount(1, static_cast<uint64_t>(kLongestSession)));
    session->set_mean(static_cast<double>(count));
    return absl::OkStatus();
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap law, entry.value.AsMap({"geometric"}));
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode geometric, law.Require("geometric"));
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap parameters, geometric.AsMap({"mean"}));
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode mean, parameters.Require("mean"));
  PRAXIS_ASSIGN_OR_RETURN(const double value, mean.AsNumber());
  if (!(value >= 1 && value <= kLongestSession)) {
    return mean.Error("expected a mean of 1 or more, up to 1000000");
  }
  session->set_mean(value);
  session->set_geometric(true);
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadArrivals(const YamlMap& map, const YamlNode& node, Users* users) {
  const YamlNode* arrivals = map.Find("arrivals");
  const YamlNode* session = map.Find("session");
  if (arrivals != nullptr && users->model() != Users::OPEN) {
    return arrivals->Error("expected only with model: open");
  }
  if (session != nullptr && users->model() != Users::PARTLY_OPEN) {
    return session->Error("expected only with model: partly_open");
  }
  if (users->model() == Users::PARTLY_OPEN) {
    if (session == nullptr) {
      return node.Error(
          "expected the key session (what a user does before it leaves), "
          "which is missing");
    }
    return ReadSession(*session, users->mutable_session());
  }
  if (users->model() == Users::OPEN) users->set_arrivals(Users::JOURNEYS);
  if (arrivals != nullptr) {
    PRAXIS_ASSIGN_OR_RETURN(const size_t choice, arrivals->AsChoice({"journeys", "requests"}));
    users->set_arrivals(choice == 0 ? Users::JOURNEYS : Users::REQUESTS);
  }
  return absl::OkStatus();
}

absl::Status ReadStages(const YamlNode& node, Users* users) {
  PRAXIS_ASSIGN_OR_RETURN(const auto list, node.AsList());
  const bool closed = users->model() == Users::CLOSED;
  double most = 0;
  double seconds = 0;
  for (const YamlNode& stage : list) {
    PRAXIS_RETURN_IF_ERROR(ReadStage(stage, users));
    const Stage& read = *users->stages().rbegin();
    most = std::max(most, closed ? static_cast<double>(read.users()) : read.rate_per_second());
    seconds += read.duration_seconds();
  }
  if (list.empty()) return node.Error("expected at least one stage");
  if (most == 0) {
    return node.Error(closed ? "expected a stage with users, found none above 0"
                             : "expected a stage with a rate, found none above 0");
  }
  if (seconds <= 0) return node.Error("expected stages that last longer than 0 s together");
  return absl::OkStatus();
}

}  // namespace model
