#include "tests/conformance/postgres_load.h"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/process_cpu.h"

namespace conformance {
namespace {

absl::Status Error(PGconn* connection) {
  return absl::UnavailableError(absl::StrCat("PostgreSQL: ", PQerrorMessage(connection)));
}

absl::Status Execute(PGconn* connection, const std::string& sql) {
  PGresult* result = PQexec(connection, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  PQclear(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? absl::OkStatus()
                                                                 : Error(connection);
}

double OwnCpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

}  // namespace

absl::StatusOr<PostgresLoad> PostgresLoad::Create(const std::string& url, pid_t postmaster,
                                                  int rows) {
  PostgresLoad load;
  load.url_ = url;
  load.postmaster_ = postmaster;
  load.rows_ = rows;
  absl::StatusOr<Connection> connection = load.Connect();
  if (!connection.ok()) return connection.status();
  for (const std::string& sql :
       {std::string("DROP TABLE IF EXISTS curve"),
        std::string("CREATE TABLE curve (id integer PRIMARY KEY, value integer, filler text) "
                    "WITH (fillfactor = 50)"),
        absl::StrCat("INSERT INTO curve SELECT i, i, repeat('x', 100) FROM generate_series(1, ",
                     rows, ") i"),
        std::string("VACUUM ANALYZE curve"), std::string("CHECKPOINT")}) {
    if (absl::Status status = Execute(connection->get(), sql); !status.ok()) return status;
  }
  return load;
}

absl::StatusOr<PostgresLoad::Connection> PostgresLoad::Connect() const {
  Connection connection(PQconnectdb(url_.c_str()), PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) return Error(connection.get());
  return connection;
}

double PostgresLoad::DatabaseCpu() const {
  const absl::StatusOr<int64_t> nanos = base::ProcessTreeCpuNanos(postmaster_);
  return nanos.ok() ? static_cast<double>(*nanos) * 1e-9 : 0;
}

absl::StatusOr<double> PostgresLoad::Resize(size_t count) {
  if (count < connections_.size()) {
    connections_.resize(count);
    return 0;
  }
  const size_t before = connections_.size();
  const double cpu = DatabaseCpu();
  while (connections_.size() < count) {
    absl::StatusOr<Connection> connection = Connect();
    if (!connection.ok()) return connection.status();
    Client client;
    client.connection = std::move(*connection);
    connections_.push_back(std::move(client));
  }
  const double used = DatabaseCpu() - cpu;
  for (size_t i = before; i < count; ++i) {
    PGconn* connection = connections_[i].connection.get();
    for (const auto& [name, sql] :
         {std::pair{"read",
                    "SELECT count(*), sum(value) FROM curve WHERE id BETWEEN $1 AND $1 + 399"},
          {"write", "UPDATE curve SET value = value + 1 WHERE id = $1"}}) {
      const Oid integer = 23;
      PGresult* result = PQprepare(connection, name, sql, 1, &integer);
      const bool fine = PQresultStatus(result) == PGRES_COMMAND_OK;
      PQclear(result);
      if (!fine) return Error(connection);
    }
    if (PQsetnonblocking(connection, 1) != 0) return Error(connection);
  }
  return count > before ? used / static_cast<double>(count - before) : 0.0;
}

absl::Status PostgresLoad::Send(Client& client, const std::string& statement) {
  next_key_ = (next_key_ * 48271) % 2147483647;  // a fixed walk over the keys
  const std::string key =
      absl::StrCat(1 + next_key_ % static_cast<uint64_t>(std::max(1, rows_ - 400)));
  const char* values[] = {key.c_str()};
  client.sent = absl::Now();
  client.busy = true;
  PGconn* connection = client.connection.get();
  if (PQsendQueryPrepared(connection, statement.c_str(), 1, values, nullptr, nullptr, 0) != 1 ||
      PQflush(connection) != 0) {
    return Error(connection);  // a statement of some bytes always fits the socket's buffer
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> PostgresLoad::Receive(Client& client) {
  PGconn* connection = client.connection.get();
  if (PQconsumeInput(connection) != 1) return Error(connection);
  while (PQisBusy(connection) == 0) {
    PGresult* result = PQgetResult(connection);
    if (result == nullptr) {
      client.busy = false;
      return true;
    }
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return Error(connection);
  }
  return false;
}

absl::StatusOr<LoadSpan> PostgresLoad::Run(const std::string& statement, absl::Duration warm_up,
                                           absl::Duration span) {
  const base::UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  for (size_t i = 0; i < connections_.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, PQsocket(connections_[i].connection.get()), &event)) {
      return absl::ErrnoToStatus(errno, "epoll_ctl");
    }
    if (absl::Status status = Send(connections_[i], statement); !status.ok()) return status;
  }
  LoadSpan result;
  absl::Time begin = absl::Now() + warm_up;
  absl::Time end = absl::InfiniteFuture();
  bool measuring = false;
  double database = 0, driver = 0, waited = 0;
  size_t busy = connections_.size();
  std::array<epoll_event, 128> events;
  while (busy > 0) {
    const int n = epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), 100);
    const absl::Time now = absl::Now();
    if (!measuring && now >= begin) {
      measuring = true;
      begin = now;
      end = now + span;
      database = DatabaseCpu();
      driver = OwnCpu();
    }
    if (measuring && now >= end && result.seconds == 0) {
      result.seconds = absl::ToDoubleSeconds(now - begin);
      result.database_cores = (DatabaseCpu() - database) / result.seconds;
      result.driver_cores = (OwnCpu() - driver) / result.seconds;
    }
    for (int i = 0; i < n; ++i) {
      Client& client = connections_[events[static_cast<size_t>(i)].data.u64];
      const absl::StatusOr<bool> done = Receive(client);
      if (!done.ok()) return done.status();
      if (!*done) continue;
      if (measuring && result.seconds == 0) {
        ++result.statements;
        waited += absl::ToDoubleSeconds(now - client.sent);
      }
      if (result.seconds > 0) {
        --busy;
      } else if (absl::Status status = Send(client, statement); !status.ok()) {
        return status;
      }
    }
  }
  if (result.statements > 0) {
    result.mean_seconds = waited / static_cast<double>(result.statements);
  }
  return result;
}

double PostgresLoad::MemoryPerBackend() const {
  double kilobytes = 0;
  for (const Client& client : connections_) {
    std::ifstream rollup(
        absl::StrCat("/proc/", PQbackendPID(client.connection.get()), "/smaps_rollup"));
    std::string word;
    while (rollup >> word) {
      if (word != "Private_Clean:" && word != "Private_Dirty:") continue;
      double value = 0;
      rollup >> value;
      kilobytes += value;
    }
  }
  return connections_.empty() ? 0 : kilobytes * 1024 / static_cast<double>(connections_.size());
}

}  // namespace conformance
