#include "server/postgres/pipeline_connection.h"

#include <glog/logging.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/postgres/sql_status.h"

namespace server {
namespace {

// More statements than a program has; beyond it they are sent without a name.
constexpr size_t kMostPrepared = 256;

constexpr Statement kTenant{"praxis_tenant", "SELECT set_config('app.clinic_id', $1, true)"};
constexpr Statement kTenantDurable{
    "praxis_tenant_durable",
    "SELECT set_config('app.clinic_id', $1, true), set_config('synchronous_commit', 'on', true)"};

std::string Trimmed(const char* message) {
  return std::string(absl::StripAsciiWhitespace(message == nullptr ? "" : message));
}

}  // namespace

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
    Lose(connection_ == nullptr ? "out of memory" : Trimmed(PQerrorMessage(connection_)));
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
      Lose(Trimmed(PQerrorMessage(connection_)));
  }
}

void PipelineConnection::BecomeUp() {
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) {
    Lose(Trimmed(PQerrorMessage(connection_)));
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

bool PipelineConnection::Prepare(const Statement& statement) {
  if (PQsendPrepare(connection_, statement.name, statement.sql, 0, nullptr) != 1 ||
      PQpipelineSync(connection_) != 1) {
    return false;
  }
  prepared_.insert(&statement);
  InFlight preparation;
  preparation.preparing = &statement;
  in_flight_.push_back(std::move(preparation));
  return true;
}

bool PipelineConnection::SendStatement(const Statement& statement,
                                       const std::vector<Segment::Parameter>& parameters) {
  constexpr size_t kMost = 32;
  const char* values[kMost];
  CHECK_LE(parameters.size(), kMost) << statement.name;
  for (size_t i = 0; i < parameters.size(); ++i) {
    values[i] = parameters[i].has_value() ? parameters[i]->c_str() : nullptr;
  }
  const int count = static_cast<int>(parameters.size());
  if (prepared_.contains(&statement)) {
    return PQsendQueryPrepared(connection_, statement.name, count, values, nullptr, nullptr, 0) ==
           1;
  }
  return PQsendQueryParams(connection_, statement.sql, count, nullptr, values, nullptr, nullptr,
                           0) == 1;
}

void PipelineConnection::Send(std::shared_ptr<PendingSegment> pending) {
  const Segment& segment = pending->segment;
  const Statement& tenant = segment.writes() ? kTenantDurable : kTenant;
  if (in_flight_.empty()) last_progress_ = Database::Clock::now();
  const auto ensure_prepared = [this](const Statement& statement) {
    return prepared_.contains(&statement) || prepared_.size() >= kMostPrepared ||
           Prepare(statement);
  };
  bool sent = ensure_prepared(tenant);
  for (const Segment::Command& command : segment.commands()) {
    sent = sent && ensure_prepared(*command.statement);
  }
  sent = sent && SendStatement(tenant, {segment.clinic_id()});
  for (const Segment::Command& command : segment.commands()) {
    sent = sent && SendStatement(*command.statement, command.parameters);
  }
  InFlight request;
  request.request = std::move(pending);
  in_flight_.push_back(std::move(request));
  ++requests_in_flight_;
  // PQpipelineSync also tries to write what is buffered.
  if (!sent || PQpipelineSync(connection_) != 1) {
    Lose(Trimmed(PQerrorMessage(connection_)));
    return;
  }
  Flush();
}

void PipelineConnection::Flush() {
  if (flushing_) return;
  const int left = PQflush(connection_);
  if (left < 0) {
    Lose(Trimmed(PQerrorMessage(connection_)));
  } else if (left > 0) {
    flushing_ = true;
    WatchSocket(Watch::wait_write, [this] {
      flushing_ = false;
      Flush();
    });
  }
}

void PipelineConnection::Receive() {
  if (PQconsumeInput(connection_) != 1) {
    Lose(Trimmed(PQerrorMessage(connection_)));
    return;
  }
  std::vector<Answer> answers;
  bool last_was_null = false;
  while (!in_flight_.empty() && PQisBusy(connection_) == 0) {
    PGresult* result = PQgetResult(connection_);
    if (result == nullptr) {
      // NULL separates statements; twice in a row it means there is nothing.
      if (std::exchange(last_was_null, true)) break;
      continue;
    }
    last_was_null = false;
    if (!Accept(result)) continue;
    InFlight head = std::move(in_flight_.front());
    in_flight_.pop_front();
    last_progress_ = Database::Clock::now();
    if (head.request == nullptr) {
      if (!head.status.ok()) {
        prepared_.erase(head.preparing);
        LOG(ERROR) << "prepare " << head.preparing->name << ": " << head.status.message();
      }
      continue;
    }
    --requests_in_flight_;
    backoff_ = options_.reconnect_first;
    if (head.status.ok()) {
      answers.push_back({std::move(head.request), std::move(head.result)});
    } else {
      answers.push_back({std::move(head.request), head.status});
    }
  }
  if (PQstatus(connection_) == CONNECTION_BAD) {
    Lose(Trimmed(PQerrorMessage(connection_)));
  } else {
    WatchReadable();
    Flush();
  }
  // From here on resumed coroutines may send on this connection: nothing above may be repeated.
  for (Answer& answer : answers) answer.request->Finish(std::move(answer.result));
  if (!answers.empty()) on_room_();
}

bool PipelineConnection::Accept(PGresult* result) {
  InFlight& head = in_flight_.front();
  switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
      PQclear(result);
      return true;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      // The first answer of a request is the tenant's setting.
      if (head.request != nullptr && head.answers++ > 0) {
        head.result.Append(Rows(result));
      } else {
        PQclear(result);
      }
      return false;
    case PGRES_PIPELINE_ABORTED:
      PQclear(result);
      return false;
    default:
      if (head.status.ok()) head.status = SqlStatus(result);
      PQclear(result);
      return false;
  }
}

void PipelineConnection::CheckTime(Database::TimePoint now) {
  if (state_ != State::kUp || in_flight_.empty()) return;
  if (now - last_progress_ > options_.stuck_after) {
    Lose(absl::StrCat("no answer for ", options_.stuck_after.count(), " ms"));
    return;
  }
  std::vector<std::shared_ptr<PendingSegment>> late;
  for (const InFlight& entry : in_flight_) {
    if (entry.request != nullptr && entry.request->done && entry.request->deadline <= now) {
      late.push_back(entry.request);
    }
  }
  for (const auto& request : late) {
    request->Finish(absl::DeadlineExceededError(
        request->segment.writes() ? "PostgreSQL: no answer in time; the change may have happened"
                                  : "PostgreSQL: no answer in time"));
  }
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
