#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/catalogue.h"
#include "model/scenario_parts.h"
#include "model/status_macros.h"
#include "model/template.h"

// What users do: journeys, their steps, and the variables that flow between these.
namespace model {
namespace {

constexpr std::array<std::string_view, 15> kServerOperations = {
    "auth.login",          "auth.refresh",      "auth.logout",      "appointments.availability",
    "appointments.create", "appointments.list", "appointments.get", "appointments.cancel",
    "appointments.mine",   "ehr.comprehensive", "ehr.add_vitals",   "health",
    "health.live",         "health.ready",      "metrics"};

constexpr std::array<std::string_view, 4> kUserFields = {"id", "email", "clinicId", "number"};
constexpr std::array<std::string_view, 4> kEntityFields = {"id", "email", "clinicId", "index"};
constexpr std::array<std::string_view, 2> kClinicFields = {"id", "index"};

// The variables that a journey may name at some step.
class Scope {
 public:
  explicit Scope(const Scenario& scenario) {
    AddFields("user", kUserFields);
    for (const auto& [name, feeder] : scenario.feeders()) {
      feeders_.insert(name);
      known_.insert(name);  // a day, a slot, or the entity's id
      const std::optional<EntityKind> kind = EntityFromName(feeder.entity());
      if (kind == EntityKind::kClinic) {
        AddFields(name, kClinicFields);
      } else if (kind.has_value()) {
        AddFields(name, kEntityFields);
      }
    }
  }

  bool IsFeeder(const std::string& name) const { return feeders_.contains(name); }

  // `step` extracts the variable when it runs, which it does with `probability`.
  void Extract(const std::string& variable, const Step& step) {
    if (step.probability() >= 1) {
      known_.insert(variable);
    } else if (!known_.contains(variable)) {
      sometimes_[variable] = step.name();
    }
  }

  // All texts of a step with ${...} pass here.
  absl::Status Check(const YamlNode& node, std::string_view text) const {
    const absl::StatusOr<Template> compiled = Template::Compile(text);
    if (!compiled.ok()) return node.Error(std::string(compiled.status().message()));
    for (const std::string& variable : compiled->variables()) {
      if (known_.contains(variable)) continue;
      // Both engines walk the same steps only if no step hangs on the dice of another.
      if (const auto found = sometimes_.find(variable); found != sometimes_.end()) {
        return node.Error(absl::StrCat("expected a variable that is always set, found \"${",
                                       variable, "}\", which step ", found->second,
                                       " extracts only with its probability; give both steps a "
                                       "journey of their own"));
      }
      return node.Error(absl::StrCat("expected a known variable, found \"${", variable,
                                     "}\"; known here: ", absl::StrJoin(known_, ", ")));
    }
    return absl::OkStatus();
  }

 private:
  void AddFields(const std::string& name, std::span<const std::string_view> fields) {
    for (const std::string_view field : fields) {
      known_.insert(absl::StrCat(name, ".", std::string(field)));
    }
  }

  std::set<std::string> known_;
  std::set<std::string> feeders_;
  std::map<std::string, std::string> sometimes_;  // variable -> step
};

absl::StatusOr<std::string> ReadName(const YamlNode& node, std::set<std::string>* taken) {
  PRAXIS_ASSIGN_OR_RETURN(std::string name, node.AsString());
  for (const char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') {
      return node.Error(
          absl::StrCat("expected a name of letters, digits, _ and -, found \"", name, "\""));
    }
  }
  if (!taken->insert(name).second) {
    return node.Error(absl::StrCat("expected a name of its own, found \"", name, "\" again"));
  }
  return name;
}

absl::Status CheckPointer(const YamlNode& node, const std::string& pointer) {
  if (pointer.empty() || pointer[0] == '/') return absl::OkStatus();
  return node.Error(
      absl::StrCat("expected a JSON pointer such as /data/id, found \"", pointer, "\""));
}

absl::Status ReadHeaders(const YamlNode& node, const Scope& scope, Request* request) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap headers, node.AsMapOfAny());
  for (const YamlMap::Entry& header : headers.entries()) {
    const bool name_ok = std::all_of(header.key.begin(), header.key.end(), [](char c) {
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    });
    if (!name_ok || header.key.empty()) {
      return headers.ErrorAt(header, "expected a header's name: letters, digits, - and _");
    }
    PRAXIS_ASSIGN_OR_RETURN(const std::string value, header.value.AsText());
    if (value.find_first_of("\r\n") != std::string::npos) {
      return header.value.Error("expected a header's value in one line");
    }
    PRAXIS_RETURN_IF_ERROR(scope.Check(header.value, value));
    (*request->mutable_headers())[header.key] = value;
  }
  return absl::OkStatus();
}

