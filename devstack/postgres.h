#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ports.h"
#include "base/subprocess.h"

namespace devstack {

struct PostgresOptions {
  // Holds everything: cluster files, password, log. Created when missing; an existing one is
  // started again with its data. Must be reachable by the user `postgres` when run as root (the
  // folder itself is then given to that user).
  std::string data_dir;
  // The folder does not outlive the caller: initdb need not force it to the disk.
  bool temporary = false;
  int max_connections = 100;
  std::string shared_buffers = "128MB";
  // Further settings, "name=value" each, applied last. fsync, full_page_writes and
  // synchronous_commit are on: durability is what the product measures.
  std::vector<std::string> settings;
};

// A private PostgreSQL 15: 127.0.0.1 on a free port and a Unix socket in data_dir, SCRAM passwords,
// owner role `praxis` (superuser) with a generated password kept in data_dir (0600), database
// `praxis`. Started as user `postgres` when the caller is root.
//
// Life: PrivatePostgres::Begin starts it and returns at once; call Poll until true. Ends with the
// object, or with the thread that called Begin (SIGQUIT: immediate shutdown, recovered at the next
// start). Use from one thread, the one that lives longest: see base/subprocess.h.
class PrivatePostgres {
 public:
  // NotFound with the Debian package's name when the binaries are missing.
  static absl::StatusOr<std::unique_ptr<PrivatePostgres>> Begin(const PostgresOptions& options);
  ~PrivatePostgres();

  // One non-blocking step of initdb / start / create database. True once it answers queries.
  absl::StatusOr<bool> Poll();

  // Valid once Poll has returned true. As the owner, over 127.0.0.1:
  // postgresql://praxis:PASSWORD@127.0.0.1:PORT/praxis
  std::string url() const;
  // The same over the Unix socket (host=... parameter).
  std::string socket_url() const;
  int port() const { return port_.port(); }
  pid_t pid() const;  // The postmaster.

  // Unavailable, with the last line of its log, when the postmaster has ended.
  absl::Status CheckAlive();
  // Sends the shutdown signal and returns; Stop waits.
  void BeginStop();
  // Fast shutdown (SIGINT: checkpoint, no recovery needed), SIGKILL after `grace`.
  absl::Status Stop(absl::Duration grace = absl::Seconds(10));

 private:
  enum class Step { kInitdb, kStarting, kReady };

  PrivatePostgres(PostgresOptions options, std::string binaries, base::PortClaim port);
  absl::Status Prepare();
  absl::Status StartInitdb();
  absl::Status StartServer();
  absl::Status WriteConfiguration();
  // True when connected and the database exists; false when not accepting yet.
  absl::StatusOr<bool> TryConnect();
  std::string Path(std::string_view name) const;

  PostgresOptions options_;
  std::string binaries_;  // Folder of initdb and postgres.
  base::PortClaim port_;
  std::string password_;
  std::string user_;  // System user; empty: the caller's.
  Step step_ = Step::kInitdb;
  std::optional<base::Subprocess> initdb_;
  std::optional<base::Subprocess> server_;
};

}  // namespace devstack
