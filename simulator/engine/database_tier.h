#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "simulator/engine/commit_path.h"
#include "simulator/engine/options.h"
#include "simulator/engine/pooler.h"
#include "simulator/engine/request_table.h"
#include "simulator/engine/system_model.h"
#include "simulator/kernel/event_queue.h"
#include "simulator/stations/shared_processor.h"

namespace simulator {

// The database of one replication and the workers' connections to it.
//
// A request's round trips come one after the other. Each goes to its worker's open connection with
// the fewest in flight; when all are full it waits in the worker's queue, which is bounded in
// length and, with a pool timeout, in time. With none up it fails at once, unless the pool has a
// timeout. A connection works on one round trip at a time, in order (head-of-line blocking is
// exact), on the database's shared processor; a commit that waits for its flush holds its
// connection.
//
// Connections: each costs the database `connect` of CPU and three network round trips before it can
// be used (those of pods that run at the start are there); a lazy pool opens one when all it has
// are full. Backends beyond the usable ones are refused; when they need more memory than the
// database has, it is killed and restarts.
//
// PgBouncer: the pods' connections end there and cost nothing to open. A transaction passes its
// process's single thread, takes a server connection or waits for one in the order of arrival (at
// most the query wait time, then the client's connection is closed), and gives it back when it is
// over; in session mode the first transaction of a client keeps it until the client leaves.
//
// Faults: restart, failover, slower CPU. At a restart or failover everything in flight fails with
// http_5xx, all backends are gone, and workers reconnect together on the server's schedule.
//
// Deadlines: with the deployment's request_deadline a request that still waits for the database
// that long after its worker took it fails at the server's next look at the time (every 10 ms), in
// a queue or at a connection; a statement that was sent goes on without it. A read whose record
// cannot be written, as its worker has no audit connection or the database is down, waits so too;
// without a deadline it fails at once.
//
// Records of PHI reads: those that come while a worker's batch is on its way form the next batch
// (insert, then WAL flush). Where the profile knows what a batch costs, its insert is work on the
// shared processor too.
//
// Owned by the simulation, whose clock, requests and event queue it uses; pushes events of the
// kinds from kCommitFlushed to kDatabaseControl, which the simulation hands back. Sources: the
// request's path in database_tier.cc, connections in database_connections.cc, database_faults.cc,
// request_deadlines.cc.
class DatabaseTier {
 public:
  // Whom the tier answers. May call the tier again at once.
  class Client {
   public:
    // The request's round trip is done: its answer leaves the database now.
    virtual void RoundTripDone(uint32_t request) = 0;
    // No connection, no room or time to wait, or the database is gone: request.failure says so.
    virtual void DatabaseFailed(uint32_t request) = 0;
    virtual void AuditDurable(uint32_t request) = 0;
    // Before a round trip goes to a connection, where deadlines are looked at then: true when the
    // request's has passed and it is gone.
    virtual bool DropLate(uint32_t request) = 0;
    // When the worker will have done what it has to do now.
    virtual Nanos WorkerFree(uint32_t worker) const = 0;
    // On a shared host: the cores that so many running backends get together.
    virtual double CoresFor(size_t backends) const = 0;
    // Something for the run's story (Result.events).
    virtual void DatabaseEvent(const std::string& kind, const std::string& text) = 0;

   protected:
    ~Client() = default;
  };

  // `now` is the simulation's clock. All references must outlive the tier.
  DatabaseTier(const SystemModel& system, const RunOptions& options, uint32_t replication,
               const Nanos& now, RequestTable& requests, EventQueue& queue, Client& client);

  // Workers are numbered as they come, like the simulation's.
  void AddWorkers(uint32_t count);
  // Opens what these workers lack, as far as the database (or the pooler) allows; returns how many
  // are missing. `established`: they were opened long ago and cost nothing.
  uint32_t OpenConnections(uint32_t first_worker, uint32_t count, bool established);
  // Idle ones at once, busy ones when their statement is done.
  void CloseConnections(uint32_t first_worker, uint32_t count);
  // These workers have died. The database finishes the statements that it works on; the requests
  // that wait behind them, for a connection or for an audit batch, are no longer here: their list.
  std::vector<uint32_t> Kill(uint32_t first_worker, uint32_t count);

  // Draws what the request needs here; false: nothing.
  bool Begin(uint32_t request);
  // The next round trip of a request that has some left.
  void Submit(uint32_t request);
  // Draws whether the answer of this read has to wait for its record; then Audit() it.
  bool NeedsAudit(uint32_t request);
  // AuditDurable or DatabaseFailed follows.
  void Audit(uint32_t request);