absl::StatusOr<Request> ReadRequest(const YamlNode& node, const Scope& scope) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map,
                          node.AsMap({"get", "post", "put", "delete", "json", "headers"}));
  Request request;
  for (const YamlMap::Entry& entry : map.entries()) {
    if (entry.key == "json" || entry.key == "headers") continue;
    if (!request.method().empty()) return map.ErrorAt(entry, "expected only one method");
    request.set_method(absl::AsciiStrToUpper(entry.key));
    PRAXIS_ASSIGN_OR_RETURN(const std::string path, entry.value.AsString());
    if (path[0] != '/' || path.find_first_of(" \t\r\n") != std::string::npos) {
      return entry.value.Error(absl::StrCat(
          "expected a path that begins with / and has no blanks, found \"", path, "\""));
    }
    PRAXIS_RETURN_IF_ERROR(scope.Check(entry.value, path));
    request.set_path(path);
  }
  if (request.method().empty()) return node.Error("expected one of get, post, put, delete");
  if (const YamlNode* json = map.Find("json")) {
    if (request.method() == "GET") return json->Error("expected no body with get");
    PRAXIS_ASSIGN_OR_RETURN(const std::string body, json->ToJson());
    PRAXIS_RETURN_IF_ERROR(scope.Check(*json, body));
    request.set_json(body);
  }
  if (const YamlNode* headers = map.Find("headers")) {
    PRAXIS_RETURN_IF_ERROR(ReadHeaders(*headers, scope, &request));
  }
  return request;
}

absl::StatusOr<Check> ReadCheck(const YamlNode& node) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"status", "json"}));
  Check check;
  if (const YamlNode* status = map.Find("status")) {
    std::vector<YamlNode> codes = {*status};
    if (status->IsList()) {
      PRAXIS_ASSIGN_OR_RETURN(codes, status->AsList());
    }
    for (const YamlNode& code : codes) {
      PRAXIS_ASSIGN_OR_RETURN(const uint64_t value, code.AsCount(100, 599));
      check.add_status(static_cast<uint32_t>(value));
    }
  }
  if (const YamlNode* json = map.Find("json")) {
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap pointers, json->AsMapOfAny());
    for (const YamlMap::Entry& entry : pointers.entries()) {
      PRAXIS_RETURN_IF_ERROR(CheckPointer(entry.value, entry.key));
      PRAXIS_ASSIGN_OR_RETURN((*check.mutable_json())[entry.key], entry.value.AsText());
    }
  }
  return check;
}

absl::Status ReadExtract(const YamlNode& node, Scope* scope, Step* step) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMapOfAny());
  for (const YamlMap::Entry& entry : map.entries()) {
    if (entry.key.empty() || entry.key.find('.') != std::string::npos || entry.key == "user" ||
        !Template::Compile(absl::StrCat("${", entry.key, "}")).ok()) {
      return map.ErrorAt(entry, "expected a variable's name: letters, digits and _");
    }
    if (scope->IsFeeder(entry.key)) {
      return map.ErrorAt(entry, "expected a name that no feeder has");
    }
    PRAXIS_ASSIGN_OR_RETURN(const std::string pointer, entry.value.AsText());
    PRAXIS_RETURN_IF_ERROR(CheckPointer(entry.value, pointer));
    (*step->mutable_extract())[entry.key] = pointer;
    scope->Extract(entry.key, *step);
  }
  return absl::OkStatus();
}

