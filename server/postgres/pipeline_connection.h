#pragma once

#include <postgresql/libpq-fe.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/postgres/database.h"
#include "server/postgres/segment.h"

// One connection to PostgreSQL in pipeline mode. Internal to Database.
//
// libpq owns the socket; Asio only watches it (the descriptor is released, never closed).
// Statements are prepared on first use, each in a segment of its own ahead of the request, so that
// an error in a request cannot skip the preparation that later requests already rely on.
// pipeline_connection.cc sends and receives; pipeline_lifecycle.cc connects and reconnects.

namespace server {

// A segment on its way. `done` is called once: with the result, or earlier when the deadline
// passes; then the answer that still comes is dropped.
struct PendingSegment {
  Segment segment;
  Database::TimePoint deadline;
  std::function<void(absl::StatusOr<SegmentResult>)> done;

  void Finish(absl::StatusOr<SegmentResult> result) {
    if (!done) return;
    auto once = std::move(done);
    done = nullptr;
    once(std::move(result));
  }
};

class PipelineConnection {
 public:
  // `on_room` is called whenever the connection can take more segments than before.
  PipelineConnection(boost::asio::io_context& loop, const DatabaseOptions& options,
                     std::function<void()> on_room);
  ~PipelineConnection();
  PipelineConnection(const PipelineConnection&) = delete;
  PipelineConnection& operator=(const PipelineConnection&) = delete;

  void Connect();
  bool up() const { return state_ == State::kUp; }
  // Requests in flight, abandoned ones included (they still take the backend's time).
  int in_flight() const { return requests_in_flight_; }
  const std::string& last_error() const { return last_error_; }

  // REQUIRES: up().
  void Send(std::shared_ptr<PendingSegment> pending);

  // Answers what is past its deadline, closes a connection that is stuck. Called every few ms while
  // anything is in flight.
  void CheckTime(Database::TimePoint now);

 private:
  enum class State { kDown, kConnecting, kUp };
  using Watch = boost::asio::posix::stream_descriptor::wait_type;
  struct InFlight {
    std::shared_ptr<PendingSegment> request;  // nullptr: the preparation of `preparing`
    const Statement* preparing = nullptr;
    size_t answers = 0;  // statements answered so far, the tenant's setting included
    absl::Status status;
    SegmentResult result;
  };
  struct Answer {
    std::shared_ptr<PendingSegment> request;
    absl::StatusOr<SegmentResult> result;
  };

  // What libpq says went wrong last; "" when nothing did. REQUIRES: connection_ != nullptr.
  std::string ErrorText() const;
  void WatchSocket(Watch what, std::function<void()> then);
  void AssignSocket();
  void ConnectStep();
  void BecomeUp();
  void WatchReadable();
  void Flush();
  void Receive();
  // Takes one PGresult of the head; true when the head is complete (its Sync came).
  bool Accept(PGresult* result);
  bool SendStatement(const Statement& statement, const std::vector<Segment::Parameter>& parameters);
  bool Prepare(const Statement& statement);
  // Closes, answers everything in flight from the loop (never from inside a caller), backs off.
  void Lose(std::string_view why);
  void Close();

  boost::asio::io_context& loop_;
  const DatabaseOptions& options_;
  std::function<void()> on_room_;
  State state_ = State::kDown;
  PGconn* connection_ = nullptr;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer backoff_timer_;
  boost::asio::steady_timer connect_timer_;
  std::chrono::milliseconds backoff_;
  // Handlers of an earlier connection, or of a destroyed object, see that theirs has expired.
  std::shared_ptr<int> life_ = std::make_shared<int>(0);
  std::deque<InFlight> in_flight_;
  absl::flat_hash_set<const Statement*> prepared_;
  int requests_in_flight_ = 0;
  bool flushing_ = false;
  Database::TimePoint last_progress_{};
  std::string last_error_ = "not connected yet";
};

}  // namespace server
