#include <algorithm>
#include <cmath>

#include "simulator/engine/simulation.h"

// What a client makes of an answer, or of none: the request is over, or it is tried again.
namespace simulator {

// The user's next request: its first attempt.
void Simulation::Send(uint32_t user) {
  ++started_;
  if (refreshing_) [[unlikely]]
    RefreshFirst(user);
  if (retrying_) [[unlikely]] {
    if (user >= tries_.size()) tries_.resize(users_.size());
    tries_[user] = {now_, 0, false};
    if (!client_workers_.empty()) ++client_workers_[user % client_workers_.size()].requests;
    tokens_ = std::min(workload_.retry.bucket, tokens_ + workload_.retry.budget);
  }
  Attempt(user);
}

// An attempt that began at `start` is over for its client.
void Simulation::Conclude(uint32_t user, Nanos start, uint16_t operation, Outcome outcome) {
  if (clients_ != nullptr) [[unlikely]]
    clients_->Idle(user, now_, outcome == kTimeout || outcome == kReset);
  if (breakers_ != nullptr && outcome != kBreakerOpen) [[unlikely]] {
    breakers_->Report(BreakerOf(user), start, now_, outcome == kOk);
  }
  if (retrying_) [[unlikely]] {
    if (TryAgain(user, outcome)) return;
    start = tries_[user].first_start;
    CountLive();
    tries_[user].first_start = kNever;
  }
  recorder_.Finished(start, now_, operation, outcome);
  if (!plain_) [[unlikely]]
    return Continue(user, outcome);
  workload_.Advance(users_[user], journey_random_);
  Think(user);
}

bool Simulation::TryAgain(uint32_t user, Outcome outcome) {
  const RetryModel& retry = workload_.retry;
  Tries& tries = tries_[user];
  if (outcome == kOk || outcome == kBreakerOpen || tries.repeats >= retry.attempts) return false;
  if (retry.budget > 0 && !WithinBudget(user)) return false;
  const double pause = retry.first_backoff_seconds * std::pow(retry.backoff_factor, tries.repeats) *
                       (1 - retry.jitter * retry_random_.Uniform01());
  CountLive();
  ++tries.repeats;
  tries.backing_off = true;
  ++backing_off_;
  wheel_.Add(now_ + ToNanos(pause), user);  // free: who waits for an answer does not think
  return true;
}

bool Simulation::WithinBudget(uint32_t user) {
  if (client_workers_.empty()) {
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  ClientWorker& worker = client_workers_[user % client_workers_.size()];
  if (static_cast<double>(worker.repeats + 1) >
      workload_.retry.budget * static_cast<double>(worker.requests)) {
    return false;
  }
  ++worker.repeats;
  return true;
}

uint64_t Simulation::BreakerOf(uint32_t user) const {
  switch (workload_.breaker.scope) {
    case BreakerModel::kConnection:
      return user;
    case BreakerModel::kWorker:
      return user % workload_.client_workers;
    case BreakerModel::kPopulation:
      break;
  }
  return 0;
}

// True when the timer that went off was a pause before another attempt.
bool Simulation::EndBackoff(uint32_t user) {
  if (user >= tries_.size() || !tries_[user].backing_off) return false;
  CountLive();
  tries_[user].backing_off = false;
  --backing_off_;
  Attempt(user);
  return true;
}

// The client gives up; the server does not know and works on.
void Simulation::TimeOutOldest() {
  const uint32_t index = requests_.oldest();
  CountLive();
  requests_.Unlink(index);
  const Request request = requests_[index];  // a copy: to conclude may send the next one
  if (request.failure == kFailureSilent) [[unlikely]]
    Disconnect(users_[request.user]);  // nothing came back: the client tries another connection
  Conclude(request.user, request.start, request.operation, kTimeout);
  if (request.failure == kFailureSilent && request.worker == kNone) requests_.Free(index);
}

// Sum of the ages of the requests that have not ended for their users.
__int128 Simulation::LiveAges() const {
  __int128 sum = 0;
  if (retrying_) {
    for (const Tries& tries : tries_) {
      if (tries.first_start != kNever) sum += now_ - tries.first_start;
    }
    return sum;
  }
  for (uint32_t i = requests_.oldest(); i != kNone; i = requests_[i].newer) {
    sum += now_ - requests_[i].start;
  }
  return sum;
}

}  // namespace simulator
