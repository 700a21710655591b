#include "loadgen/users/user_driver.h"

#include <errno.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "loadgen/engine/validity.h"

namespace loadgen {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kExpiryMarginSeconds = 2;
constexpr int kMostSkips = 1000;  // steps passed over in a row before one is taken anyway
constexpr uint32_t kActivationBatch = 2048;  // answers must not wait for a wave of new users
constexpr int kReleaseBatch = 512;

uint32_t OwnUsers(const DriverOptions& options, const RunPlan& run, int worker) {
  const uint64_t all = options.profile->most_users();
  return static_cast<uint32_t>((all + run.workers - 1 - worker) / run.workers);
}

int64_t UnixSeconds() { return time(nullptr); }

}  // namespace

void RunUsers(const DriverOptions& options, const RunPlan& run, WorkerChannel& channel) {
  UserDriver driver(options, run, channel);
  if (absl::Status status = driver.Run(); !status.ok()) channel.SendError(status);
}

UserDriver::UserDriver(const DriverOptions& options, const RunPlan& run, WorkerChannel& channel)
    : options_(options),
      plan_(*options.plan),
      run_plan_(run),
      channel_(channel),
      recorder_(options.plan->operations, run.window_from_ns, run.window_to_ns),
      run_(run, &channel, &recorder_),
      wheel_(OwnUsers(options, run, channel.index()), run.start_ns),
      renderer_(options.plan, options.tokens, options.catalogue,
                options.targets.front().host_header) {
  MakeUsers();
}

void UserDriver::MakeUsers() {
  const uint32_t own = OwnUsers(options_, run_plan_, channel_.index());
  users_.reserve(own);
  picks_.resize(static_cast<size_t>(own) * plan_.feeders.size());
  const base::RandomStream stream(options_.seed, 0, "loadgen", "user");
  std::vector<uint32_t> of_role(plan_.roles.size(), 0);
  for (uint64_t n = 0; n < options_.profile->most_users(); ++n) {
    const uint16_t role = plan_.RoleOfUser(n);
    const uint32_t identity = of_role[role]++;
    if (n % run_plan_.workers != static_cast<uint64_t>(channel_.index())) continue;
    User& user = users_.emplace_back(stream.WithIndex(n));
    user.who = {n, identity, role, !plan_.roles[role].role.empty() && plan_.LogsIn(n)};
  }
}

absl::Status UserDriver::Run() {
  auto set = ConnectionSet::Create(options_.targets,
                                   base::RandomStream(options_.seed, 0, "loadgen", "target")
                                       .WithIndex(static_cast<uint64_t>(channel_.index())),
                                   options_.sources, static_cast<uint32_t>(users_.size()),
                                   plan_.retry.timeout_ns, this);
  if (!set.ok()) return set.status();
  set_ = std::move(*set);
  int64_t now = NowNanos();
  while (now < run_plan_.start_ns) {
    set_->Poll(run_plan_.start_ns);
    now = NowNanos();
  }
  while (run_.Releasing(now)) {
    ActivateDue(now);
    ReleaseDue(now);
    int64_t until = std::min(run_.NextTick(), run_plan_.end_ns);
    until = std::min({until, wheel_.NextDue(), NextActivation(now)});
    set_->Poll(until);
    now = NowNanos();
    run_.Tick(now, active_, set_->connected_count());
  }
  draining_ = true;
  while (set_->busy_count() > 0 && run_.Draining(now)) {
    set_->Poll(std::min(now + 10 * kMillisecond, run_.NextTick()));
    now = NowNanos();
  }
  for (uint32_t k = 0; k < users_.size(); ++k) {
    const Phase phase = users_[k].phase;
    if (phase == Phase::kConnecting || phase == Phase::kAwaiting) {
      Record(k, Outcome::kUnfinished, 0, 0, now);
    }
  }
  recorder_.AddQuantity(kLocalLimitFailures, static_cast<double>(local_failures_));
  recorder_.AddQuantity(kStepsSkipped, static_cast<double>(skipped_));
  recorder_.AddQuantity(kConnectionsLost, static_cast<double>(lost_));
  recorder_.AddQuantity(kConnectionsFailed, static_cast<double>(failed_idle_));
  recorder_.AddQuantity(kRetries, static_cast<double>(retries_));
  run_.Finish(now, active_, set_->connected_count());
  return absl::OkStatus();
}

// ---- coming and going

void UserDriver::ActivateDue(int64_t now) {
  const double limit = options_.profile->UsersAt(now - run_plan_.start_ns);
  for (uint32_t i = 0; i < kActivationBatch && cursor_ < users_.size(); ++i, ++cursor_) {
    if (static_cast<double>(NumberOf(cursor_)) + 0.5 > limit) return;
    if (users_[cursor_].phase == Phase::kInactive) Activate(cursor_, now);
  }
}