absl::StatusOr<Step> ReadStep(const YamlNode& node, Scope* scope, std::set<std::string>* names,
                              std::vector<std::string>* warnings) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map,
                          node.AsMap({"name", "operation", "probability", "think_time", "request",
                                      "extract", "check"}));
  Step step;
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode name, map.Require("name"));
  PRAXIS_ASSIGN_OR_RETURN(*step.mutable_name(), ReadName(name, names));
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode operation, map.Require("operation"));
  PRAXIS_ASSIGN_OR_RETURN(*step.mutable_operation(), ReadOperation(operation, warnings));
  step.set_probability(1);
  if (const YamlNode* probability = map.Find("probability")) {
    PRAXIS_ASSIGN_OR_RETURN(const double p, probability->AsFraction());
    if (p == 0) return probability->Error("expected a probability above 0");
    step.set_probability(p);
  }
  if (const YamlNode* think_time = map.Find("think_time")) {
    PRAXIS_ASSIGN_OR_RETURN(*step.mutable_think_time(), ReadThinkTime(*think_time));
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode request, map.Require("request"));
  PRAXIS_ASSIGN_OR_RETURN(*step.mutable_request(), ReadRequest(request, *scope));
  if (const YamlNode* check = map.Find("check")) {
    PRAXIS_ASSIGN_OR_RETURN(*step.mutable_check(), ReadCheck(*check));
  }
  if (const YamlNode* extract = map.Find("extract")) {
    PRAXIS_RETURN_IF_ERROR(ReadExtract(*extract, scope, &step));
  }
  return step;
}

absl::StatusOr<Journey> ReadJourney(const YamlNode& node, const Scenario& scenario,
                                    std::set<std::string>* names,
                                    std::vector<std::string>* warnings) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"name", "weight", "role", "steps"}));
  Journey journey;
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode name, map.Require("name"));
  PRAXIS_ASSIGN_OR_RETURN(*journey.mutable_name(), ReadName(name, names));
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode weight, map.Require("weight"));
  PRAXIS_ASSIGN_OR_RETURN(const double value, weight.AsNumber());
  if (value <= 0) return weight.Error(absl::StrCat("expected a weight above 0, found ", value));
  journey.set_weight(value);
  journey.set_role("PATIENT");
  if (const YamlNode* role = map.Find("role")) {
    PRAXIS_RETURN_IF_ERROR(
        role->AsChoice({"PATIENT", "DOCTOR", "RECEPTIONIST", "CLINIC_ADMIN"}).status());
    PRAXIS_ASSIGN_OR_RETURN(*journey.mutable_role(), role->AsString());
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode steps, map.Require("steps"));
  PRAXIS_ASSIGN_OR_RETURN(const auto list, steps.AsList());
  if (list.empty()) return steps.Error("expected at least one step");
  Scope scope(scenario);
  std::set<std::string> step_names;
  for (const YamlNode& step : list) {
    PRAXIS_ASSIGN_OR_RETURN(*journey.add_steps(), ReadStep(step, &scope, &step_names, warnings));
  }
  return journey;
}

}  // namespace

absl::StatusOr<std::string> ReadOperation(const YamlNode& node,
                                          std::vector<std::string>* warnings) {
  PRAXIS_ASSIGN_OR_RETURN(std::string operation, node.AsString());
  const bool ok = std::all_of(operation.begin(), operation.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '_';
  });
  if (!ok) {
    return node.Error(absl::StrCat("expected an operation such as appointments.create, found \"",
                                   operation, "\""));
  }
  const bool known = std::find(kServerOperations.begin(), kServerOperations.end(), operation) !=
                     kServerOperations.end();
  if (!known && warnings != nullptr) {
    warnings->push_back(std::string(
        node.Error(absl::StrCat("\"", operation, "\" is not an operation of this server"))
            .message()));
  }
  return operation;
}

absl::Status ReadJourneys(const YamlNode& node, Scenario* scenario,
                          std::vector<std::string>* warnings) {
  PRAXIS_ASSIGN_OR_RETURN(const auto list, node.AsList());
  if (list.empty()) return node.Error("expected at least one journey");
  std::set<std::string> names;
  for (const YamlNode& item : list) {
    PRAXIS_ASSIGN_OR_RETURN(Journey journey, ReadJourney(item, *scenario, &names, warnings));
    *scenario->add_journeys() = std::move(journey);
  }
  return absl::OkStatus();
}

}  // namespace model
