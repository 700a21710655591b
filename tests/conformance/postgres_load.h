#pragma once

#include <postgresql/libpq-fe.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"

// A closed load on a PostgreSQL: connections that each run one prepared statement after the other,
// from one thread with non-blocking sockets.

namespace conformance {

// What a span of load did.
struct LoadSpan {
  double seconds = 0;
  uint64_t statements = 0;
  double mean_seconds = 0;    // of a statement, from send to its last byte
  double database_cores = 0;  // CPU of all PostgreSQL processes
  double driver_cores = 0;    // CPU of this process
  double per_second() const { return static_cast<double>(statements) / seconds; }
  double database_cpu_seconds() const {
    return statements == 0 ? 0 : database_cores * seconds / static_cast<double>(statements);
  }
};

// Owns its connections. Not thread-safe.
class PostgresLoad {
 public:
  // Makes a table of `rows` rows. `postmaster`: whose process tree counts as the database.
  static absl::StatusOr<PostgresLoad> Create(const std::string& url, pid_t postmaster, int rows);

  // Opens or closes connections until there are `count`; seconds of the database's CPU that one new
  // connection took, 0 when none was opened.
  absl::StatusOr<double> Resize(size_t count);
  // All connections at once run "read" (an index range of 400 rows) or "write" (one row, one
  // commit) for `warm_up`, which does not count, and `span`.
  absl::StatusOr<LoadSpan> Run(const std::string& statement, absl::Duration warm_up,
                               absl::Duration span);
  size_t size() const { return connections_.size(); }
  // Private memory of the backends, mean; 0 when unreadable.
  double MemoryPerBackend() const;

 private:
  using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
  struct Client {
    Connection connection{nullptr, PQfinish};
    absl::Time sent;
    bool busy = false;
  };

  PostgresLoad() = default;
  absl::StatusOr<Connection> Connect() const;
  absl::Status Send(Client& client, const std::string& statement);
  // Reads what is there; true when the statement has ended.
  static absl::StatusOr<bool> Receive(Client& client);
  double DatabaseCpu() const;

  std::string url_;
  pid_t postmaster_ = 0;
  int rows_ = 0;
  uint64_t next_key_ = 1;
  std::vector<Client> connections_;
};

}  // namespace conformance
