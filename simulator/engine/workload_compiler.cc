#include "simulator/engine/workload_compiler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace simulator {

absl::Status WorkloadCompiler::Invalid(const std::string& what) const {
  return absl::InvalidArgumentError(absl::StrCat(
      scenario_.source_path().empty() ? "scenario " + scenario_.name() : scenario_.source_path(),
      ": ", what));
}

absl::StatusOr<Workload> WorkloadCompiler::Run() {
  if (scenario_.users().model() == model::Users::OPEN) workload_.model = LoadModel::kOpen;
  if (scenario_.users().model() == model::Users::PARTLY_OPEN) {
    workload_.model = LoadModel::kPartlyOpen;
  }
  if (absl::Status status = Journeys(); !status.ok()) return status;
  Visits();
  Login();
  Refresh();
  ScaleThinkTimes();
  if (absl::Status status = workload_.open() ? Rates() : Stages(); !status.ok()) return status;
  Retries();
  Breaker();
  if (workload_.open() && workload_.breaker.on() &&
      workload_.breaker.scope == BreakerModel::kConnection) {
    return Invalid(
        "resilience.breaker.scope: connection needs a closed model, whose "
        "users keep their connections");
  }
  return std::move(workload_);
}

uint16_t WorkloadCompiler::Operation(const std::string& name, bool write) {
  for (size_t i = 0; i < workload_.operations.size(); ++i) {
    if (workload_.operations[i] == name) return static_cast<uint16_t>(i);
  }
  workload_.operations.push_back(name);
  workload_.writes.push_back(write);
  return static_cast<uint16_t>(workload_.operations.size() - 1);
}

uint16_t WorkloadCompiler::Law(const model::Distribution& law) {
  const std::string key = law.SerializeAsString();
  const auto [it, added] = law_index_.try_emplace(key, static_cast<uint16_t>(laws_.size()));
  if (added) laws_.push_back(law);
  return it->second;
}

absl::Status WorkloadCompiler::Journeys() {
  double total = 0;
  for (const model::Journey& journey : scenario_.journeys()) {
    if (journey.weight() < 0) {
      return Invalid("journeys." + journey.name() + ".weight: must not be negative");
    }
    if (journey.weight() == 0 || journey.steps().empty()) continue;
    WorkloadJourney compiled{static_cast<uint32_t>(workload_.steps.size()), 0};
    double visits = 0;
    if (absl::Status status = Steps(journey, &compiled, &visits); !status.ok()) return status;
    if (visits <= 0) continue;
    total += journey.weight();
    workload_.journeys.push_back(compiled);
    workload_.journey_cumulative.push_back(total);
  }
  if (total <= 0) return Invalid("journeys: none has a weight and a step");
  for (double& value : workload_.journey_cumulative) value /= total;
  workload_.journey_cumulative.back() = 1;
  return absl::OkStatus();
}

absl::Status WorkloadCompiler::Steps(const model::Journey& journey, WorkloadJourney* compiled,
                                     double* visits) {
  for (const model::Step& step : journey.steps()) {
    const model::Distribution& law =
        step.has_think_time() ? step.think_time() : scenario_.think_time();
    if (absl::Status status = model::ValidateDistribution(law);
        law.law_case() != model::Distribution::LAW_NOT_SET && !status.ok()) {
      return Invalid(absl::StrCat("journeys.", journey.name(), ".", step.name(),
                                  ".think_time: ", status.message()));
    }
    const std::string& method = step.request().method();
    WorkloadStep compiled_step;
    compiled_step.operation = Operation(step.operation(), !method.empty() && method != "GET");
    compiled_step.law = Law(law);
    compiled_step.probability = std::clamp(step.probability(), 0.0, 1.0);
    *visits += compiled_step.probability;
    workload_.steps.push_back(compiled_step);
    ++compiled->steps;
  }
  return absl::OkStatus();
}

void WorkloadCompiler::Visits() {
  workload_.mix.assign(workload_.operations.size(), 0);
  double total = 0;
  double think = 0;
  double before = 0;
  workload_.step_cumulative.assign(workload_.steps.size(), 0);
  for (size_t j = 0; j < workload_.journeys.size(); ++j) {
    const double weight = workload_.journey_cumulative[j] - before;
    before = workload_.journey_cumulative[j];
    for (uint32_t s = 0; s < workload_.journeys[j].steps; ++s) {
      const WorkloadStep& step = workload_.steps[workload_.journeys[j].first_step + s];
      const double visits = weight * step.probability;
      workload_.step_cumulative[workload_.journeys[j].first_step + s] = visits;
      workload_.mix[step.operation] += visits;
      think += visits * model::MeanSeconds(laws_[step.law]);
      total += visits;
    }
  }
  for (double& share : workload_.mix) share /= total;
  ThinkShares(think);
  double sum = 0;
  for (double& share : workload_.step_cumulative) share = sum += share / total;
  workload_.requests_per_journey = total;
  workload_.mean_think_seconds = think / total;
}

