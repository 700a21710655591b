#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/engine/database_tier.h"
#include "simulator/engine/event_kinds.h"
#include "simulator/engine/recorder.h"

// The database stops, comes back or is replaced; everybody reconnects.
namespace simulator {
namespace {

// The server's workers try again 50 ms after a loss, then after twice the pause, at most 5 s
// (server/postgres/database.h); PgBouncer every 15 s (server_login_retry).
constexpr Nanos kFirstPause = 50 * kMillisecond;
constexpr Nanos kLongestPause = 5 * kSecond;
constexpr Nanos kPoolerRetry = 15 * kSecond;

Nanos NextAttempt(Nanos lost, Nanos up, bool pooler) {
  Nanos pause = pooler ? kPoolerRetry : kFirstPause;
  Nanos at = lost + pause;
  while (at < up) {
    if (!pooler) pause = std::min(2 * pause, kLongestPause);
    at += pause;
  }
  return at;
}

}  // namespace

void DatabaseTier::Restart(Nanos recovery) {
  commits_lost_ += commits_.Lost(now_, false);
  const Nanos takes = recovery > 0 ? recovery : system_.database.restart;
  GoDown("restart", now_ + takes);
}

void DatabaseTier::Failover() {
  const DatabaseModel& model = system_.database;
  if (standbys_ == 0 || model.promotion_after == kNever) {
    GoDown(standbys_ == 0 ? "primary lost, no standby to take over"
                          : "primary lost, nobody promotes the standby",
           kNever);
    return;
  }
  const uint64_t lost = commits_.Lost(now_, true);
  commits_lost_ += lost;
  --standbys_;
  GoDown(absl::StrCat("primary lost, the standby takes over; acknowledged commits lost: ", lost),
         now_ + model.promotion_after);
  if (standbys_ == 0) commits_.LoseStandby();
}

void DatabaseTier::GoDown(const std::string& why, Nanos up_at) {
  if (!down_) down_since_ = now_;
  down_ = true;
  abandoned_ += processor_.Abandon(now_);
  commits_.Abandon(now_);
  // Who fails may send something at once: by then no connection is up.
  std::vector<uint32_t> lost;
  for (Connection& connection : connections_) {
    if (pooler_ && !connection.has_server) continue;
    TakePipeline(connection, &lost);
  }
  for (Worker& worker : workers_) {
    HoldsAudits(worker) ? HoldBatch(worker) : TakeAudits(worker, &lost);
    if (worker.closing) worker.open_connections = 0;
    if (pooler_ || system_.pod.pool_wait > 0) continue;
    while (worker.wait_head != kNone) lost.push_back(PopWaiting(worker));
  }
  for (uint32_t c = 0; pooler_ && c < connections_.size(); ++c) {
    if (!std::exchange(connections_[c].has_server, false)) continue;
    Up(c);  // the pooler keeps its clients
  }
  if (pooler_) pooler_->LoseServers();
  SetBackends(0);
  up_due_ = up_at;
  client_.DatabaseEvent(
      "fault", absl::StrCat(why, "; ", lost.size(), " requests under way failed, ",
                            up_at == kNever
                                ? "it stays down"
                                : absl::StrFormat("back after %.3g s", ToSeconds(up_at - now_))));
  if (up_at != kNever) queue_.Push(up_at, kDatabaseControl, kUp);
  for (const uint32_t index : lost) Fail(index, kOverloaded);
}

// The connection is gone with all it has under way.
void DatabaseTier::TakePipeline(Connection& connection, std::vector<uint32_t>* lost) {
  for (uint32_t i = connection.head; i != kNone; i = requests_[i].next) lost->push_back(i);
  connection.head = connection.tail = kNone;
  connection.in_flight = kNotUp;
  connection.due = kNever;
}

void DatabaseTier::TakeAudits(Worker& worker, std::vector<uint32_t>* lost) {
  for (uint32_t* list : {&worker.audit_writing, &worker.audit_waiting}) {
    for (uint32_t i = *list; i != kNone; i = requests_[i].next) lost->push_back(i);
    *list = kNone;
  }
  worker.audit_busy = false;
  worker.audit_left = 0;
  worker.audit_due = kNever;
}

void DatabaseTier::ControlEvent(uint32_t index) {
  if ((index & kProcessBit) != 0) return QueryWaitTimer(index & (kProcessBit - 1));
  if (index >= kDeadline) return PassDeadlines(index - kDeadline);
  if (index >= kPoolTimer) return PoolTimer(index - kPoolTimer);
  if (index == kUp && up_due_ == now_) {
    up_due_ = kNever;
    reconnect_due_ = NextAttempt(down_since_, now_, pooler_.has_value());
    queue_.Push(reconnect_due_, kDatabaseControl, kReconnect);
  } else if (index == kReconnect && reconnect_due_ == now_) {
    reconnect_due_ = kNever;
    if (up_due_ == kNever) Reconnect();  // else it has gone down again
  }
}

// All at once: nothing staggers the workers' attempts.
void DatabaseTier::Reconnect() {
  down_ = false;
  uint32_t connections = 0;
  for (uint32_t w = 0; w < workers_.size() && !pooler_; ++w) {
    Worker& worker = workers_[w];
    worker.counted = true;
    if (worker.closing) continue;
    for (uint32_t i = 0; i < worker.open_connections; ++i) {
      if (backends_ >= system_.database.usable_connections) {
        worker.open_connections = i;
        break;
      }
      SetBackends(backends_ + 1);
      ++connections;
      BeginConnect(worker.first_connection + i);
    }
    for (uint32_t i = 0; i < worker.audit_connections; ++i) {
      if (backends_ >= system_.database.usable_connections) {
        worker.audit_connections = i;
        break;
      }
      SetBackends(backends_ + 1);
      ++connections;
      if (system_.database.connect > 0) Enter(system_.database.connect, kAuditJob);
    }
  }
  for (uint32_t p = 0; pooler_ && p < pooler_->processes().size(); ++p) {
    if (!(*pooler_)[p].waiting.empty()) OpenServer(p);
  }
  client_.DatabaseEvent(
      "fault", pooler_ ? absl::StrFormat("up again after %.3g s, the pooler connects",
                                         ToSeconds(now_ - down_since_))
                       : absl::StrFormat("up again after %.3g s, %d connections are opened at once "
                                         "(%.3g s of its CPU)",
                                         ToSeconds(now_ - down_since_), connections,
                                         connections * system_.database.connect * 1e-9));
  CheckMemory();
  for (uint32_t w = 0; w < workers_.size(); ++w) ResumeAudits(w);
}

}  // namespace simulator
