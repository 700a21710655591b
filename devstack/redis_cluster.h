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

struct RedisClusterOptions {
  // One folder per node below it. An existing cluster there starts again with its data, node ids
  // and slots (on new ports when the old ones are taken).
  std::string data_dir;
  int masters = 3;
  int replicas_per_master = 1;
  // Set as requirepass and masterauth of all nodes when not empty.
  std::string password;
  // Also wait until each replica's link to its master is up (about 1 s more).
  bool wait_for_replicas = false;
  int node_timeout_milliseconds = 5000;
  // "everysec" append-only file, so that data survives a restart.
  bool append_only = true;
  // Further settings, "name value" each.
  std::vector<std::string> settings;
};

// A private Redis Cluster of real nodes on 127.0.0.1. Life and threads as PrivatePostgres.
class PrivateRedisCluster {
 public:
  // NotFound with the Debian package's name when redis-server or redis-cli is missing.
  static absl::StatusOr<std::unique_ptr<PrivateRedisCluster>> Begin(
      const RedisClusterOptions& options);
  ~PrivateRedisCluster();

  // One step of start / create / wait (blocks a few ms at most). True once cluster_state is ok
  // everywhere and all 16384 slots are served.
  absl::StatusOr<bool> Poll();

  // "127.0.0.1:p1,127.0.0.1:p2,...", all nodes.
  std::string url() const;
  const std::vector<int>& ports() const { return ports_; }
  std::vector<pid_t> pids() const;
  // Who is master now, asked of the nodes (after a failover it changes). Pids.
  absl::StatusOr<std::vector<pid_t>> MasterPids() const;

  // Unavailable, naming the node and its log, when a node has ended.
  absl::Status CheckAlive();
  // SIGTERM to all (they save), SIGKILL after `grace`.
  absl::Status Stop(absl::Duration grace = absl::Seconds(5));

 private:
  enum class Step { kStarting, kCreating, kJoining, kReady };

  explicit PrivateRedisCluster(RedisClusterOptions options);
  absl::Status StartNodes();
  absl::Status StartNode(int index);
  absl::Status ChoosePorts();
  absl::Status KeepPorts() const;
  bool AllAnswer() const;
  absl::Status StartCreation();
  bool AllJoined() const;
  int nodes() const { return options_.masters * (1 + options_.replicas_per_master); }
  std::string NodeFolder(int index) const;

  RedisClusterOptions options_;
  bool existing_ = false;
  Step step_ = Step::kStarting;
  std::vector<base::PortClaim> claims_;
  std::vector<int> ports_;
  std::vector<base::Subprocess> servers_;
  std::optional<base::Subprocess> creation_;
};

}  // namespace devstack
