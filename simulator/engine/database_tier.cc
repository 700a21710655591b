#include "simulator/engine/database_tier.h"

#include <algorithm>

#include "simulator/engine/event_kinds.h"
#include "simulator/engine/recorder.h"

namespace simulator {
namespace {

// Jobs of the processor are connections; with this bit, the audit backend of a worker.
constexpr uint32_t kAuditJob = 0x80000000;

}  // namespace

DatabaseTier::DatabaseTier(const SystemModel& system, const RunOptions& options,
                           uint32_t replication, const Nanos& now, RequestTable& requests,
                           EventQueue& queue, Client& client)
    : system_(system),
      options_(options),
      now_(now),
      requests_(requests),
      queue_(queue),
      client_(client),
      processor_(SharedProcessor::ContentionTable(
          system.database.cores, system.database.sigma, system.database.kappa,
          std::max<uint32_t>(1, system.database.usable_connections))),
      random_(options.seed, replication, "database", "demand"),
      flush_random_(options.seed, replication, "database", "flush") {
  processor_.set_busy_limit(system.database.cores);
}

void DatabaseTier::AddWorkers(uint32_t count) {
  for (uint32_t w = 0; w < count; ++w) {
    Worker worker;
    worker.first_connection = static_cast<uint32_t>(connections_.size());
    for (uint32_t c = 0; c < system_.pod.connections_per_worker; ++c) {
      connections_.emplace_back();
      connections_.back().worker = static_cast<uint32_t>(workers_.size());
    }
    workers_.push_back(worker);
  }
}

uint32_t DatabaseTier::OpenConnections(uint32_t first_worker, uint32_t count) {
  uint32_t missing = 0;
  for (uint32_t w = first_worker; w < first_worker + count; ++w) {
    Worker& worker = workers_[w];
    while (worker.open_connections < system_.pod.connections_per_worker) {
      if (open_connections_ >= system_.database.usable_connections) {
        missing += system_.pod.connections_per_worker - worker.open_connections;
        break;
      }
      ++worker.open_connections;
      ++open_connections_;
    }
    const uint32_t audit = system_.pod.audit_connections - worker.audit_connections;
    const uint32_t room = system_.database.usable_connections - open_connections_;
    worker.audit_connections += std::min(audit, room);
    open_connections_ += std::min(audit, room);
    missing += audit - std::min(audit, room);
  }
  return missing;
}

void DatabaseTier::CloseConnections(uint32_t first_worker, uint32_t count) {
  for (uint32_t w = first_worker; w < first_worker + count; ++w) {
    Worker& worker = workers_[w];
    worker.closing = true;
    uint32_t busy = 0;
    for (uint32_t c = 0; c < system_.pod.connections_per_worker; ++c) {
      busy += connections_[worker.first_connection + c].head != kNone;
    }
    busy = std::min(busy, worker.open_connections);
    open_connections_ -= worker.open_connections - busy + worker.audit_connections;
    worker.open_connections = busy;
    worker.audit_connections = 0;
  }
}

std::vector<uint32_t> DatabaseTier::Kill(uint32_t first_worker, uint32_t count) {
  std::vector<uint32_t> dropped;
  const auto drop = [&](uint32_t& list) {
    for (uint32_t index = list; index != kNone; index = requests_[index].next) {
      dropped.push_back(index);
    }
    list = kNone;
  };
  for (uint32_t w = first_worker; w < first_worker + count; ++w) {
    Worker& worker = workers_[w];
    waiting_ -= worker.waiting;
    worker.waiting = 0;
    drop(worker.wait_head);
    worker.wait_tail = kNone;
    drop(worker.audit_waiting);
    for (uint32_t i = 0; i < system_.pod.connections_per_worker; ++i) {
      Connection& connection = connections_[worker.first_connection + i];
      if (connection.head == kNone) continue;
      drop(requests_[connection.head].next);
      connection.tail = connection.head;
      connection.in_flight = 1;
    }
  }
  return dropped;
}

bool DatabaseTier::Begin(uint32_t index) {
  Request& request = requests_[index];
  const OperationModel& operation = system_.operations[request.operation];
  request.segments = static_cast<uint8_t>(std::min(255u, operation.round_trips.Sample(random_)));
  if (request.segments == 0) return false;
  request.commits = static_cast<uint8_t>(std::min(255u, operation.commits.Sample(random_)));
  return true;
}

void DatabaseTier::Submit(uint32_t index) {
  if (system_.overload.deadline_before_database && client_.DropLate(index)) [[unlikely]]
    return;
  Request& request = requests_[index];
  Worker& worker = workers_[request.worker];
  request.next = kNone;
  request.segment =
      static_cast<float>(system_.operations[request.operation].segment.Sample(random_));
  uint32_t best = kNone;
  for (uint32_t c = worker.first_connection; c < worker.first_connection + worker.open_connections;
       ++c) {
    if (best == kNone || connections_[c].in_flight < connections_[best].in_flight) best = c;
  }
  if (best == kNone) return Fail(index);
  if (connections_[best].in_flight >= system_.pod.pipeline_depth) return Wait(worker, index);
  Append(best, index);
  if (connections_[best].head == index) StartHead(best, system_.wake.database);
}

void DatabaseTier::Fail(uint32_t index) {
  requests_[index].failure = kPoolExhausted;
  client_.DatabaseFailed(index);
}

void DatabaseTier::Wait(Worker& worker, uint32_t index) {
  if (worker.waiting >= options_.pool_wait_limit) return Fail(index);
  (worker.wait_tail == kNone ? worker.wait_head : requests_[worker.wait_tail].next) = index;
  worker.wait_tail = index;
  ++worker.waiting;
  ++waiting_;
}

void DatabaseTier::Append(uint32_t c, uint32_t index) {
  Connection& connection = connections_[c];
  requests_[index].connection = c;
  ++connection.in_flight;
  (connection.tail == kNone ? connection.head : requests_[connection.tail].next) = index;
  connection.tail = index;
}

void DatabaseTier::StartHead(uint32_t c, double wake_up) {
  const double demand = requests_[connections_[c].head].segment + wake_up;
  drawn_ += demand;
  processor_.Enter(now_, demand, c);
}

void DatabaseTier::Depart() {
  const uint32_t job = processor_.Depart(now_);
  if ((job & kAuditJob) == 0) return WorkDone(job);
  queue_.Push(now_ + system_.database.audit_insert + system_.database.round_trip, kAuditInserted,
              job & ~kAuditJob);
}

// When a commit of now is on the disk.
Nanos DatabaseTier::Flushed() {
  return wal_.Admit(now_, [this] { return system_.database.flush_law.Sample(flush_random_); });
}

// The backend's CPU work is done; a commit still holds the connection until its flush.
void DatabaseTier::WorkDone(uint32_t c) {
  Request& request = requests_[connections_[c].head];
  --request.segments;
  if (request.segments == 0 && request.commits > 0 && system_.database.flush > 0) {
    const Nanos more = (request.commits - 1) * system_.database.flush;
    return queue_.Push(Flushed() + more, kCommitFlushed, c);
  }
  ReleaseHead(c);
}

void DatabaseTier::ReleaseHead(uint32_t c) {
  Connection& connection = connections_[c];
  const uint32_t index = connection.head;
  connection.head = requests_[index].next;
  if (connection.head == kNone) connection.tail = kNone;
  --connection.in_flight;
  Worker& worker = workers_[connection.worker];
  while (worker.wait_head != kNone) {
    const uint32_t waiting = worker.wait_head;
    worker.wait_head = requests_[waiting].next;
    if (worker.wait_head == kNone) worker.wait_tail = kNone;
    --worker.waiting;
    --waiting_;
    if (system_.overload.deadline_before_database && client_.DropLate(waiting)) [[unlikely]] {
      continue;
    }
    requests_[waiting].next = kNone;
    Append(c, waiting);
    break;
  }
  if (worker.closing && connection.head == kNone) [[unlikely]] {
    --worker.open_connections;
    --open_connections_;
  }
  if (connection.head != kNone) StartHead(c, 0);
  client_.RoundTripDone(index);
}

bool DatabaseTier::NeedsAudit(uint32_t index) {
  const OperationModel& operation = system_.operations[requests_[index].operation];
  return operation.audited_read && system_.database.flush > 0 &&
         operation.audits.Sample(random_) > 0;
}

void DatabaseTier::Audit(uint32_t index) {
  Request& request = requests_[index];
  Worker& worker = workers_[request.worker];
  if (system_.pod.audit_connections > 0 && worker.audit_connections == 0) {
    return Fail(index);  // no record, no answer
  }
  request.next = kNone;
  (worker.audit_waiting == kNone ? worker.audit_waiting : requests_[worker.audit_tail].next) =
      index;
  worker.audit_tail = index;
  if (!worker.audit_busy) WriteAudit(request.worker);
}

void DatabaseTier::WriteAudit(uint32_t w) {
  Worker& worker = workers_[w];
  worker.audit_writing = worker.audit_waiting;
  worker.audit_waiting = kNone;
  worker.audit_busy = true;
  const DatabaseModel& database = system_.database;
  if (database.audit_batch <= 0) {
    return queue_.Push(now_ + database.audit_insert + database.round_trip, kAuditInserted, w);
  }
  double demand = database.audit_batch;
  for (uint32_t i = worker.audit_writing; i != kNone; i = requests_[i].next) {
    demand += database.audit_row;
  }
  drawn_ += demand;
  processor_.Enter(now_, demand, kAuditJob | w);
}

void DatabaseTier::AuditInserted(uint32_t w) { queue_.Push(Flushed(), kAuditDurable, w); }

void DatabaseTier::AuditFlushed(uint32_t w) {
  for (uint32_t index = workers_[w].audit_writing; index != kNone;) {
    const uint32_t next = requests_[index].next;
    client_.AuditDurable(index);
    index = next;
  }
  workers_[w].audit_busy = false;
  if (workers_[w].audit_waiting != kNone) WriteAudit(w);
}

}  // namespace simulator
