#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "loadgen/users/plan.h"

namespace loadgen {
namespace {

constexpr char kLogin[] = "auth.login";
constexpr char kRefresh[] = "auth.refresh";

class PlanMaker {
 public:
  PlanMaker(const model::Scenario& scenario, const model::Catalogue* catalogue,
            const PlanOptions& options)
      : scenario_(scenario), catalogue_(catalogue), options_(options) {}

  absl::StatusOr<Plan> Make() {
    if (scenario_.users().model() != model::Users::CLOSED) {
      return Error("users.model: only closed is supported by the load generator");
    }
    if (scenario_.resilience().has_breaker()) {
      return Error("resilience.breaker: only the simulator has circuit breakers");
    }
    if (scenario_.journeys().empty()) return Error("journeys: expected at least one");
    for (const auto& [name, feeder] : SortedFeeders()) {
      absl::StatusOr<Feeder> made = Feeder::Create(name, feeder, catalogue_, options_.today);
      if (!made.ok()) return Error(made.status().message());
      feeder_numbers_[name] = static_cast<uint16_t>(plan_.feeders.size());
      plan_.feeders.push_back(*std::move(made));
    }
    for (const model::Journey& journey : scenario_.journeys()) {
      absl::Status status = AddJourney(journey);
      if (!status.ok()) return status;
    }
    AddSignIn();
    AddRetry();
    AddRoles();
    return std::move(plan_);
  }

 private:
  absl::Status Error(absl::string_view message) const {
    const std::string& name =
        scenario_.source_path().empty() ? scenario_.name() : scenario_.source_path();
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", message));
  }

  std::map<std::string, model::Feeder> SortedFeeders() const {
    return {scenario_.feeders().begin(), scenario_.feeders().end()};
  }

  uint16_t OperationNumber(const std::string& name) {
    const auto found = std::find(plan_.operations.begin(), plan_.operations.end(), name);
    if (found == plan_.operations.end()) plan_.operations.push_back(name);
    return static_cast<uint16_t>(std::find(plan_.operations.begin(), plan_.operations.end(), name) -
                                 plan_.operations.begin());
  }

  uint16_t VariableNumber(const std::string& name) {
    const auto found = std::find(plan_.variables.begin(), plan_.variables.end(), name);
    if (found != plan_.variables.end()) {
      return static_cast<uint16_t>(found - plan_.variables.begin());
    }
    plan_.variables.push_back(name);
    return static_cast<uint16_t>(plan_.variables.size() - 1);
  }

