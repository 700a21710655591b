#include <algorithm>
#include <cmath>

#include "simulator/engine/simulation.h"

// What a client makes of an answer, or of none: the request is over, or it is tried again.
namespace simulator {

// The user's next request: its first attempt.
void Simulation::Send(uint32_t user) {
  ++started_;
  if (retrying_) [[unlikely]] {
    if (user >= tries_.size()) tries_.resize(users_.size());
    tries_[user] = {now_, 0, false};
    tokens_ = std::min(workload_.retry.bucket, tokens_ + workload_.retry.budget);
  }
  Attempt(user);
}

// An attempt that began at `start` is over for its client.
void Simulation::Conclude(uint32_t user, Nanos start, uint16_t operation, Outcome outcome) {
  if (retrying_) [[unlikely]] {
    if (TryAgain(user, outcome)) return;
    start = tries_[user].first_start;
    CountLive();
    tries_[user].first_start = kNever;
  }
  recorder_.Finished(start, now_, operation, outcome);
  workload_.Advance(users_[user], journey_random_);
  Think(user);
}

bool Simulation::TryAgain(uint32_t user, Outcome outcome) {
  const RetryModel& retry = workload_.retry;
  Tries& tries = tries_[user];
  if (outcome == kOk || tries.repeats >= retry.attempts) return false;
  if (retry.budget > 0) {
    if (tokens_ < 1) return false;
    tokens_ -= 1;
  }
  const double pause = retry.first_backoff_seconds * std::pow(retry.backoff_factor, tries.repeats) *
                       (1 - retry.jitter * retry_random_.Uniform01());
  CountLive();
  ++tries.repeats;
  tries.backing_off = true;
  ++backing_off_;
  wheel_.Add(now_ + ToNanos(pause), user);  // free: who waits for an answer does not think
  return true;
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
  const Request& request = requests_[index];
  Conclude(request.user, request.start, request.operation, kTimeout);
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