  // The earliest departure from the database's CPU, and its departure when it is due.
  Nanos NextTime() const { return processor_.NextTime(); }
  void Depart() {
    ShareCores(processor_.size() - 1);
    const uint32_t job = processor_.Depart(now_);
    if (job < kBatchJob) [[likely]] {
      WorkDone(job);
    } else if (job < kConnectJob) {
      BatchDone(job - kBatchJob);
    } else {
      Handshake(job);
    }
  }
  // Events.
  void CommitFlushed(uint32_t connection) {
    if (connections_[connection].due != now_) return;  // of a connection that was lost meanwhile
    connections_[connection].due = kNever;
    ReleaseHead(connection);
  }
  void AuditInserted(uint32_t worker);
  void AuditFlushed(uint32_t worker);
  void Connected(uint32_t index);
  void PoolerForwarded(uint32_t connection);
  void PoolerReturned(uint32_t request) { client_.RoundTripDone(request); }
  void ControlEvent(uint32_t index);

  // Faults. Before the first one is due, call TrackCommits at the start of the run.
  void TrackCommits() { commits_.Track(); }
  // The primary stops now and takes connections again after `recovery` (0: the deployment's).
  void Restart(Nanos recovery);
  // The primary is lost; a standby takes over as the deployment says, or nobody does.
  void Failover();
  // The database's CPU has `factor` of its speed from now on.
  void SetSpeed(double factor) { processor_.SetSpeed(now_, factor); }

  // Figures.
  uint32_t open_connections() const { return backends_; }  // backends
  uint32_t open_connections_max() const { return backends_max_; }
  // Their integral over time, connection-nanoseconds.
  double ConnectionTime() const {
    return backend_time_ + static_cast<double>(now_ - backends_since_) * backends_;
  }
  uint32_t pooler_clients() const { return pooler_ ? pooler_->clients() : 0; }
  uint64_t waiting() const { return waiting_; }         // for a connection of the worker's pool
  size_t running() const { return processor_.size(); }  // statements on the CPU
  double Busy() const { return processor_.BusyIntegral(now_); }
  Nanos WalBusy() const { return commits_.BusyUntil(now_); }
  Nanos PoolerBusy() const { return pooler_ ? pooler_->BusyUntil(now_) : 0; }
  uint64_t writes() const { return writes_; }          // transactions that commit something
  uint64_t audit_rows() const { return audit_rows_; }  // of reads
  uint64_t commits_lost() const { return commits_lost_; }
  // Demand drawn, and demand done, still present or lost in a fault, in nanoseconds: equal but for
  // rounding.
  double drawn() const { return drawn_; }
  double Accounted() const {
    return processor_.ServiceGiven(now_) + processor_.Remaining(now_) + abandoned_;
  }
  // Empty, or what is wrong: requests inside connections and queues are counted twice over.
  std::string Check() const;

 private:
  // Demand of waking the connection's idle backend.
  double WakeUp(uint32_t connection) const;
  // Before `running` statements are on the CPU.
  void ShareCores(size_t running) {
    if (system_.host.shared()) processor_.set_ceiling(client_.CoresFor(running));
  }

  // Jobs of the processor below are connections at work.
  static constexpr uint32_t kBatchJob = 1u << 29;    // + worker: its audit records
  static constexpr uint32_t kConnectJob = 1u << 30;  // + connection
  static constexpr uint32_t kServerJob = 2u << 30;   // + pooler process
  static constexpr uint32_t kAuditJob = 3u << 30;    // an audit connection's
  static constexpr uint32_t kNotUp = 1u << 30;       // in_flight of a connection that is not up
  // Indices of kDatabaseControl and kDatabaseConnected.
  static constexpr uint32_t kUp = 0;
  static constexpr uint32_t kReconnect = 1;
  static constexpr uint32_t kPoolTimer = 16;         // + worker
  static constexpr uint32_t kDeadline = 1u << 22;    // + worker
  static constexpr uint32_t kProcessBit = 1u << 23;  // + pooler process

