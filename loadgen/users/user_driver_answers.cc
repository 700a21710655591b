#include <errno.h>

#include <cmath>
#include <utility>

#include "loadgen/users/user_driver.h"

// How a user's request ends, and what the user does then.
namespace loadgen {
namespace {

// After a failed connection or sign-in: without it a user with no think time is a busy loop.
constexpr int64_t kPauseAfterFailure = 100'000'000;

}  // namespace

uint16_t UserDriver::OperationOf(const User& user) const {
  if (user.task == Task::kLogin) return plan_.login_operation;
  if (user.task == Task::kRefresh) return plan_.refresh_operation;
  return StepOf(user).operation;
}

void UserDriver::Record(uint32_t k, Outcome outcome, int status, int64_t bytes, int64_t now) {
  User& user = users_[k];
  FinishedRequest request;
  request.operation = OperationOf(user);
  request.outcome = outcome;
  request.status = status;
  request.intended_ns = user.intended_ns;
  request.released_ns = user.released_ns;
  request.sent_ns = user.phase == Phase::kAwaiting ? user.sent_ns : 0;
  request.done_ns = now;
  request.bytes_sent = user.phase == Phase::kAwaiting ? user.bytes_sent : 0;
  request.bytes_received = bytes;
  recorder_.Finished(request);
}

void UserDriver::OnConnected(uint32_t k) {
  if (!draining_ && users_[k].phase == Phase::kConnecting) SendTask(k);
}

void UserDriver::OnIdleClosed(uint32_t k) { ++lost_; }

void UserDriver::OnFailure(uint32_t k, Outcome outcome, int error, int64_t now) {
  if (error == EADDRNOTAVAIL || error == EMFILE || error == ENFILE) ++local_failures_;
  User& user = users_[k];
  if (user.phase != Phase::kConnecting && user.phase != Phase::kAwaiting) {
    ++failed_idle_;  // nobody waits for it yet: opened again when the next request is due
    return;
  }
  Record(k, outcome, 0, 0, now);
  Continue(k, outcome, 0, now);
}

void UserDriver::OnResponse(uint32_t k, const ResponseReader& reader, int64_t bytes, int64_t now) {
  User& user = users_[k];
  const int status = reader.status();
  Outcome outcome = OutcomeOfStatus(status);
  if (user.task == Task::kStep) {
    Judgement judgement = JudgeAnswer(StepOf(user), status, reader.body());
    outcome = judgement.outcome;
    if (!judgement.extracted.empty()) {
      if (!user.extra) user.extra = std::make_unique<UserExtra>();
      for (auto& found : judgement.extracted) {
        std::erase_if(user.extra->variables, [&](const auto& v) { return v.first == found.first; });
        user.extra->variables.push_back(std::move(found));
      }
    }
  } else if (outcome == Outcome::kOk) {
    SessionTokens session = ReadSessionTokens(reader.body());
    if (session.access.empty()) {
      outcome = Outcome::kCheckFailed;
    } else {
      if (!user.extra) user.extra = std::make_unique<UserExtra>();
      user.extra->session = std::move(session);
    }
  }
  Record(k, outcome, status, bytes, now);
  Continue(k, outcome, status, now);
}

bool UserDriver::TryAgain(uint32_t k, Outcome outcome, int64_t now) {
  const RetryPlan& retry = plan_.retry;
  User& user = users_[k];
  if (outcome == Outcome::kOk || outcome == Outcome::kHttp4xx || outcome == Outcome::kCheckFailed ||
      user.attempts >= retry.attempts) {
    return false;
  }
  if (retry.budget > 0 && static_cast<double>(retries_ + 1) > retry.budget * requests_) {
    return false;
  }
  const double pause = retry.first_backoff_seconds * std::pow(retry.backoff_factor, user.attempts) *
                       (1 - retry.jitter * user.random.Uniform01());
  ++user.attempts;
  ++retries_;
  Schedule(k, now + static_cast<int64_t>(pause * 1e9));
  return true;
}

void UserDriver::Continue(uint32_t k, Outcome outcome, int status, int64_t now) {
  User& user = users_[k];
  user.phase = Phase::kThinking;
  if (draining_) return;
  if (TryAgain(k, outcome, now)) return;
  user.attempts = 0;
  const int64_t pause_until = outcome == Outcome::kRefused || outcome == Outcome::kConnectFailed
                                  ? now + kPauseAfterFailure
                                  : now;
  if (user.task == Task::kLogin && outcome != Outcome::kOk) {
    Schedule(k, now + kPauseAfterFailure);
  } else if (user.task == Task::kLogin) {
    StartJourney(k);
    user.step = 0xffff;
    Advance(k, now);
  } else if (user.task == Task::kRefresh) {
    // The step that had to wait for the refresh is due now; a lost session signs in again.
    user.task = outcome == Outcome::kOk ? Task::kStep : Task::kLogin;
    user.refreshed = outcome == Outcome::kOk;
    Schedule(k, outcome == Outcome::kOk ? now : now + kPauseAfterFailure);
  } else if (status == 401 && user.who.logs_in) {
    user.task = Task::kLogin;
    Schedule(k, now + kPauseAfterFailure);
  } else {
    Advance(k, pause_until);
  }
}

}  // namespace loadgen
