// How a PipelineConnection comes up, is lost and comes up again.

#include <glog/logging.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/postgres/pipeline_connection.h"

namespace server {

PipelineConnection::PipelineConnection(boost::asio::io_context& loop,
                                       const DatabaseOptions& options,
                                       std::function<void()> on_room)
    : loop_(loop),
      options_(options),
      on_room_(std::move(on_room)),
      socket_(loop),
      backoff_timer_(loop),
      connect_timer_(loop),
      backoff_(options.reconnect_first) {}

PipelineConnection::~PipelineConnection() { Close(); }

void PipelineConnection::Close() {
  life_ = std::make_shared<int>(0);
  connect_timer_.cancel();
  if (socket_.is_open()) socket_.release();
  if (connection_ != nullptr) PQfinish(connection_);
  connection_ = nullptr;
  prepared_.clear();
  flushing_ = false;
  state_ = State::kDown;
}

void PipelineConnection::Connect() {
  // Plans are made once for each connection: planning costs several times what these short
  // statements take to run, and so would compiling them.
  const std::string settings =
      absl::StrCat("-c statement_timeout=", options_.statement_timeout.count(),
                   " -c plan_cache_mode=force_generic_plan -c jit=off");
  const char* keywords[] = {"dbname", "application_name", "options", "client_encoding", nullptr};
  const char* values[] = {options_.url.c_str(), options_.application_name.c_str(), settings.c_str(),
                          "UTF8", nullptr};
  state_ = State::kConnecting;
  connection_ = PQconnectStartParams(keywords, values, /*expand_dbname=*/1);
  if (connection_ == nullptr || PQstatus(connection_) == CONNECTION_BAD) {
    Lose(connection_ == nullptr ? "out of memory" : ErrorText());
    return;
  }
  connect_timer_.expires_after(options_.connect_timeout);
  connect_timer_.async_wait(
      [this, life = std::weak_ptr<int>(life_)](const boost::system::error_code& error) {
        if (error || life.expired() || state_ != State::kConnecting) return;
        Lose(absl::StrCat("no connection within ", options_.connect_timeout.count(), " ms"));
      });
  AssignSocket();
  WatchSocket(Watch::wait_write, [this] { ConnectStep(); });
}

void PipelineConnection::AssignSocket() {
  if (socket_.is_open()) socket_.release();
  boost::system::error_code ignored;
  socket_.assign(PQsocket(connection_), ignored);
}

void PipelineConnection::WatchSocket(Watch what, std::function<void()> then) {
  socket_.async_wait(what, [life = std::weak_ptr<int>(life_),
                            then = std::move(then)](const boost::system::error_code& error) {
    if (life.expired() || error == boost::asio::error::operation_aborted) return;
    then();
  });
}

void PipelineConnection::ConnectStep() {
  // libpq may close this socket and try the next address: stop watching it first.
  if (socket_.is_open()) socket_.release();
  switch (PQconnectPoll(connection_)) {
    case PGRES_POLLING_READING:
      AssignSocket();
      WatchSocket(Watch::wait_read, [this] { ConnectStep(); });
      break;
    case PGRES_POLLING_WRITING:
      AssignSocket();
      WatchSocket(Watch::wait_write, [this] { ConnectStep(); });
      break;
    case PGRES_POLLING_OK:
      AssignSocket();
      BecomeUp();
      break;
    default:
      Lose(ErrorText());
  }
}

void PipelineConnection::BecomeUp() {
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) {
    Lose(ErrorText());
    return;
  }
  connect_timer_.cancel();
  state_ = State::kUp;
  last_progress_ = Database::Clock::now();
  WatchReadable();
  on_room_();
}

void PipelineConnection::WatchReadable() {
  WatchSocket(Watch::wait_read, [this] { Receive(); });
}

std::string PipelineConnection::ErrorText() const {
  return std::string(absl::StripAsciiWhitespace(PQerrorMessage(connection_)));
}

void PipelineConnection::Lose(std::string_view why) {
  last_error_ = std::string(why);
  LOG(WARNING) << "PostgreSQL connection lost: " << why << "; " << requests_in_flight_
               << " requests in flight, again in " << backoff_.count() << " ms";
  Close();
  auto lost = std::make_shared<std::deque<InFlight>>(std::move(in_flight_));
  in_flight_.clear();
  requests_in_flight_ = 0;
  boost::asio::post(loop_, [lost, reason = last_error_] {
    for (InFlight& entry : *lost) {
      if (entry.request == nullptr) continue;
      entry.request->Finish(absl::UnavailableError(absl::StrCat(
          "PostgreSQL connection lost",
          entry.request->segment.writes() ? "; the outcome of the change is unknown" : "", ": ",
          reason)));
    }
  });
  backoff_timer_.expires_after(backoff_);
  backoff_ = std::min(backoff_ * 2, options_.reconnect_most);
  backoff_timer_.async_wait(
      [this, life = std::weak_ptr<int>(life_)](const boost::system::error_code& error) {
        if (error || life.expired()) return;
        Connect();
      });
}

}  // namespace server