  struct Connection {
    uint32_t head = kNone;  // the request whose round trip is being worked on
    uint32_t tail = kNone;
    uint32_t in_flight = kNotUp;
    uint32_t worker = 0;
    Nanos idle_since = 0;
    Nanos due = kNever;         // of the event on its way (flush, connect, forward)
    uint16_t process = 0;       // of the pooler
    bool has_server = false;    // of the pooler
    bool waits_server = false;  // since `due`
  };
  struct Worker {
    uint32_t first_connection = 0;
    uint32_t open_connections = 0;  // slots in use, up or about to be
    uint32_t wait_head = kNone;
    uint32_t wait_tail = kNone;
    uint32_t waiting = 0;
    uint32_t audit_waiting = kNone;  // requests whose records form the next batch
    uint32_t audit_tail = kNone;
    uint32_t audit_writing = kNone;  // of the batch on its way
    uint32_t audit_connections = 0;
    Nanos audit_due = kNever;
    uint32_t audit_left = 0;   // records in the batch on its way whose requests have been answered
    uint32_t audit_stuck = 0;  // records queued since none can be written, the answered ones too
    Nanos deadline_due = kNever;  // of the event that looks at the time
    uint16_t oldest = 0;          // the tick that it is for
    bool audit_busy = false;
    bool closing = false;  // no new work comes; a connection closes when it is idle
    bool counted = true;   // its backends are part of backends_
    bool timer = false;    // a kPoolTimer is on its way
  };

  // database_tier.cc
  void Fail(uint32_t request, uint8_t outcome);
  void Append(uint32_t connection, uint32_t request);
  // `wake_up`: CPU on top when the backend slept.
  void StartHead(uint32_t connection, double wake_up);
  void Run(uint32_t connection, double wake_up);
  void WorkDone(uint32_t connection);
  void ReleaseHead(uint32_t connection);
  void WriteAudit(uint32_t worker);
  void NextBatch(uint32_t worker);
  void BatchDone(uint32_t worker);

  // request_deadlines.cc
  struct Look;
  void Watch(uint32_t worker, uint16_t taken) {
    if (system_.pod.request_deadline == 0) return;
    const Worker& at = workers_[worker];
    if (at.deadline_due != kNever && static_cast<int16_t>(taken - at.oldest) >= 0) return;
    ArmDeadline(worker, taken);
  }
  void ArmDeadline(uint32_t worker, uint16_t taken);
  void PassDeadlines(uint32_t worker);
  void TakeLate(uint32_t* head, uint32_t* tail, uint8_t outcome, Look* look);
  void TakeLateSent(Connection& connection, Look* look);
  bool AuditStuck(const Worker& worker) const {
    return down_ || (system_.pod.audit_connections > 0 && worker.audit_connections == 0);
  }
  bool HoldsAudits(const Worker& worker) const {
    return system_.pod.request_deadline > 0 && !worker.closing;
  }
  void HoldAudit(uint32_t worker, uint32_t request);
  void HoldBatch(Worker& worker);
  void ResumeAudits(uint32_t worker);

  // database_connections.cc
  void SetBackends(uint32_t count);
  void Closed(Connection& connection, Worker& worker);
  void Wait(uint32_t worker, uint32_t request, bool nothing_up);
  uint32_t PopWaiting(Worker& worker);
  void PoolTimer(uint32_t worker);
  bool Grant(uint32_t worker, bool established);
  void BeginConnect(uint32_t connection);
  void Up(uint32_t connection);
  void Handshake(uint32_t job);
  void Enter(double demand, uint32_t job);
  void CheckMemory();
  void OpenServer(uint32_t process);
  void ServerUp(uint32_t process);
  void ServeClients(uint32_t process, double wake_up);
  void QueryWaitTimer(uint32_t process);

  // database_faults.cc
  void GoDown(const std::string& why, Nanos up_at);
  void TakePipeline(Connection& connection, std::vector<uint32_t>* lost);
  void TakeAudits(Worker& worker, std::vector<uint32_t>* lost);
  void Reconnect();

  const SystemModel& system_;
  const RunOptions& options_;
  const Nanos& now_;
  RequestTable& requests_;
  EventQueue& queue_;
  Client& client_;

  std::vector<Worker> workers_;
  std::vector<Connection> connections_;
  std::vector<Nanos> wait_since_;  // per request, where pools have a timeout
  SharedProcessor processor_;
  CommitPath commits_;
  std::optional<Pooler> pooler_;
  base::RandomStream random_;
  uint32_t backends_ = 0;
  uint32_t backends_max_ = 0;
  double backend_time_ = 0;
  Nanos backends_since_ = 0;
  uint64_t waiting_ = 0;
  uint64_t writes_ = 0;
  uint64_t audit_rows_ = 0;
  uint64_t commits_lost_ = 0;
  double drawn_ = 0;
  double abandoned_ = 0;
  uint32_t standbys_ = 0;
  bool down_ = false;
  Nanos down_since_ = 0;
  Nanos up_due_ = kNever;
  Nanos reconnect_due_ = kNever;
  uint64_t out_of_memory_ = 0;
};

}  // namespace simulator
