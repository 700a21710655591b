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
#include "absl/status/statusor.h"
#include "base/task.h"
#include "server/cost/request_cost.h"
#include "server/postgres/segment.h"

// Database: PostgreSQL for one worker, in pipeline mode on the worker's event loop.
//
// Owns `connections` connections. Each keeps up to `pipeline_depth` segments in flight; a new
// segment goes to the connection with the fewest. When all are full it waits in a queue of at most
// `queue_limit`. pipeline_depth = 1 turns pipelining off; the code is the same.
//
// A pipelined connection answers in order, so one slow statement delays those behind it: slow or
// interactive work needs a Database of its own (the audit log has one).
//
// Errors of Run
//   RESOURCE_EXHAUSTED  the queue is full; nothing was sent
//   UNAVAILABLE         no connection is up (nothing was sent), or the connection was lost while
//   the
//                       segment was in flight; for a write the message says that its outcome is
//                       unknown
//   DEADLINE_EXCEEDED   the deadline passed; what was sent cannot be recalled, a write may have
//                       happened
//   ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, PERMISSION_DENIED, ABORTED, INTERNAL
//                       the server refused a statement: see sql_status.h
//
// A connection whose oldest segment has been unanswered for `stuck_after` is closed and opened
// again. Reconnecting backs off from `reconnect_first` to `reconnect_most`.
//
// Thread: the loop's thread only. Destroy it after the loop has stopped or when nothing is in
// flight; segments still unanswered then are never resumed.

namespace server {

class PipelineConnection;
struct PendingSegment;

struct DatabaseOptions {
  std::string url;  // postgresql://user:password@host:port/database or key=value form
  int connections = 2;
  int pipeline_depth = 64;
  int queue_limit = 1024;
  std::chrono::milliseconds connect_timeout{5000};
  // Above statement_timeout, which the server enforces itself.
  std::chrono::milliseconds stuck_after{10000};
  std::chrono::milliseconds statement_timeout{8000};
  std::chrono::milliseconds reconnect_first{50};
  std::chrono::milliseconds reconnect_most{5000};
  std::string application_name = "praxis";
};

class Database {
 public:
  using Clock = std::chrono::steady_clock;
  using TimePoint = Clock::time_point;

  Database(boost::asio::io_context& loop, DatabaseOptions options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Begins to connect; returns at once.
  void Start();
  // Resumes when at least one connection is up, or with UNAVAILABLE and the last reason at
  // `deadline`.
  base::Task<absl::Status> Ready(TimePoint deadline);
  // Connections that are up now.
  int connected() const;

  // Executes `segment` as one transaction in one round trip and resumes when it has committed.
  // Deadlines are looked at every 10 ms.
  base::Task<absl::StatusOr<SegmentResult>> Run(Segment segment, TimePoint deadline,
                                                RequestCost* cost);

  // Gauges for metrics.
  int in_flight() const;
  int queued() const;

 private:
  PipelineConnection* LeastLoaded();
  void Dispatch();
  void Tick();
  void ArmTick();

  boost::asio::io_context& loop_;
  DatabaseOptions options_;
  std::vector<std::unique_ptr<PipelineConnection>> connections_;
  std::deque<std::shared_ptr<PendingSegment>> queue_;
  boost::asio::steady_timer tick_;
  bool tick_armed_ = false;
  std::shared_ptr<int> life_ = std::make_shared<int>(0);
};

}  // namespace server
