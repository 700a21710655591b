#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/paths.h"
#include "base/unique_fd.h"
#include "devstack/postgres.h"
#include "devstack/redis_cluster.h"

// The private dependencies of a server in one call: PostgreSQL and a Redis Cluster, started in
// parallel from the system's binaries.
//
//   devstack::StackOptions options;
//   options.data_dir = "/var/tmp/praxis";            // or empty: temporary, gone afterwards
//   auto stack = devstack::Stack::Start(options);
//   Connect((*stack)->database_url(), (*stack)->redis_url());
//
// Everything dies with the object, and with the thread that called Start (also on SIGKILL): call it
// from the main thread. A forked worker's copy of the object stops nothing.
// By hand: `./tools/bazel run //devstack` prints the URLs and waits for Ctrl-C.

namespace devstack {

struct StackOptions {
  // Empty: a fresh temporary folder, deleted on Stop (or by a later start, when this process was
  // killed). Otherwise data survives restarts.
  // One stack at a time per folder (a lock file; AlreadyExists otherwise).
  std::string data_dir;
  bool with_postgres = true;
  bool with_redis = true;
  PostgresOptions postgres;   // data_dir is filled in.
  RedisClusterOptions redis;  // data_dir is filled in.
  // Bound of the whole start.
  absl::Duration start_timeout = absl::Seconds(60);
  // Asked while starting; true makes Start return Cancelled (pass StopSignals::Pending). May be
  // empty.
  std::function<bool()> cancelled;
};

class Stack {
 public:
  static absl::StatusOr<std::unique_ptr<Stack>> Start(const StackOptions& options);
  ~Stack();

  // As the owner (superuser); empty without PostgreSQL.
  std::string database_url() const;
  // host:port of all nodes, by commas; empty without Redis.
  std::string redis_url() const;
  const std::string& data_dir() const { return data_dir_; }
  pid_t postgres_pid() const;  // -1 without.
  std::vector<pid_t> redis_pids() const;
  absl::StatusOr<std::vector<pid_t>> RedisMasterPids() const;

  PrivatePostgres* postgres() { return postgres_.get(); }
  PrivateRedisCluster* redis() { return redis_.get(); }

  // Unavailable with one line when a process of the stack has ended. Cheap; for a watch loop.
  absl::Status CheckAlive();
  // Stops both, within about 10 s. Idempotent.
  absl::Status Stop();

 private:
  Stack() = default;
  absl::Status OpenFolder(const std::string& data_dir);
  absl::Status WaitUntilReady(const StackOptions& options);

  std::string data_dir_;
  std::unique_ptr<base::FolderRemover> remover_;
  base::UniqueFd lock_;
  std::unique_ptr<PrivatePostgres> postgres_;
  std::unique_ptr<PrivateRedisCluster> redis_;
  int owner_ = 0;
};

}  // namespace devstack
