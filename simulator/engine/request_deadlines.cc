#include <algorithm>
#include <utility>

#include "simulator/engine/database_tier.h"
#include "simulator/engine/event_kinds.h"
#include "simulator/engine/recorder.h"

// Requests that wait for the database no longer than their deadline.
namespace simulator {
namespace {

// How often the server looks at the time (server/postgres/database.h, server/audit/audit_log.cc).
constexpr Nanos kLookEvery = 10 * kMillisecond;
// Records that one worker holds, those of answered requests included until it can write again
// (server/audit/audit_log.h). Beyond them a read is refused at once.
constexpr uint32_t kMostRecords = 20000;

}  // namespace

// One look at a worker's requests.
struct DatabaseTier::Look {
  const RequestTable& requests;
  Nanos now;
  Nanos deadline;
  std::vector<std::pair<uint32_t, uint8_t>> late;  // with their outcomes
  bool any_left = false;
  uint16_t oldest_left = 0;

  bool Late(uint32_t index) {
    const Request& request = requests[index];
    if (Dead(request)) return false;
    if (TickBefore(request.taken, now) + deadline <= now) return true;
    if (!any_left || static_cast<int16_t>(request.taken - oldest_left) < 0) {
      oldest_left = request.taken;
    }
    any_left = true;
    return false;
  }
};

// One event a worker, for its oldest request: when that has been served in time, as usual, the
// event finds the next one.
void DatabaseTier::ArmDeadline(uint32_t w, uint16_t taken) {
  const Nanos due = TickBefore(taken, now_) + system_.pod.request_deadline;
  const Nanos look = (std::max(due - 1, now_) / kLookEvery + 1) * kLookEvery;
  workers_[w].oldest = taken;
  workers_[w].deadline_due = look;
  queue_.Push(look, kDatabaseControl, kDeadline + w);
}

void DatabaseTier::PassDeadlines(uint32_t w) {
  if (workers_[w].deadline_due != now_) return;
  Worker& worker = workers_[w];
  worker.deadline_due = kNever;
  Look look{requests_, now_, system_.pod.request_deadline, {}};
  TakeLate(&worker.wait_head, &worker.wait_tail, kPoolExhausted, &look);
  worker.waiting -= static_cast<uint32_t>(look.late.size());
  waiting_ -= look.late.size();
  TakeLate(&worker.audit_waiting, &worker.audit_tail, kPoolExhausted, &look);
  const size_t before = look.late.size();
  TakeLate(&worker.audit_writing, nullptr, kOverloaded, &look);
  worker.audit_left += static_cast<uint32_t>(look.late.size() - before);
  for (uint32_t c = 0; c < system_.pod.connections_per_worker; ++c) {
    TakeLateSent(connections_[worker.first_connection + c], &look);
  }
  for (const auto& [index, outcome] : look.late) Fail(index, outcome);
  if (look.any_left) Watch(w, look.oldest_left);
}

void DatabaseTier::TakeLate(uint32_t* head, uint32_t* tail, uint8_t outcome, Look* look) {
  uint32_t before = kNone;
  for (uint32_t index = *head; index != kNone;) {
    const uint32_t next = requests_[index].next;
    if (look->Late(index)) {
      (before == kNone ? *head : requests_[before].next) = next;
      if (tail != nullptr && *tail == index) *tail = before;
      look->late.emplace_back(index, outcome);
    } else {
      before = index;
    }
    index = next;
  }
}

// What was sent cannot be recalled: something without a client keeps its place in the pipeline.
void DatabaseTier::TakeLateSent(Connection& connection, Look* look) {
  uint32_t before = kNone;
  for (uint32_t index = connection.head; index != kNone;) {
    const uint32_t next = requests_[index].next;
    uint32_t stays = index;
    if (look->Late(index)) {
      const uint32_t left = requests_.Allocate();
      if (left != kNone) {
        Request& copy = requests_[left];
        copy = requests_[index];
        copy.live = false;
        copy.cpu_after = 0;
        copy.failure = kFailureLeft;
        (before == kNone ? connection.head : requests_[before].next) = left;
        if (connection.tail == index) connection.tail = left;
        requests_[index].next = kNone;
        look->late.emplace_back(index, kOverloaded);
        stays = left;
      }
    }
    before = stays;
    index = next;
  }
}

// A read whose record cannot be written now.
void DatabaseTier::HoldAudit(uint32_t w, uint32_t index) {
  Worker& worker = workers_[w];
  if (!HoldsAudits(worker) || worker.audit_stuck >= kMostRecords) {
    return Fail(index, kPoolExhausted);  // no record, no answer
  }
  ++worker.audit_stuck;
  requests_[index].next = kNone;
  (worker.audit_waiting == kNone ? worker.audit_waiting : requests_[worker.audit_tail].next) =
      index;
  worker.audit_tail = index;
  Watch(w, requests_[index].taken);
}

// The batch on its way is lost; the server keeps its records and sends them again.
void DatabaseTier::HoldBatch(Worker& worker) {
  uint32_t last = kNone;
  for (uint32_t i = worker.audit_writing; i != kNone; i = requests_[i].next) last = i;
  if (last != kNone) {
    requests_[last].next = worker.audit_waiting;
    if (worker.audit_waiting == kNone) worker.audit_tail = last;
    worker.audit_waiting = std::exchange(worker.audit_writing, kNone);
  }
  worker.audit_busy = false;
  worker.audit_due = kNever;
}

void DatabaseTier::ResumeAudits(uint32_t w) {
  Worker& worker = workers_[w];
  if (AuditStuck(worker)) return;
  worker.audit_stuck = 0;
  if (!worker.audit_busy && worker.audit_waiting != kNone) WriteAudit(w);
}

}  // namespace simulator
