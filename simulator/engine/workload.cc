#include "simulator/engine/workload.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace simulator {
namespace {

absl::Status Invalid(const model::Scenario& scenario, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(
      scenario.source_path().empty() ? "scenario " + scenario.name() : scenario.source_path(), ": ",
      what));
}

class Compiler {
 public:
  Compiler(const model::Scenario& scenario, const RunOptions& options)
      : scenario_(scenario), options_(options) {}

  absl::StatusOr<Workload> Run() {
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
      return Invalid(scenario_,
                     "resilience.breaker.scope: connection needs a closed model, whose "
                     "users keep their connections");
    }
    return std::move(workload_);
  }

 private:
  uint16_t Operation(const std::string& name, bool write) {
    for (size_t i = 0; i < workload_.operations.size(); ++i) {
      if (workload_.operations[i] == name) return static_cast<uint16_t>(i);
    }
    workload_.operations.push_back(name);
    workload_.writes.push_back(write);
    return static_cast<uint16_t>(workload_.operations.size() - 1);
  }

  uint16_t Law(const model::Distribution& law) {
    const std::string key = law.SerializeAsString();
    const auto [it, added] = law_index_.try_emplace(key, static_cast<uint16_t>(laws_.size()));
    if (added) laws_.push_back(law);
    return it->second;
  }

  absl::Status Journeys() {
    double total = 0;
    for (const model::Journey& journey : scenario_.journeys()) {
      if (journey.weight() < 0) {
        return Invalid(scenario_, "journeys." + journey.name() + ".weight: must not be negative");
      }
      if (journey.weight() == 0 || journey.steps().empty()) continue;
      WorkloadJourney compiled{static_cast<uint32_t>(workload_.steps.size()), 0};
      double visits = 0;
      for (const model::Step& step : journey.steps()) {
        const model::Distribution& law =
            step.has_think_time() ? step.think_time() : scenario_.think_time();
        if (absl::Status status = model::ValidateDistribution(law);
            law.law_case() != model::Distribution::LAW_NOT_SET && !status.ok()) {
          return Invalid(scenario_, absl::StrCat("journeys.", journey.name(), ".", step.name(),
                                                 ".think_time: ", status.message()));
        }
        WorkloadStep compiled_step;
        compiled_step.operation = Operation(
            step.operation(), !step.request().method().empty() && step.request().method() != "GET");
        compiled_step.law = Law(law);
        compiled_step.probability = std::clamp(step.probability(), 0.0, 1.0);
        visits += compiled_step.probability;
        workload_.steps.push_back(compiled_step);
        ++compiled.steps;
      }
      if (visits <= 0) continue;
      total += journey.weight();
      workload_.journeys.push_back(compiled);
      workload_.journey_cumulative.push_back(total);
    }
    if (total <= 0) return Invalid(scenario_, "journeys: none has a weight and a step");
    for (double& value : workload_.journey_cumulative) value /= total;
    workload_.journey_cumulative.back() = 1;
    return absl::OkStatus();
  }

  // Long-run share of each operation and the mean think time per request.
  void Visits() {
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
    workload_.think_cumulative = workload_.step_cumulative;
    double thought = 0;
    for (size_t i = 0; i < workload_.steps.size(); ++i) {
      if (think > 0) {
        workload_.think_cumulative[i] *= model::MeanSeconds(laws_[workload_.steps[i].law]);
      }
      workload_.think_cumulative[i] = thought += workload_.think_cumulative[i];
    }
    for (double& share : workload_.think_cumulative) share /= thought;
    double sum = 0;
    for (double& share : workload_.step_cumulative) share = sum += share / total;
    workload_.requests_per_journey = total;
    workload_.mean_think_seconds = think / total;
  }

  void Login() {
    const model::Users& users = scenario_.users();
    if (users.signed_in() == model::Users::LOGIN) workload_.login_fraction = 1;
    if (users.signed_in() == model::Users::MIXED) workload_.login_fraction = users.login_fraction();
    if (workload_.login_fraction <= 0) return;
    workload_.login_journey = PseudoJourney(Operation("auth.login", true));
  }

  // A journey that is never drawn by weight.
  uint16_t PseudoJourney(uint16_t operation) {
    workload_.journeys.push_back({static_cast<uint32_t>(workload_.steps.size()), 1});
    workload_.steps.push_back({operation, Law(scenario_.think_time()), 1.0});
    workload_.mix.resize(workload_.operations.size(), 0);
    return static_cast<uint16_t>(workload_.journeys.size() - 1);
  }

  void Refresh() {
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

  void ScaleThinkTimes() {
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

  absl::Status Rates() {
    if (options_.users > 0) {
      return Invalid(scenario_, absl::StrCat("users.model: ", LoadModelName(workload_.model),
                                             " has arrivals, not users: give --rate, not --users"));
    }
    const model::Users& users = scenario_.users();
    workload_.single_requests = users.arrivals() == model::Users::REQUESTS;
    if (options_.think_time_seconds == 0 && !workload_.single_requests) {
      return Invalid(scenario_, absl::StrCat("users.model: ", LoadModelName(workload_.model),
                                             ": --think_time: expected above 0: those who never "
                                             "think belong to the closed model"));
    }
    workload_.session = {users.session().unit() == model::Session::REQUESTS,
                         users.session().geometric(), std::max(1.0, users.session().mean())};
    double most = 0;
    for (const model::Stage& stage : users.stages()) most = std::max(most, stage.rate_per_second());
    const double rate = options_.rate_per_second > 0 ? options_.rate_per_second : most;
    if (rate <= 0) {
      return Invalid(scenario_, "users.stages: no stage has a rate (or give --rate)");
    }
    std::vector<model::Stage> stages(users.stages().begin(), users.stages().end());
    if (options_.duration_seconds >= 0 || options_.ramp_seconds >= 0 || stages.empty()) {
      double ramp = 0;
      double hold = 0;
      double elapsed = 0;
      for (const model::Stage& stage : stages) {
        elapsed += stage.duration_seconds();
        hold += stage.duration_seconds();
        if (ramp == 0 && stage.rate_per_second() >= most) {
          ramp = elapsed;
          hold = 0;
        }
      }
      stages.resize(2);
      stages[0].set_rate_per_second(rate);
      stages[0].set_duration_seconds(options_.ramp_seconds >= 0 ? options_.ramp_seconds : ramp);
      stages[1].set_rate_per_second(rate);
      stages[1].set_duration_seconds(options_.duration_seconds >= 0 ? options_.duration_seconds
                                                                    : hold);
      most = rate;
    }
    double from = 0;
    Nanos start = 0;
    for (const model::Stage& stage : stages) {
      const double to = stage.rate_per_second() / most * rate;
      const RateStage compiled{start, ToNanos(stage.duration_seconds()), from, to};
      start += compiled.duration;
      if (to > workload_.arrival_rate) {
        workload_.arrival_rate = to;
        workload_.ramp_end = start;
      }
      workload_.rates.push_back(compiled);
      from = to;
    }
    workload_.end = start;
    if (start <= 0) return Invalid(scenario_, "users.stages: no duration (or give --duration)");
    const double thinking = workload_.RequestRate() * workload_.mean_think_seconds;
    workload_.users = static_cast<uint64_t>(std::clamp(thinking, 1.0, 16e6));
    return absl::OkStatus();
  }

  absl::Status Stages() {
    if (options_.rate_per_second > 0) {
      return Invalid(scenario_,
                     "users.model: closed has users, not arrivals: give --users, not "
                     "--rate");
    }
    uint64_t most = 0;
    double ramp = 0;
    double elapsed = 0;
    double hold = 0;
    for (const model::Stage& stage : scenario_.users().stages()) {
      elapsed += stage.duration_seconds();
      if (stage.users() > most) {
        most = stage.users();
        ramp = elapsed;
        hold = 0;
      } else {
        hold += stage.duration_seconds();
      }
    }
    const uint64_t users = options_.users > 0 ? options_.users : most;
    if (users == 0) return Invalid(scenario_, "users.stages: no stage has users (or give --users)");
    if (users > 16'000'000) return Invalid(scenario_, "users: more than 16,000,000");
    std::vector<model::Stage> stages(scenario_.users().stages().begin(),
                                     scenario_.users().stages().end());
    if (options_.duration_seconds >= 0 || options_.ramp_seconds >= 0 || stages.empty()) {
      stages.resize(2);
      stages[0].set_users(users);
      stages[0].set_duration_seconds(options_.ramp_seconds >= 0 ? options_.ramp_seconds : ramp);
      stages[1].set_users(users);
      stages[1].set_duration_seconds(options_.duration_seconds >= 0 ? options_.duration_seconds
                                                                    : hold);
      most = users;
    }
    uint64_t from = 0;
    Nanos start = 0;
    for (const model::Stage& stage : stages) {
      const auto to =
          static_cast<uint64_t>(static_cast<double>(stage.users()) * static_cast<double>(users) /
                                    static_cast<double>(most) +
                                0.5);
      Stage compiled{start, ToNanos(stage.duration_seconds()), from, to};
      if (to > workload_.users) {
        workload_.users = to;
        workload_.ramp_end = start + compiled.duration;
      }
      workload_.stages.push_back(compiled);
      start += compiled.duration;
      from = to;
    }
    workload_.end = start;
    workload_.stationary_start = workload_.stages.front().duration == 0;
    for (size_t i = 0; workload_.stationary_start && i < laws_.size(); ++i) {
      ThinkLaw& law = workload_.laws[i];
      if (!law.memoryless) law.residual = ResidualTime(scaled_laws_[i]);
    }
    if (start <= 0) return Invalid(scenario_, "users.stages: no duration (or give --duration)");
    return absl::OkStatus();
  }

  void Retries() {
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

  void Breaker() {
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

  const model::Scenario& scenario_;
  const RunOptions& options_;
  Workload workload_;
  std::vector<model::Distribution> laws_;
  std::vector<model::Distribution> scaled_laws_;
  std::map<std::string, uint16_t> law_index_;
};

}  // namespace

absl::StatusOr<Workload> Workload::Compile(const model::Scenario& scenario,
                                           const RunOptions& options) {
  return Compiler(scenario, options).Run();
}

void Workload::Draw(UserState& user, base::RandomStream& random) const {
  user.step = 0;
  user.journey = 0;
  if (journey_cumulative.size() == 1) return;
  const double u = random.Uniform01();
  while (u > journey_cumulative[user.journey]) ++user.journey;
}

void Workload::Seek(UserState& user, base::RandomStream& random) const {
  for (;;) {
    if (user.step >= journeys[user.journey].steps) Draw(user, random);
    const double probability = StepOf(user).probability;
    if (probability >= 1 || random.Bernoulli(probability)) return;
    ++user.step;
  }
}

void Workload::Begin(UserState& user, base::RandomStream& random) const {
  if (login_fraction > 0 && random.Bernoulli(login_fraction)) {
    user.journey = login_journey;
    user.step = 0;
    return;
  }
  Draw(user, random);
  Seek(user, random);
}

bool Workload::SeekWithin(UserState& user, base::RandomStream& random) const {
  for (; user.step < journeys[user.journey].steps; ++user.step) {
    const double probability = StepOf(user).probability;
    if (probability >= 1 || random.Bernoulli(probability)) return true;
  }
  return false;
}

bool Workload::AdvanceWithin(UserState& user, base::RandomStream& random) const {
  ++user.step;
  return SeekWithin(user, random);
}

bool Workload::BeginJourney(UserState& user, base::RandomStream& random) const {
  Draw(user, random);
  return SeekWithin(user, random);
}

void Workload::DrawRequest(UserState& user, base::RandomStream& random) const {
  const double u = random.Uniform01() * step_cumulative.back();
  uint32_t step = 0;
  while (u > step_cumulative[step]) ++step;
  Locate(step, user);
}

void Workload::Locate(uint32_t step, UserState& user) const {
  user.journey = 0;
  while (step >= journeys[user.journey].first_step + journeys[user.journey].steps) ++user.journey;
  user.step = static_cast<uint16_t>(step - journeys[user.journey].first_step);
}

bool Workload::BeginStationary(UserState& user, base::RandomStream& random) const {
  if (login_fraction > 0 && random.Bernoulli(login_fraction)) {
    user.journey = login_journey;
    user.step = 0;
    return false;
  }
  const double u = random.Uniform01() * think_cumulative.back();
  uint32_t step = 0;
  while (u > think_cumulative[step]) ++step;
  Locate(step, user);
  return true;
}

double Workload::RequestRate() const {
  if (model == LoadModel::kClosed) {
    return static_cast<double>(users) / std::max(1e-3, mean_think_seconds);
  }
  if (single_requests) return arrival_rate;
  if (model == LoadModel::kOpen) return arrival_rate * requests_per_journey;
  return arrival_rate * session.mean * (session.requests ? 1 : requests_per_journey);
}

const char* LoadModelName(LoadModel model) {
  switch (model) {
    case LoadModel::kClosed:
      return "closed";
    case LoadModel::kOpen:
      return "open";
    case LoadModel::kPartlyOpen:
      return "partly_open";
  }
  return "";
}

uint32_t SessionModel::Draw(base::RandomStream& random) const {
  if (!geometric || mean <= 1) return static_cast<uint32_t>(mean);
  // 1 + floor(ln U / ln(1 - 1/mean)): P(n) = (1 - 1/mean)^(n - 1) / mean.
  const double more = std::log(random.Uniform01()) / std::log1p(-1 / mean);
  return 1 + static_cast<uint32_t>(std::min(more, 4e9));
}

void Workload::Advance(UserState& user, base::RandomStream& random) const {
  ++user.step;
  Seek(user, random);
}

void PopulationPlan::Seek() {
  for (; stage_ < stages_->size(); ++stage_, done_ = 0) {
    const Stage& stage = (*stages_)[stage_];
    const uint64_t changes = stage.to > stage.from ? stage.to - stage.from : stage.from - stage.to;
    if (done_ >= changes) continue;
    next_ = stage.start +
            static_cast<Nanos>(static_cast<double>(stage.duration) *
                               (static_cast<double>(done_) + 0.5) / static_cast<double>(changes));
    return;
  }
  next_ = kNever;
}

int PopulationPlan::Pop() {
  const Stage& stage = (*stages_)[stage_];
  ++done_;
  Seek();
  return stage.to > stage.from ? 1 : -1;
}

}  // namespace simulator
