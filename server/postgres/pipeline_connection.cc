#include "server/postgres/pipeline_connection.h"

#include <glog/logging.h>

#include <utility>
#include <vector>

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

}  // namespace

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
    Lose(ErrorText());
    return;
  }
  Flush();
}

void PipelineConnection::Flush() {
  if (flushing_) return;
  const int left = PQflush(connection_);
  if (left < 0) {
    Lose(ErrorText());
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
    Lose(ErrorText());
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
    Lose(ErrorText());
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

}  // namespace server
