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

// One host made of limited parts: each pod (a server with its worker processes) in a CPU group of
// its own, PostgreSQL's processes in another, so that together with Redis and the load generator
// they stay below the machine's cores, and each has its share for itself as the simulator assumes.

namespace conformance {

struct HostLimits {
  int pods = 1;               // servers on one PostgreSQL and Redis Cluster
  double server_cores = 0.3;  // of each pod
  double database_cores = 1;
  absl::Duration period = absl::Milliseconds(5);  // of all limits
  // Cores that all parts and the load generator share, as far as their limits let them; the
  // simulator is told. 0: it takes each part for having its own.
  double shared_cores = 0;
  bool model_period = true;  // the simulator is told the period; else a limit is a slower CPU
  int workers = 1;           // of each pod
  int connections_per_worker = 2;
  // Of the server's connections together, by PostgreSQL; 0: as many as it wants. They are cut off
  // once, and it gets back what the limit allows.
  int connection_limit = 0;
  // on; off: the servers run without a cache and without Redis; lost: all Redis nodes are killed
  // once the servers run.
  std::string cache = "on";
};

// What Redis and the load generator need beside the limits, in cores.
inline constexpr double kUnlimitedCores = 0.3;

// InvalidArgument, with the sum, when the limits leave less than kUnlimitedCores of this machine's
// `cores`, or for a value outside of its range (pods 1 to 4).
absl::Status CheckLimits(const HostLimits& limits, double cores);
// Of the machine this runs on, as far as this process may use them.
double CoresHere();

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
  base::CpuThrottling server;  // all pods' periods together
  base::CpuThrottling database;
};

// Started pods with their PostgreSQL and Redis under limits, and minted tokens. Start it from the
// main thread. Destroyed: every server is stopped (20 s each at most), the groups and the folder
// removed.
class LimitedHost {
 public:
  static absl::StatusOr<std::unique_ptr<LimitedHost>> Start(const base::CpuController& controller,
                                                            const HostLimits& limits,
                                                            const Programs& programs,
                                                            const std::string& log_folder,
                                                            std::function<bool()> stop);
  ~LimitedHost();

  // The first pod, whose PostgreSQL and Redis all use.
  const simulator::ServerHandle& handle() const { return handle_; }
  // Of all pods, separated by commas.
  std::string url() const;
  const std::string& tokens_path() const { return tokens_path_; }
  absl::StatusOr<HostUse> Use() const;
  absl::Status Stop();

 private:
  explicit LimitedHost(const std::string& folder) : folder_(folder) {}
  absl::Status StartPod(int index, const HostLimits& limits, const Programs& programs,
                        const std::string& log_folder, const std::function<bool()>& stop);
  absl::Status Limit(const base::CpuController& controller, const HostLimits& limits);
  absl::Status LimitTree(const base::CpuController& controller,
                         const base::CpuLimitOptions& options, const std::vector<pid_t>& members,
                         base::CpuThrottling HostUse::*part);
  absl::Status Mint(const Programs& programs);
  absl::Status LimitConnections(int limit);
  absl::Status LoseCache();

  base::FolderRemover folder_;
  std::vector<demo::ChildServer> pods_;  // the first one's children are PostgreSQL and Redis
  struct PartLimit {
    base::CpuThrottling HostUse::*part;
    base::CpuLimit limit;
  };
  std::vector<PartLimit> limits_;
  std::string tokens_path_;
  simulator::ServerHandle handle_;  // without Redis once that is lost
};

// The same host as the simulator reads it (docs/simulator.md), as YAML.
std::string DeploymentYaml(const HostLimits& limits);

}  // namespace conformance