  absl::StatusOr<Placeholder> Resolve(const std::string& name) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(name, absl::MaxSplits('.', 1));
    Placeholder placeholder;
    if (parts.first == "user") {
      const std::map<std::string, uint8_t> fields = {{"id", Placeholder::kUserId},
                                                     {"clinic_id", Placeholder::kUserClinicId},
                                                     {"clinicId", Placeholder::kUserClinicId},
                                                     {"email", Placeholder::kUserEmail},
                                                     {"number", Placeholder::kUserNumber}};
      const auto field = fields.find(parts.second);
      if (field == fields.end()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "${", name, "}: expected user.id, user.clinic_id, user.email or user.number"));
      }
      placeholder.field = field->second;
      return placeholder;
    }
    if (extracted_.count(name) > 0) {
      placeholder.kind = Placeholder::Kind::kExtracted;
      placeholder.index = VariableNumber(name);
      return placeholder;
    }
    const auto feeder = feeder_numbers_.find(parts.first);
    if (feeder == feeder_numbers_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("${", name, "}: neither a feeder nor extracted by an earlier step"));
    }
    absl::StatusOr<uint8_t> field = plan_.feeders[feeder->second].FieldNamed(parts.second);
    if (!field.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("${", name, "}: ", field.status().message()));
    }
    used_feeders_.insert(feeder->second);
    placeholder.kind = Placeholder::Kind::kFeeder;
    placeholder.index = feeder->second;
    placeholder.field = *field;
    return placeholder;
  }

  absl::Status Bind(const std::string& text, model::Template::Escape escape, BoundTemplate* bound) {
    absl::StatusOr<model::Template> compiled = model::Template::Compile(text, escape);
    if (!compiled.ok()) return compiled.status();
    bound->text = *std::move(compiled);
    for (const std::string& name : bound->text.variables()) {
      absl::StatusOr<Placeholder> placeholder = Resolve(name);
      if (!placeholder.ok()) return placeholder.status();
      bound->placeholders.push_back(*placeholder);
    }
    return absl::OkStatus();
  }

  absl::Status AddRequest(const model::Request& request, StepPlan* step) {
    step->method = request.method();
    if (request.path().empty() || request.path()[0] != '/') {
      return absl::InvalidArgumentError("request: expected a path that starts with /");
    }
    absl::Status status = Bind(request.path(), model::Template::Escape::kUrl, &step->path);
    if (!status.ok()) return status;
    step->has_body = !request.json().empty();
    if (step->has_body) {
      status = Bind(request.json(), model::Template::Escape::kJson, &step->body);
      if (!status.ok()) return status;
    }
    for (const auto& [name, value] :
         std::map<std::string, std::string>(request.headers().begin(), request.headers().end())) {
      if ((name + value).find_first_of("\r\n") != std::string::npos) {
        return absl::InvalidArgumentError("request.headers: expected no line breaks");
      }
      step->headers.emplace_back(name, BoundTemplate());
      status = Bind(value, model::Template::Escape::kUrl, &step->headers.back().second);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddStep(const model::Step& step, JourneyPlan* journey) {
    StepPlan made;
    made.name = step.name();
    made.operation = OperationNumber(step.operation());
    made.probability = step.probability() > 0 ? step.probability() : 1;
    const model::Distribution& think =
        step.has_think_time() ? step.think_time() : scenario_.think_time();
    made.think = model::DistributionSampler(model::Scaled(think, options_.think_time_scale));
    if (absl::Status status = AddRequest(step.request(), &made); !status.ok()) return status;
    made.accepted_statuses.assign(step.check().status().begin(), step.check().status().end());
    for (const auto& [pointer, expected] : step.check().json()) {
      made.json_checks.emplace_back(pointer, expected);
    }
    for (const auto& [name, pointer] : step.extract()) {
      extracted_.insert(name);
      made.extracts.emplace_back(VariableNumber(name), pointer);
    }
    std::sort(made.json_checks.begin(), made.json_checks.end());
    journey->steps.push_back(std::move(made));
    return absl::OkStatus();
  }

  absl::Status AddJourney(const model::Journey& journey) {
    JourneyPlan made;
    made.name = journey.name();
    extracted_.clear();
    used_feeders_.clear();
    if (journey.steps().empty()) {
      return Error(absl::StrCat("journey ", journey.name(), ": expected at least one step"));
    }
    for (const model::Step& step : journey.steps()) {
      if (absl::Status status = AddStep(step, &made); !status.ok()) {
        return Error(absl::StrCat("journey ", journey.name(), ", step ", step.name(), ": ",
                                  status.message()));
      }
    }
    made.feeders.assign(used_feeders_.begin(), used_feeders_.end());
    plan_.journeys.push_back(std::move(made));
    return absl::OkStatus();
  }

  void AddSignIn() {
    plan_.login_password = options_.login_password;
    const model::Users& users = scenario_.users();
    if (users.signed_in() == model::Users::LOGIN) plan_.login_fraction = 1;
    if (users.signed_in() == model::Users::MIXED) plan_.login_fraction = users.login_fraction();
    if (plan_.login_fraction <= 0) return;
    plan_.login_operation = OperationNumber(kLogin);
    plan_.refresh_expired = scenario_.refresh_token().when_expired();
    const std::string& refresh = scenario_.refresh_token().operation();
    if (plan_.refresh_expired) {
      plan_.refresh_operation = OperationNumber(refresh.empty() ? kRefresh : refresh);
    }
  }

  void AddRetry() {
    const model::Retry& retry = scenario_.retry();
    plan_.retry.attempts = retry.attempts();
    if (retry.timeout_seconds() > 0) {
      plan_.retry.timeout_ns = static_cast<int64_t>(retry.timeout_seconds() * 1e9);
    }
    if (retry.first_backoff_seconds() > 0) {
      plan_.retry.first_backoff_seconds = retry.first_backoff_seconds();
    }
    if (retry.backoff_factor() >= 1) plan_.retry.backoff_factor = retry.backoff_factor();
    plan_.retry.jitter = retry.jitter();
    plan_.retry.budget = retry.budget();
  }

  // Mean time between two starts of the journey without answers' times; in steps when there is no
  // think time at all.
  static double Length(const JourneyPlan& journey, double* steps, double* think) {
    *steps = *think = 0;
    for (const StepPlan& step : journey.steps) {
      *steps += step.probability;
      *think += step.probability * step.think.mean_seconds();
    }
    return *think > 0 ? *think : *steps;
  }

  void AddRoles() {
    std::map<std::string, RolePlan> by_role;
    std::map<std::string, double> weights, lengths;
    double all_steps = 0, all_think = 0, all_lengths = 0;
    for (int i = 0; i < scenario_.journeys_size(); ++i) {
      const model::Journey& journey = scenario_.journeys(i);
      const double weight = journey.weight();
      if (weight <= 0) continue;
      double steps, think;
      const double length = Length(plan_.journeys[i], &steps, &think);
      RolePlan& role = by_role[journey.role()];
      role.role = journey.role();
      role.journeys.push_back(static_cast<uint16_t>(i));
      weights[journey.role()] += weight;
      role.cumulative_weights.push_back(weights[journey.role()]);
      lengths[journey.role()] += weight * length;
      all_lengths += weight * length;
      all_steps += weight * steps;
      all_think += weight * think;
    }
    plan_.mean_think_seconds = all_steps > 0 ? all_think / all_steps : 0;
    for (auto& [name, role] : by_role) {
      for (double& weight : role.cumulative_weights) weight /= weights[name];
      role.share_of_users = lengths[name] / all_lengths;
      if (const auto kind = model::EntityFromRole(name); kind.has_value()) {
        role.kind = *kind;
        role.has_kind = true;
      }
      plan_.roles.push_back(role);
    }
  }

  const model::Scenario& scenario_;
  const model::Catalogue* const catalogue_;
  const PlanOptions& options_;
  Plan plan_;
  std::map<std::string, uint16_t> feeder_numbers_;
  std::set<std::string> extracted_;  // by the current journey's steps so far
  std::set<uint16_t> used_feeders_;  // by the current journey
};

}  // namespace

absl::StatusOr<Plan> MakePlan(const model::Scenario& scenario, const model::Catalogue* catalogue,
                              const PlanOptions& options) {
  absl::StatusOr<Plan> plan = PlanMaker(scenario, catalogue, options).Make();
  if (plan.ok() && plan->roles.empty()) {
    return absl::InvalidArgumentError("journeys: expected at least one weight above 0");
  }
  return plan;
}

}  // namespace loadgen
