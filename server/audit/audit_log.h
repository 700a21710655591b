#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/task.h"
#include "server/cost/request_cost.h"
#include "server/postgres/database.h"
#include "server/postgres/segment.h"

// AuditLog: who looked at or changed which patient's data, durable before the answer leaves.
//
// Reads go by group commit: entries that arrive while a batch is on its way form the next batch,
// one INSERT of many rows, committed with synchronous_commit on, on a connection of its own. N
// concurrent reads cost one flush.
//
// Writes put their audit record into their own transaction (AuditStatement below): change and
// record commit together or not at all.
//
// Gaps. Every record carries (writer, sequence), unique in the table.
// - Reads: the writer is one UUID per start of a worker; sequences are handed out in memory,
//   1, 2, 3 .... A batch that fails is sent again with the same numbers (the key makes that
//   harmless), so a hole means a row that was removed.
// - Writes: the writer is one UUID per database connection; the sequence is taken from
//   audit_streams inside the transaction, so a rollback gives its number back.
// - audit_streams keeps each writer's last number, so that rows cut off at the end show as well.
// `SELECT * FROM audit_gaps()` lists holes: no rows means none.
//
// Errors of RecordRead (the caller must not send the PHI then)
//   RESOURCE_EXHAUSTED  `max_pending` entries wait already
//   DEADLINE_EXCEEDED, UNAVAILABLE  not known to be durable
//
// Uses one connection per worker beside those of the request path: count it in connection budgets.
// Thread: the loop's thread only.

namespace server {

struct AuditEntry {
  std::string actor_id;    // user UUID; "" when nobody was identified
  std::string actor_role;  // DOCTOR, PATIENT, ...
  std::string action;      // operation name: "ehr.comprehensive"
  std::string resource;    // what was touched: "record/<uuid>", "appointment/<uuid>"
  std::string subject_id;  // patient UUID whose data it is; "" for a list or when unknown
  std::string clinic_id;   // clinic UUID of the actor's token
  std::string request_id;  // X-Request-ID
  std::string outcome;     // "allowed", "denied", "not_found", "error"
};

struct AuditOptions {
  int max_pending = 20000;
  int max_batch = 1000;
  std::chrono::milliseconds batch_deadline{8000};
  std::chrono::milliseconds retry_after{100};
};

class AuditLog {
 public:
  // `database` gives url and timeouts; connections and pipeline_depth are set to 1 here.
  AuditLog(boost::asio::io_context& loop, DatabaseOptions database, AuditOptions options = {});
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Begins to connect; returns at once.
  void Start();
  base::Task<absl::Status> Ready(Database::TimePoint deadline);

  // Resumes when the record is durable.
  base::Task<absl::Status> RecordRead(AuditEntry entry, Database::TimePoint deadline,
                                      RequestCost* cost);

  // Adds the record to a write's own segment.
  static void AddTo(Segment& segment, const AuditEntry& entry, RequestCost* cost);

  // UUID of this start's stream of reads.
  const std::string& writer() const { return writer_; }
  int pending() const;
  // Batches committed since the start (rows per batch = records / batches).
  int64_t batches() const { return batches_; }
  int64_t records() const { return records_; }

 private:
  struct Pending;

  base::Task<> Drain();
  void Kick();
  void Tick();
  void ArmTick();

  boost::asio::io_context& loop_;
  AuditOptions options_;
  Database database_;
  std::string writer_;
  std::deque<std::shared_ptr<Pending>> waiting_;
  std::vector<std::shared_ptr<Pending>> batch_;
  boost::asio::steady_timer tick_;
  boost::asio::steady_timer retry_;
  bool tick_armed_ = false;
  bool draining_ = false;
  int64_t next_sequence_ = 1;
  int64_t batches_ = 0;
  int64_t records_ = 0;
};

}  // namespace server
