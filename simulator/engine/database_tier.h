#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "simulator/engine/options.h"
#include "simulator/engine/request_table.h"
#include "simulator/engine/system_model.h"
#include "simulator/kernel/event_queue.h"
#include "simulator/stations/group_commit.h"
#include "simulator/stations/shared_processor.h"

namespace simulator {

// The database of one replication and the workers' connections to it.
//
// A request's round trips come one after the other. Each goes to its worker's open connection with
// the fewest in flight; when all are full it waits in the worker's queue, which is bounded. A
// connection works on one round trip at a time, in order (head-of-line blocking is exact), on the
// database's shared processor; a commit that waits for its flush holds its connection.
//
// Records of PHI reads: those that come while a worker's batch is on its way form the next batch
// (insert, then WAL flush). Where the profile knows what a batch costs, its insert is work on the
// shared processor too.
//
// Owned by the simulation, whose clock, requests and event queue it uses; pushes events of the
// kinds kCommitFlushed, kAuditInserted and kAuditDurable, which the simulation hands back.
class DatabaseTier {
 public:
  // Whom the tier answers. May call the tier again at once.
  class Client {
   public:
    // The request's round trip is done: its answer leaves the database now.
    virtual void RoundTripDone(uint32_t request) = 0;
    // No connection or no room to wait: request.failure says so.
    virtual void DatabaseFailed(uint32_t request) = 0;
    virtual void AuditDurable(uint32_t request) = 0;
    // Before a round trip goes to a connection, where deadlines are looked at then: true when the
    // request's has passed and it is gone.
    virtual bool DropLate(uint32_t request) = 0;

   protected:
    ~Client() = default;
  };

  // `now` is the simulation's clock. All references must outlive the tier.
  DatabaseTier(const SystemModel& system, const RunOptions& options, uint32_t replication,
               const Nanos& now, RequestTable& requests, EventQueue& queue, Client& client);

  // Workers are numbered as they come, like the simulation's.
  void AddWorkers(uint32_t count);
  // Opens what these workers lack, as far as the database allows; returns how many are missing.
  uint32_t OpenConnections(uint32_t first_worker, uint32_t count);
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
  void Depart();
  // Events.
  void CommitFlushed(uint32_t connection) { ReleaseHead(connection); }
  void AuditInserted(uint32_t worker);
  void AuditFlushed(uint32_t worker);

  // Figures.
  uint32_t open_connections() const { return open_connections_; }
  uint64_t waiting() const { return waiting_; }         // for a connection
  size_t running() const { return processor_.size(); }  // statements on the CPU
  double Busy() const { return processor_.BusyIntegral(now_); }
  Nanos WalBusy() const { return wal_.BusyUntil(now_); }
  // Demand drawn, and demand done or still present, in nanoseconds: equal but for rounding.
  double drawn() const { return drawn_; }
  double Accounted() const { return processor_.ServiceGiven(now_) + processor_.Remaining(now_); }

 private:
  struct Connection {
    uint32_t head = kNone;  // the request whose round trip is being worked on
    uint32_t tail = kNone;
    uint32_t in_flight = 0;
    uint32_t worker = 0;
  };
  struct Worker {
    uint32_t first_connection = 0;
    uint32_t open_connections = 0;
    uint32_t wait_head = kNone;
    uint32_t wait_tail = kNone;
    uint32_t waiting = 0;
    uint32_t audit_waiting = kNone;  // requests whose records form the next batch
    uint32_t audit_tail = kNone;
    uint32_t audit_writing = kNone;  // of the batch on its way
    uint32_t audit_connections = 0;
    bool audit_busy = false;
    bool closing = false;  // no new work comes; a connection closes when it is idle
  };

  void Fail(uint32_t request);
  void Wait(Worker& worker, uint32_t request);
  void Append(uint32_t connection, uint32_t request);
  // `wake_up`: CPU on top when the backend slept.
  void StartHead(uint32_t connection, double wake_up);
  Nanos Flushed();
  void WorkDone(uint32_t connection);
  void ReleaseHead(uint32_t connection);
  void WriteAudit(uint32_t worker);

  const SystemModel& system_;
  const RunOptions& options_;
  const Nanos& now_;
  RequestTable& requests_;
  EventQueue& queue_;
  Client& client_;

  std::vector<Worker> workers_;
  std::vector<Connection> connections_;
  SharedProcessor processor_;
  GroupCommit wal_;
  base::RandomStream random_;
  base::RandomStream flush_random_;
  uint32_t open_connections_ = 0;
  uint64_t waiting_ = 0;
  double drawn_ = 0;
};

}  // namespace simulator
