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
#include "server/audit/audit_entry.h"
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

  // Adds the record to a write's own segment: made whether or not the change hit a row.
  static void AddTo(Segment& segment, const AuditEntry& entry, RequestCost* cost);
  // The eight parameters of the SQL function audit_write(), for statements that make the record
  // only when they changed something: WITH changed AS (...) SELECT audit_write($5, ..., $12) FROM
  // changed.
  static std::vector<Segment::Parameter> Parameters(const AuditEntry& entry);

  // UUID of this start's stream of reads.
  const std::string& writer() const { return writer_; }
  int pending() const;
  // Batches committed since the start (rows per batch = records / batches).
  int64_t batches() const { return batches_; }
  int64_t records() const { return records_; }

 private:
  struct Pending;

  base::Task<> Drain();
  void TakeBatch();
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
  int64_t first_sequence_ = 1;  // of the batch, and of the next one when there is none
  int64_t batches_ = 0;
  int64_t records_ = 0;
};

}  // namespace server