// From the visits of each step, before they become shares; all alike when nobody thinks.
void WorkloadCompiler::ThinkShares(double think) {
  workload_.think_cumulative = workload_.step_cumulative;
  double thought = 0;
  for (size_t i = 0; i < workload_.steps.size(); ++i) {
    if (think > 0) {
      workload_.think_cumulative[i] *= model::MeanSeconds(laws_[workload_.steps[i].law]);
    }
    workload_.think_cumulative[i] = thought += workload_.think_cumulative[i];
  }
  for (double& share : workload_.think_cumulative) share /= thought;
}

void WorkloadCompiler::Login() {
  const model::Users& users = scenario_.users();
  if (users.signed_in() == model::Users::LOGIN) workload_.login_fraction = 1;
  if (users.signed_in() == model::Users::MIXED) workload_.login_fraction = users.login_fraction();
  if (workload_.login_fraction <= 0) return;
  workload_.login_journey = PseudoJourney(Operation("auth.login", true));
}

uint16_t WorkloadCompiler::PseudoJourney(uint16_t operation) {
  workload_.journeys.push_back({static_cast<uint32_t>(workload_.steps.size()), 1});
  workload_.steps.push_back({operation, Law(scenario_.think_time()), 1.0});
  workload_.mix.resize(workload_.operations.size(), 0);
  return static_cast<uint16_t>(workload_.journeys.size() - 1);
}

void WorkloadCompiler::Refresh() {
  const model::RefreshToken& refresh = scenario_.refresh_token();
  if (!refresh.when_expired()) return;
  constexpr double kDefaultLifetimeSeconds = 900;
  TokenModel& tokens = workload_.tokens;
  tokens.refreshes = true;
  tokens.lifetime = ToNanos(refresh.lifetime_seconds() > 0 ? refresh.lifetime_seconds()
                                                           : kDefaultLifetimeSeconds);
  tokens.operation =
      Operation(refresh.operation().empty() ? "auth.refresh" : refresh.operation(), true);
  tokens.journey = PseudoJourney(tokens.operation);
}

void WorkloadCompiler::ScaleThinkTimes() {
  double factor = 1;
  if (options_.think_time_seconds >= 0) {
    if (workload_.mean_think_seconds > 0) {
      factor = options_.think_time_seconds / workload_.mean_think_seconds;
    } else {  // the scenario does not think: exponential with the mean that was asked for
      for (model::Distribution& law : laws_) {
        law.mutable_exponential()->set_mean_seconds(options_.think_time_seconds);
      }
    }
    workload_.mean_think_seconds = options_.think_time_seconds;
  }
  for (const model::Distribution& law : laws_) {
    const model::Distribution scaled = model::Scaled(law, factor);
    ThinkLaw compiled;
    compiled.memoryless = scaled.has_exponential() && scaled.exponential().mean_seconds() > 0;
    compiled.mean = ToNanos(model::MeanSeconds(scaled));
    compiled.sampler = model::DistributionSampler(scaled);
    workload_.laws.push_back(compiled);
    scaled_laws_.push_back(scaled);
  }
}

void WorkloadCompiler::Retries() {
  const model::Retry& retry = scenario_.retry();
  workload_.timeout = retry.timeout_seconds() > 0 ? ToNanos(retry.timeout_seconds()) : kNever;
  RetryModel& model = workload_.retry;
  model.attempts = std::min(retry.attempts(), 250u);
  model.first_backoff_seconds = std::max(0.0, retry.first_backoff_seconds());
  model.backoff_factor = std::max(1.0, retry.backoff_factor());
  model.jitter = std::clamp(retry.jitter(), 0.0, 1.0);
  model.budget = std::max(0.0, retry.budget());
  constexpr double kBucketSeconds = 10;
  model.per_worker = scenario_.resilience().budget_per_worker() && model.budget > 0;
  model.bucket = std::max(1.0, model.budget * kBucketSeconds * workload_.RequestRate());
}

void WorkloadCompiler::Breaker() {
  const model::Resilience& resilience = scenario_.resilience();
  workload_.client_workers = std::max(1u, resilience.client_workers());
  if (!resilience.has_breaker()) return;
  const model::Breaker& given = resilience.breaker();
  BreakerModel& model = workload_.breaker;
  model.scope = given.scope() == "connection" ? BreakerModel::kConnection
                : given.scope() == "worker"   ? BreakerModel::kWorker
                                              : BreakerModel::kPopulation;
  model.window = ToNanos(given.window_seconds());
  model.error_rate = given.error_rate();
  model.minimum_attempts = std::max(1u, given.minimum_attempts());
  model.open = ToNanos(given.open_seconds());
  model.probes = std::max(1u, given.probes());
}

}  // namespace simulator
