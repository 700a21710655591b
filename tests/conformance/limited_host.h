#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/cpu_limit.h"
#include "base/paths.h"
#include "tools/demo/child_server.h"

// One host made of limited parts: the server's processes in one CPU group, PostgreSQL's in another,
// so that together with Redis and the load generator they stay below the machine's cores, and each
// has its share for itself as the simulator assumes.

namespace conformance {

struct HostLimits {
  double server_cores = 0.3;
  double database_cores = 1;
  absl::Duration period = absl::Milliseconds(5);  // of both limits
  bool model_period = true;  // the simulator is told the period; else a limit is a slower CPU
  int workers = 1;
  int connections_per_worker = 2;
  // Of the server's connections together, by PostgreSQL; 0: as many as it wants. They are cut off
  // once, and it gets back what the limit allows.
  int connection_limit = 0;
  bool cache_lost = false;  // all Redis nodes are killed once the server runs
};

struct Programs {
  std::string server;
  std::string loadgen;
  std::string simulator;
  std::string mint;
  std::string scenario;
};

// Runfiles; NotFound names the one that is missing.
absl::StatusOr<Programs> FindPrograms();

// CPU time and throttling, totals since the start.
struct HostUse {
  double at_seconds = 0;
  double server_cpu_seconds = 0;
  double database_cpu_seconds = 0;
  double redis_cpu_seconds = 0;
  base::CpuThrottling server;
  base::CpuThrottling database;
};

// A started server with its PostgreSQL and Redis under limits, and minted tokens. Start it from the
// main thread. Destroyed: the server is stopped (20 s at most), the groups and the folder removed.
class LimitedHost {
 public:
  static absl::StatusOr<std::unique_ptr<LimitedHost>> Start(const base::CpuController& controller,
                                                            const HostLimits& limits,
                                                            const Programs& programs,
                                                            const std::string& log_folder,
                                                            std::function<bool()> stop);
  ~LimitedHost();

  const simulator::ServerHandle& handle() const { return handle_; }
  std::string url() const { return server_->url(); }
  const std::string& tokens_path() const { return tokens_path_; }
  absl::StatusOr<HostUse> Use() const;
  absl::Status Stop();

 private:
  explicit LimitedHost(const std::string& folder) : folder_(folder) {}
  absl::Status Limit(const base::CpuController& controller, const HostLimits& limits);
  absl::Status Mint(const Programs& programs);
  absl::Status LimitConnections(int limit);
  absl::Status LoseCache();

  base::FolderRemover folder_;
  std::optional<demo::ChildServer> server_;
  std::optional<base::CpuLimit> server_limit_;
  std::optional<base::CpuLimit> database_limit_;
  std::string tokens_path_;
  simulator::ServerHandle handle_;  // without Redis once that is lost
};

// The same host as the simulator reads it (docs/simulator.md), as YAML.
std::string DeploymentYaml(const HostLimits& limits);

}  // namespace conformance
