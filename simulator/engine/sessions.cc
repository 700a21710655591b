#include "absl/strings/str_cat.h"
#include "simulator/engine/simulation.h"

// Users that come and go by themselves, and users whose tokens expire.
namespace simulator {

// Counts are exact when no part of the model asks who a user is: connections do not stick
// (per-request balancing), no retries, breakers or tokens remember it, no session counts down, and
// every think time is exponential, so that nobody needs a timer. A mechanism that keeps something
// per user must be named here.
bool Simulation::CountsSuffice() const {
  if (!options_.count_users || !system_.per_request || system_.ingress_handshake > 0 || retrying_ ||
      refreshing_ || workload_.breaker.on() || workload_.model == LoadModel::kPartlyOpen) {
    return false;
  }
  for (const ThinkLaw& law : workload_.laws) {
    if (!law.memoryless && !workload_.single_requests) return false;
  }
  return true;
}

uint32_t Simulation::Settled(uint32_t user) const {
  if (!counted_) return user;
  const UserState& state = users_[user];
  return workload_.journeys[state.journey].first_step + state.step;
}

uint32_t Simulation::NewUser() {
  if (counted_) {
    ++active_;
    return static_cast<uint32_t>(workload_.steps.size());  // a place to walk in, not a user's own
  }
  uint32_t user;
  if (idle_users_.empty()) {
    user = static_cast<uint32_t>(users_.size());
    users_.push_back({});
  } else {
    user = idle_users_.back();
    idle_users_.pop_back();
  }
  users_[user].worker = kNoWorker;
  ++active_;
  return user;
}

void Simulation::Leave(uint32_t user) {
  --active_;
  ++departures_;
  if (counted_) return;
  Disconnect(users_[user]);
  idle_users_.push_back(user);
}

// An arrival of an open or partly open model: its first request is due now.
void Simulation::Arrive() {
  constexpr uint64_t kMostUsers = 16'000'000;
  arrivals_.Pop();
  if (Waiting() >= options_.waiting_limit || active_ >= kMostUsers) {
    recorder_.result.unstable =
        absl::StrCat("after ", static_cast<int64_t>(ToSeconds(now_)), " s of the run ", Waiting(),
                     " requests wait for their answer, of ", active_,
                     " users present, and more arrive than leave");
    end_ = now_;
    return;
  }
  ++arrived_;
  const uint32_t user = NewUser();
  if (refreshing_) IssueToken(user, now_ + workload_.tokens.lifetime);
  if (workload_.model == LoadModel::kPartlyOpen) {
    if (user >= left_.size()) left_.resize(users_.size());
    left_[user] = workload_.session.Draw(session_random_);
  }
  if (workload_.login_fraction > 0 && journey_random_.Bernoulli(workload_.login_fraction)) {
    users_[user].journey = workload_.login_journey;
    users_[user].step = 0;
    return Send(Settled(user));
  }
  if (FirstStep(user)) return Send(Settled(user));
  Leave(user);  // no step of its journey struck
}

// The first step after the arrival (or the login).
bool Simulation::FirstStep(uint32_t user) {
  UserState& state = users_[user];
  if (workload_.single_requests) {
    workload_.DrawRequest(state, journey_random_);
    return true;
  }
  if (workload_.model == LoadModel::kOpen) return workload_.BeginJourney(state, journey_random_);
  return NextJourney(user);
}

// Draws journeys, as many as are left, until a step strikes.
bool Simulation::NextJourney(uint32_t user) {
  for (;;) {
    if (left_[user] == 0) return false;
    if (!workload_.session.requests) --left_[user];
    if (workload_.BeginJourney(users_[user], journey_random_)) return true;
  }
}

// The step after a request that ended; false when the user leaves.
bool Simulation::NextStep(uint32_t user) {
  UserState& state = users_[user];
  if (!workload_.open()) {
    workload_.Advance(state, journey_random_);
    return true;
  }
  if (state.journey == workload_.login_journey) return FirstStep(user);
  if (workload_.single_requests) return false;
  if (workload_.model == LoadModel::kOpen) return workload_.AdvanceWithin(state, journey_random_);
  if (workload_.session.requests && --left_[user] == 0) return false;
  return workload_.AdvanceWithin(state, journey_random_) || NextJourney(user);
}

// After a request of a user who may leave or refresh.
void Simulation::Continue(uint32_t user, Outcome outcome) {
  UserState& state = users_[user];
  if (refreshing_ && state.journey == workload_.tokens.journey) {
    state.journey = suspended_[user].journey;
    state.step = suspended_[user].step;
    if (outcome != kOk) return Think(user);  // cannot go on without a token: tries again later
    IssueToken(user, now_ + workload_.tokens.lifetime);
    return Send(user);
  }
  if (refreshing_ && state.journey == workload_.login_journey) {
    if (outcome != kOk) return Think(user);
    IssueToken(user, now_ + workload_.tokens.lifetime);
  }
  if (counted_) {
    users_.back() = state;
    user = static_cast<uint32_t>(workload_.steps.size());
  }
  if (!NextStep(user)) return Leave(user);
  Think(Settled(user));
}

void Simulation::IssueToken(uint32_t user, Nanos expiry) {
  if (user >= expiry_.size()) {
    expiry_.resize(users_.size());
    suspended_.resize(users_.size());
  }
  expiry_[user] = expiry;
}

// Puts the user on the refresh when its token has expired; the request at hand comes after it.
void Simulation::RefreshFirst(uint32_t user) {
  UserState& state = users_[user];
  if (now_ < expiry_[user] || state.journey == workload_.login_journey) return;
  suspended_[user] = state;
  state.journey = workload_.tokens.journey;
  state.step = 0;
}

}  // namespace simulator