int64_t UserDriver::NextActivation(int64_t now) const {
  if (cursor_ >= users_.size()) return TimingWheel::kNever;
  const int64_t at = options_.profile->NextActivation(NumberOf(cursor_), now - run_plan_.start_ns);
  return at == StageProfile::kNever ? TimingWheel::kNever : run_plan_.start_ns + at;
}

void UserDriver::Activate(uint32_t k, int64_t now) {
  User& user = users_[k];
  ++active_;
  set_->Open(k);
  if (user.who.logs_in && (user.extra == nullptr || user.extra->session.access.empty())) {
    user.task = Task::kLogin;
    Schedule(k, now);
    return;
  }
  user.task = Task::kStep;
  StartJourney(k);
  user.step = 0xffff;  // Advance takes the first step
  Advance(k, now);
}

bool UserDriver::DeactivateIfOver(uint32_t k, int64_t now) {
  const double limit = options_.profile->UsersAt(now - run_plan_.start_ns);
  if (static_cast<double>(NumberOf(k)) + 0.5 <= limit) return false;
  User& user = users_[k];
  user.phase = Phase::kInactive;
  user.attempts = 0;
  if (!set_->closed(k)) set_->Close(k);
  --active_;
  cursor_ = std::min(cursor_, k);
  return true;
}

// ---- what to do next

void UserDriver::StartJourney(uint32_t k) {
  User& user = users_[k];
  const RolePlan& role = plan_.roles[user.who.role];
  const double at = user.random.Uniform01();
  size_t chosen = 0;
  while (chosen + 1 < role.journeys.size() && at >= role.cumulative_weights[chosen]) ++chosen;
  user.journey = role.journeys[chosen];
  user.step = 0;
  if (user.extra) user.extra->variables.clear();
  const FeederUser chooser = renderer_.ChooserOf(user.who);
  for (const uint16_t feeder : plan_.journeys[user.journey].feeders) {
    PicksOf(k)[feeder] = plan_.feeders[feeder].Pick(chooser, user.random);
  }
}

void UserDriver::Advance(uint32_t k, int64_t now) {
  User& user = users_[k];
  user.task = Task::kStep;
  for (int i = 0; i < kMostSkips; ++i) {
    ++user.step;
    if (user.step >= plan_.journeys[user.journey].steps.size()) StartJourney(k);
    const double probability = StepOf(user).probability;
    if (probability >= 1 || user.random.Bernoulli(probability)) break;
  }
  const double think = StepOf(user).think.Sample(user.random);
  Schedule(k, now + static_cast<int64_t>(think * 1e9));
}

void UserDriver::Schedule(uint32_t k, int64_t due) {
  users_[k].phase = Phase::kThinking;
  wheel_.Insert(k, due);
}

void UserDriver::ReleaseDue(int64_t now) {
  uint32_t k;
  int64_t due;
  for (int i = 0; i < kReleaseBatch && wheel_.PopDue(now, &k, &due); ++i) {
    if (!DeactivateIfOver(k, now)) Release(k, due);
  }
}

void UserDriver::Release(uint32_t k, int64_t due) {
  User& user = users_[k];
  user.intended_ns = due;
  user.released_ns = NowNanos();
  const bool expired =
      plan_.refresh_expired && user.extra && !user.extra->session.refresh.empty() &&
      user.extra->session.expires_unix_seconds > 0 &&
      UnixSeconds() + kExpiryMarginSeconds >= user.extra->session.expires_unix_seconds;
  if (user.task == Task::kStep && expired && !user.refreshed) user.task = Task::kRefresh;
  user.refreshed = false;
  user.phase = Phase::kConnecting;
  if (set_->connected(k)) {
    SendTask(k);
  } else if (set_->closed(k)) {
    set_->Open(k);
  }
}

void UserDriver::SendTask(uint32_t k) {
  User& user = users_[k];
  if (!Render(k)) {  // a variable that no answer gave: this step cannot be done
    ++skipped_;
    Advance(k, user.released_ns);
    return;
  }
  const bool keep_body = user.task != Task::kStep || StepOf(user).needs_body();
  user.phase = Phase::kAwaiting;
  user.sent_ns = NowNanos();
  user.bytes_sent = static_cast<uint32_t>(request_.size());
  ++requests_;
  recorder_.Started();
  set_->Send(k, request_, keep_body, user.sent_ns);
}

bool UserDriver::Render(uint32_t k) {
  const User& user = users_[k];
  if (user.task == Task::kLogin) {
    renderer_.RenderLogin(user.who, &request_);
  } else if (user.task == Task::kRefresh) {
    renderer_.RenderRefresh(user.extra->session.refresh, &request_);
  } else {
    return renderer_.RenderStep(StepOf(user), user.who, PicksOf(k), user.extra.get(), &request_);
  }
  return true;
}

}  // namespace loadgen
