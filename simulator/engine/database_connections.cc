#include <algorithm>

#include "absl/strings/str_cat.h"
#include "simulator/engine/database_tier.h"
#include "simulator/engine/event_kinds.h"
#include "simulator/engine/recorder.h"

// Pools of the workers, backends of the database, and the pooler between them.
namespace simulator {

// Between the CPU work of a new backend and its use: TCP, start-up message, authentication.
constexpr int kHandshakeRoundTrips = 3;
constexpr uint32_t kMaximumOutOfMemoryEvents = 20;

void DatabaseTier::SetBackends(uint32_t count) {
  backend_time_ = ConnectionTime();
  backends_since_ = now_;
  backends_ = count;
  backends_max_ = std::max(backends_max_, count);
}

uint32_t DatabaseTier::OpenConnections(uint32_t first_worker, uint32_t count, bool established) {
  uint32_t missing = 0;
  for (uint32_t w = first_worker; w < first_worker + count; ++w) {
    Worker& worker = workers_[w];
    if (down_) worker.counted = false;
    while (!system_.pod.pool_lazy && worker.open_connections < system_.pod.connections_per_worker) {
      if (!Grant(w, established)) {
        missing += system_.pod.connections_per_worker - worker.open_connections;
        break;
      }
    }
    uint32_t audit = system_.pod.audit_connections - worker.audit_connections;
    for (; audit > 0; --audit) {
      if (!pooler_ && !down_) {
        if (backends_ >= system_.database.usable_connections) break;
        SetBackends(backends_ + 1);
        if (!established && system_.database.connect > 0) {
          Enter(system_.database.connect, kAuditJob);
        }
      }
      ++worker.audit_connections;
    }
    missing += audit;
    ResumeAudits(w);
  }
  CheckMemory();
  return missing;
}

void DatabaseTier::CloseConnections(uint32_t first_worker, uint32_t count) {
  for (uint32_t w = first_worker; w < first_worker + count; ++w) {
    Worker& worker = workers_[w];
    worker.closing = true;
    uint32_t busy = 0;
    for (uint32_t i = 0; i < worker.open_connections; ++i) {
      Connection& connection = connections_[worker.first_connection + i];
      busy += connection.head != kNone;
      if (!pooler_) continue;
      pooler_->Leave(connection.process);
      if (connection.head == kNone) Closed(connection, worker);
    }
    if (pooler_) {
      worker.open_connections = 0;
    } else if (worker.counted && !down_) {
      SetBackends(backends_ - worker.open_connections + busy - worker.audit_connections);
      worker.open_connections = busy;
    } else {
      worker.open_connections = 0;
    }
    worker.audit_connections = 0;
  }
}

// An idle connection of a worker that leaves.
void DatabaseTier::Closed(Connection& connection, Worker& worker) {
  if (!pooler_) {
    if (worker.open_connections == 0) return;
    --worker.open_connections;
    SetBackends(backends_ - 1);
  } else if (connection.has_server) {
    connection.has_server = false;
    ++(*pooler_)[connection.process].idle;
    ServeClients(connection.process, 0);
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

// One more connection of the worker's pool; false: the database or the pooler takes none.
bool DatabaseTier::Grant(uint32_t w, bool established) {
  Worker& worker = workers_[w];
  const uint32_t c = worker.first_connection + worker.open_connections;
  if (pooler_) {
    const int process = pooler_->Accept();
    if (process < 0) return false;
    connections_[c].process = static_cast<uint16_t>(process);
    ++worker.open_connections;
    Up(c);
    return true;
  }
  if (!down_) {
    if (backends_ >= system_.database.usable_connections) return false;
    SetBackends(backends_ + 1);
  }
  ++worker.open_connections;
  if (established) {
    Up(c);
  } else if (!down_) {
    BeginConnect(c);
  }
  return true;
}

void DatabaseTier::BeginConnect(uint32_t c) {
  connections_[c].in_flight = kNotUp;
  if (system_.database.connect <= 0) return Up(c);
  Enter(system_.database.connect, kConnectJob | c);
}

// The CPU work of a new backend is done.
void DatabaseTier::Handshake(uint32_t job) {
  if ((job & kAuditJob) == kAuditJob) return;
  const Nanos due = now_ + kHandshakeRoundTrips * system_.database.round_trip;
  const uint32_t index = job & (kConnectJob - 1);
  if ((job & kServerJob) != 0) {
    (*pooler_)[index].opening = due;
    return queue_.Push(due, kDatabaseConnected, kProcessBit | index);
  }
  connections_[index].due = due;
  queue_.Push(due, kDatabaseConnected, index);
}

void DatabaseTier::Connected(uint32_t index) {
  if ((index & kProcessBit) != 0) {
    const uint32_t p = index & (kProcessBit - 1);
    if ((*pooler_)[p].opening == now_) ServerUp(p);
    return;
  }
  const Connection& connection = connections_[index];
  if (connection.due != now_ || connection.in_flight < kNotUp ||
      workers_[connection.worker].closing) {
    return;
  }
  Up(index);
}

void DatabaseTier::Up(uint32_t c) {
  Connection& connection = connections_[c];
  connection.in_flight = 0;
  connection.due = kNever;
  Worker& worker = workers_[connection.worker];
  while (worker.wait_head != kNone && connection.in_flight < system_.pod.pipeline_depth) {
    Append(c, PopWaiting(worker));
  }
  if (connection.head != kNone) StartHead(c, system_.wake.database);
}

// All of the worker's connections are full, or none is up.
void DatabaseTier::Wait(uint32_t w, uint32_t index, bool nothing_up) {
  Worker& worker = workers_[w];
  if (system_.pod.pool_lazy && worker.open_connections < system_.pod.connections_per_worker &&
      !down_ && Grant(w, false)) {
    CheckMemory();
    nothing_up = false;
    const uint32_t c = worker.first_connection + worker.open_connections - 1;
    if (connections_[c].in_flight < system_.pod.pipeline_depth) {
      Append(c, index);
      if (connections_[c].head == index) StartHead(c, system_.wake.database);
      return;
    }
  }
  const bool lazily = system_.pod.pool_lazy && worker.open_connections > 0 && !down_;
  if ((nothing_up && system_.pod.pool_wait == 0 && !lazily) ||
      worker.waiting >= system_.pod.pool_wait_limit) {
    return Fail(index, kPoolExhausted);
  }
  (worker.wait_tail == kNone ? worker.wait_head : requests_[worker.wait_tail].next) = index;
  worker.wait_tail = index;
  ++worker.waiting;
  ++waiting_;
  if (system_.pod.pool_wait > 0) {
    if (index >= wait_since_.size()) wait_since_.resize(index + 1);
    wait_since_[index] = now_;
    if (!worker.timer) {
      worker.timer = true;
      queue_.Push(now_ + system_.pod.pool_wait, kDatabaseControl, kPoolTimer + w);
    }
  }
}

uint32_t DatabaseTier::PopWaiting(Worker& worker) {
  const uint32_t index = worker.wait_head;
  worker.wait_head = requests_[index].next;
  if (worker.wait_head == kNone) worker.wait_tail = kNone;
  --worker.waiting;
  --waiting_;
  requests_[index].next = kNone;
  return index;
}

// First in, first out with one timeout for all: the head is the next whose time is up.
void DatabaseTier::PoolTimer(uint32_t w) {
  workers_[w].timer = false;
  while (workers_[w].wait_head != kNone &&
         wait_since_[workers_[w].wait_head] + system_.pod.pool_wait <= now_) {
    Fail(PopWaiting(workers_[w]), kPoolExhausted);
  }
  if (workers_[w].wait_head == kNone) return;
  workers_[w].timer = true;
  queue_.Push(wait_since_[workers_[w].wait_head] + system_.pod.pool_wait, kDatabaseControl,
              kPoolTimer + w);
}

// More memory than the database has: the kernel kills a backend, PostgreSQL ends all and recovers.
void DatabaseTier::CheckMemory() {
  const DatabaseModel& model = system_.database;
  if (model.memory_bytes <= 0 || model.connection_bytes <= 0 || down_) return;
  const double needed = model.shared_bytes + backends_ * model.connection_bytes;
  if (needed <= model.memory_bytes) return;
  if (++out_of_memory_ <= kMaximumOutOfMemoryEvents) {
    client_.DatabaseEvent(
        "crash",
        absl::StrCat("out of memory: ", backends_, " connections x ",
                     static_cast<int64_t>(model.connection_bytes / 1048576), " MiB + ",
                     static_cast<int64_t>(model.shared_bytes / 1048576), " MiB shared buffers > ",
                     static_cast<int64_t>(model.memory_bytes / 1048576), " MiB"));
  }
  GoDown("killed for memory", now_ + model.restart);
}

// The client's next transaction has passed the pooler's thread.
void DatabaseTier::PoolerForwarded(uint32_t c) {
  Connection& connection = connections_[c];
  if (connection.due != now_ || connection.head == kNone) return;
  connection.due = kNever;
  if (connection.has_server) return Run(c, system_.wake.database);
  Pooler::Process& process = (*pooler_)[connection.process];
  connection.waits_server = true;
  connection.due = now_;
  process.waiting.push_back({c, now_});
  if (process.idle > 0) return ServeClients(connection.process, system_.wake.database);
  OpenServer(connection.process);
  if (!process.timer && connection.waits_server) {
    process.timer = true;
    queue_.Push(now_ + system_.database.pooler_query_wait, kDatabaseControl,
                kProcessBit | connection.process);
  }
}

// Waiting clients first come, first served; those that have left are skipped.
void DatabaseTier::ServeClients(uint32_t p, double wake_up) {
  Pooler::Process& process = (*pooler_)[p];
  while (process.idle > 0 && !process.waiting.empty()) {
    const Pooler::Waiting next = process.waiting.front();
    process.waiting.pop_front();
    Connection& connection = connections_[next.connection];
    if (!connection.waits_server || connection.due != next.since) continue;
    --process.idle;
    connection.waits_server = false;
    connection.due = kNever;
    connection.has_server = true;
    Run(next.connection, wake_up);
  }
}

// PgBouncer opens one server connection of a pool at a time.
void DatabaseTier::OpenServer(uint32_t p) {
  Pooler::Process& process = (*pooler_)[p];
  if (down_ || process.opening != kNever || process.servers >= system_.database.pooler_pool_size ||
      backends_ >= system_.database.usable_connections) {
    return;
  }
  ++process.servers;
  SetBackends(backends_ + 1);
  process.opening = 0;
  if (system_.database.connect <= 0) {
    ServerUp(p);
  } else {
    Enter(system_.database.connect, kServerJob | p);
  }
  CheckMemory();
}

void DatabaseTier::ServerUp(uint32_t p) {
  Pooler::Process& process = (*pooler_)[p];
  process.opening = kNever;
  ++process.idle;
  ServeClients(p, 0);
  if (!process.waiting.empty()) OpenServer(p);
}

// A client that waited too long is disconnected with all it has under way, and comes back.
void DatabaseTier::QueryWaitTimer(uint32_t p) {
  Pooler::Process& process = (*pooler_)[p];
  process.timer = false;
  while (!process.waiting.empty()) {
    const Pooler::Waiting first = process.waiting.front();
    Connection& connection = connections_[first.connection];
    const bool there = connection.waits_server && connection.due == first.since;
    if (there && first.since + system_.database.pooler_query_wait > now_) break;
    process.waiting.pop_front();
    if (!there) continue;
    connection.waits_server = false;
    std::vector<uint32_t> lost;
    TakePipeline(connection, &lost);
    for (const uint32_t index : lost) Fail(index, kPoolExhausted);
    Up(first.connection);
  }
  if (process.waiting.empty()) return;
  process.timer = true;
  queue_.Push(process.waiting.front().since + system_.database.pooler_query_wait, kDatabaseControl,
              kProcessBit | p);
}

}  // namespace simulator
