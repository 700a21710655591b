#include "simulator/engine/database_tier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "simulator/engine/event_kinds.h"
#include "simulator/engine/recorder.h"

namespace simulator {

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
      commits_(system.database, options.seed, replication),
      random_(options.seed, replication, "database", "demand"),
      standbys_(system.database.standbys) {
  processor_.set_busy_limit(system.database.cores);
  if (system.database.pooled) pooler_.emplace(system.database, options.seed, replication);
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
  Watch(request.worker, request.taken);
  const Worker& worker = workers_[request.worker];
  request.next = kNone;
  request.segment =
      static_cast<float>(system_.operations[request.operation].segment.Sample(random_));
  uint32_t best = kNone;
  for (uint32_t c = worker.first_connection; c < worker.first_connection + worker.open_connections;
       ++c) {
    if (best == kNone || connections_[c].in_flight < connections_[best].in_flight) best = c;
  }
  if (best == kNone || connections_[best].in_flight >= system_.pod.pipeline_depth) {
    return Wait(request.worker, index, best == kNone || connections_[best].in_flight >= kNotUp);
  }
  Append(best, index);
  request.woke = connections_[best].head == index;
  if (request.woke) StartHead(best, WakeUp(best));
}

void DatabaseTier::Fail(uint32_t index, uint8_t outcome) {
  if (!Dead(requests_[index])) requests_[index].failure = outcome;
  client_.DatabaseFailed(index);
}

void DatabaseTier::Append(uint32_t c, uint32_t index) {
  Connection& connection = connections_[c];
  requests_[index].connection = c;
  ++connection.in_flight;
  (connection.tail == kNone ? connection.head : requests_[connection.tail].next) = index;
  connection.tail = index;
}

double DatabaseTier::WakeUp(uint32_t c) const {
  const Nanos slept =
      std::min(now_ - connections_[c].idle_since, system_.wake.longest_database_sleep);
  return system_.wake.database + system_.wake.database_per_slept * static_cast<double>(slept);
}

void DatabaseTier::StartHead(uint32_t c, double wake_up) {
  if (pooler_) {
    Connection& connection = connections_[c];
    connection.due = pooler_->Pass(connection.process, now_);
    return queue_.Push(connection.due, kPoolerForwarded, c);
  }
  Run(c, wake_up);
}

void DatabaseTier::Run(uint32_t c, double wake_up) {
  Enter(requests_[connections_[c].head].segment + wake_up, c);
}

void DatabaseTier::Enter(double demand, uint32_t job) {
  drawn_ += demand;
  ShareCores(processor_.size() + 1);
  processor_.Enter(now_, demand, job);
}

// The backend's CPU work is done; a commit still holds the connection until it is acknowledged.
void DatabaseTier::WorkDone(uint32_t c) {
  Request& request = requests_[connections_[c].head];
  --request.segments;
  if (request.segments == 0 && request.commits > 0) {
    ++writes_;
    const Nanos done = commits_.Admit(now_, request.commits, 1);
    if (commits_.waits()) {
      connections_[c].due = done;
      return queue_.Push(done, kCommitFlushed, c);
    }
  }
  ReleaseHead(c);
}

void DatabaseTier::ReleaseHead(uint32_t c) {
  Connection& connection = connections_[c];
  const uint32_t index = connection.head;
  connection.head = requests_[index].next;
  if (connection.head == kNone) {
    connection.tail = kNone;
    connection.idle_since = now_;
  }
  --connection.in_flight;
  Worker& worker = workers_[connection.worker];
  while (worker.wait_head != kNone) {
    const uint32_t waiting = PopWaiting(worker);
    if (system_.overload.deadline_before_database && client_.DropLate(waiting)) [[unlikely]] {
      continue;
    }
    Append(c, waiting);
    break;
  }
  if (worker.closing && connection.head == kNone) [[unlikely]]
    Closed(connection, worker);
  if (pooler_) {
    if (!system_.database.pooler_session && connection.has_server) {
      connection.has_server = false;
      ++(*pooler_)[connection.process].idle;
      ServeClients(connection.process, 0);
    }
    queue_.Push(pooler_->Pass(connection.process, now_), kPoolerReturned, index);
    if (connection.head != kNone) StartHead(c, 0);
    return;
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
  if (AuditStuck(worker)) [[unlikely]] {
    return HoldAudit(request.worker, index);
  }
  Watch(request.worker, request.taken);
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
  if (database.audit_batch <= 0) return BatchDone(w);
  double demand = database.audit_batch;
  for (uint32_t i = worker.audit_writing; i != kNone; i = requests_[i].next) {
    demand += database.audit_row;
  }
  Enter(demand, kBatchJob | w);
}

// The database has worked on the batch; its answer and the rest of the insert's delay follow.
void DatabaseTier::BatchDone(uint32_t w) {
  workers_[w].audit_due =
      now_ + system_.database.audit_insert + system_.database.round_trip + system_.host.scheduling;
  queue_.Push(workers_[w].audit_due, kAuditInserted, w);
}

void DatabaseTier::AuditInserted(uint32_t w) {
  Worker& worker = workers_[w];
  if (worker.audit_due != now_) return;
  uint32_t records = std::exchange(worker.audit_left, 0);
  for (uint32_t i = worker.audit_writing; i != kNone; i = requests_[i].next) ++records;
  audit_rows_ += records;
  worker.audit_due = commits_.Admit(now_, 1, records);
  queue_.Push(worker.audit_due, kAuditDurable, w);
}

void DatabaseTier::AuditFlushed(uint32_t w) {
  if (workers_[w].audit_due != now_) return;
  workers_[w].audit_due = kNever;
  if (workers_[w].audit_writing == kNone) return NextBatch(w);
  // The worker hears of it when what it has to do already is done; until then records gather.
  const Nanos heard = system_.wake.any() ? client_.WorkerFree(w) : now_;
  for (uint32_t index = workers_[w].audit_writing; index != kNone;) {
    const uint32_t next = requests_[index].next;
    client_.AuditDurable(index);
    index = next;
  }
  workers_[w].audit_writing = kNone;
  if (heard <= now_) return NextBatch(w);
  workers_[w].audit_due = heard;
  queue_.Push(heard, kAuditDurable, w);
}

void DatabaseTier::NextBatch(uint32_t w) {
  workers_[w].audit_busy = false;
  if (workers_[w].audit_waiting != kNone) WriteAudit(w);
}

std::string DatabaseTier::Check() const {
  uint64_t waiting = 0;
  uint32_t backends = 0;
  for (const Worker& worker : workers_) {
    waiting += worker.waiting;
    if (!pooler_ && worker.counted && !down_) {
      backends += worker.open_connections + worker.audit_connections;
    }
  }
  if (pooler_) {
    for (const Pooler::Process& process : pooler_->processes()) {
      if (process.idle > process.servers) {
        return absl::StrCat("the pooler has ", process.servers, " server connections, ",
                            process.idle, " of them idle");
      }
      backends += process.servers;
    }
  }
  if (waiting != waiting_) {
    return absl::StrCat(waiting, " requests wait for a connection, counted ", waiting_);
  }
  if (backends != backends_) {
    return absl::StrCat(backends, " database connections are open, counted ", backends_);
  }
  if (backends_ > system_.database.usable_connections) {
    return absl::StrCat(backends_, " database connections are open, ",
                        system_.database.usable_connections, " are usable");
  }
  return "";
}

}  // namespace simulator
