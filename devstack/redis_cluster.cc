#include "devstack/redis_cluster.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/paths.h"
#include "devstack/redis_node.h"
#include "devstack/redis_ports.h"
#include "devstack/secret.h"

namespace devstack {

namespace fs = std::filesystem;

PrivateRedisCluster::PrivateRedisCluster(RedisClusterOptions options)
    : options_(std::move(options)) {}

PrivateRedisCluster::~PrivateRedisCluster() { Stop().IgnoreError(); }

absl::StatusOr<std::unique_ptr<PrivateRedisCluster>> PrivateRedisCluster::Begin(
    const RedisClusterOptions& options) {
  if (options.masters < 3) {
    return absl::InvalidArgumentError("a Redis Cluster needs at least 3 masters");
  }
  for (const auto& [program, package] :
       {std::pair("redis-server", "redis-server"), std::pair("redis-cli", "redis-tools")}) {
    if (!fs::exists(absl::StrCat("/usr/bin/", program))) {
      return absl::NotFoundError(
          absl::StrCat("/usr/bin/", program, " not found: install the Debian package ", package));
    }
  }
  auto cluster = std::unique_ptr<PrivateRedisCluster>(new PrivateRedisCluster(options));
  if (absl::Status status = cluster->ChoosePorts(); !status.ok()) return status;
  if (absl::Status status = cluster->StartNodes(); !status.ok()) return status;
  return cluster;
}

absl::Status PrivateRedisCluster::ChoosePorts() {
  std::error_code error;
  fs::create_directories(options_.data_dir, error);
  if (error) return absl::PermissionDeniedError(absl::StrCat("cannot create ", options_.data_dir));
  const std::string kept_path = options_.data_dir + "/ports";
  const std::vector<int> kept = KeptPorts(kept_path);
  // The file is written once the cluster stands, so nodes without it are a broken attempt.
  existing_ = static_cast<int>(kept.size()) == nodes();
  if (!existing_) {
    for (int i = 0; i < nodes(); ++i) fs::remove_all(NodeFolder(i), error);
  } else {
    claims_ = ClaimAgain(kept);
  }
  if (claims_.empty()) {
    auto claims = base::ClaimFreePorts(nodes(), {kRedisBusOffset});
    if (!claims.ok()) return claims.status();
    claims_ = *std::move(claims);
  }
  for (const base::PortClaim& claim : claims_) ports_.push_back(claim.port());
  if (!existing_ || ports_ == kept) return absl::OkStatus();
  for (int i = 0; i < nodes(); ++i) {
    absl::Status status = MoveNodes(NodeFolder(i) + "/nodes.conf", kept, ports_);
    if (!status.ok()) return status;
  }
  return KeepPorts();
}

absl::Status PrivateRedisCluster::KeepPorts() const {
  return base::WriteFile(options_.data_dir + "/ports", absl::StrJoin(ports_, " ") + "\n", 0600);
}

absl::Status PrivateRedisCluster::StartNodes() {
  for (int i = 0; i < nodes(); ++i) {
    if (absl::Status status = StartNode(i); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status PrivateRedisCluster::StartNode(int index) {
  const std::string folder = NodeFolder(index);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return absl::PermissionDeniedError(absl::StrCat("cannot create ", folder));
  const std::string path = folder + "/redis.conf";
  if (absl::Status status = base::WriteFile(
          path, RedisNodeConfig(options_, ports_[static_cast<size_t>(index)]), 0600);
      !status.ok()) {
    return status;
  }
  base::SubprocessOptions server;
  server.argv = {"/usr/bin/redis-server", path};
  server.working_directory = folder;
  server.log_file = folder + "/redis.log";
  absl::StatusOr<base::Subprocess> started = base::Subprocess::Start(server);
  if (!started.ok()) return started.status();
  servers_.push_back(*std::move(started));
  return absl::OkStatus();
}

absl::StatusOr<bool> PrivateRedisCluster::Poll() {
  if (step_ == Step::kReady) return true;
  if (absl::Status status = CheckAlive(); !status.ok()) return status;
  if (step_ == Step::kStarting) {
    if (!AllAnswer()) return false;
    step_ = existing_ ? Step::kJoining : Step::kCreating;
    if (step_ == Step::kCreating) {
      if (absl::Status status = StartCreation(); !status.ok()) return status;
    }
  }
  if (step_ == Step::kCreating) {
    const auto exit = creation_->Poll();
    if (!exit.has_value()) return false;
    if (!exit->ok()) {
      return absl::InternalError(absl::StrCat("redis-cli --cluster create failed: ",
                                              LastLine(options_.data_dir + "/create.log")));
    }
    step_ = Step::kJoining;
  }
  if (!AllJoined()) return false;
  step_ = Step::kReady;
  if (absl::Status status = KeepPorts(); !status.ok()) return status;
  return true;
}

bool PrivateRedisCluster::AllAnswer() const {
  return std::all_of(ports_.begin(), ports_.end(), [this](int port) {
    return AskRedis(port, options_.password, "PING") == "PONG";
  });
}

absl::Status PrivateRedisCluster::StartCreation() {
  base::SubprocessOptions create;
  create.argv = {"/usr/bin/redis-cli", "--cluster", "create"};
  for (const int port : ports_) create.argv.push_back(absl::StrCat("127.0.0.1:", port));
  create.argv.push_back("--cluster-replicas");
  create.argv.push_back(absl::StrCat(options_.replicas_per_master));
  create.argv.push_back("--cluster-yes");
  if (!options_.password.empty()) create.environment = {"REDISCLI_AUTH=" + options_.password};
  create.log_file = options_.data_dir + "/create.log";
  absl::StatusOr<base::Subprocess> started = base::Subprocess::Start(create);
  if (!started.ok()) return started.status();
  creation_ = *std::move(started);
  return absl::OkStatus();
}

bool PrivateRedisCluster::AllJoined() const {
  const std::string known = absl::StrCat("cluster_known_nodes:", nodes(), "\r");
  int masters = 0;
  for (const int port : ports_) {
    const std::string info = AskRedis(port, options_.password, "CLUSTER INFO");
    if (!absl::StrContains(info, "cluster_state:ok") ||
        !absl::StrContains(info, "cluster_slots_ok:16384") || !absl::StrContains(info, known)) {
      return false;
    }
    const std::string replication = AskRedis(port, options_.password, "INFO replication");
    const bool is_master = absl::StrContains(replication, "role:master");
    masters += is_master ? 1 : 0;
    if (options_.wait_for_replicas && !is_master &&
        !absl::StrContains(replication, "master_link_status:up")) {
      return false;
    }
  }
  // A node that was told to replicate but has not yet obeyed still calls itself a master.
  return masters == options_.masters;
}

std::string PrivateRedisCluster::url() const {
  return absl::StrJoin(
      ports_, ",", [](std::string* out, int port) { absl::StrAppend(out, "127.0.0.1:", port); });
}

std::vector<pid_t> PrivateRedisCluster::pids() const {
  std::vector<pid_t> pids;
  for (const base::Subprocess& server : servers_) pids.push_back(server.pid());
  return pids;
}

absl::StatusOr<std::vector<pid_t>> PrivateRedisCluster::MasterPids() const {
  std::vector<pid_t> masters;
  for (size_t i = 0; i < servers_.size(); ++i) {
    const std::string replication = AskRedis(ports_[i], options_.password, "INFO replication");
    if (replication.empty()) continue;  // Down: whoever took over says so.
    if (absl::StrContains(replication, "role:master")) masters.push_back(servers_[i].pid());
  }
  if (masters.empty())
    return absl::UnavailableError("no node of the private Redis Cluster answers");
  return masters;
}

absl::Status PrivateRedisCluster::CheckAlive() {
  for (size_t i = 0; i < servers_.size(); ++i) {
    const auto exit = servers_[i].Poll();
    if (!exit.has_value()) continue;
    return absl::UnavailableError(
        absl::StrCat("the private Redis node on port ", ports_[i], " has ended (", exit->ToString(),
                     "): ", LastLine(NodeFolder(static_cast<int>(i)) + "/redis.log")));
  }
  return absl::OkStatus();
}

absl::Status PrivateRedisCluster::Stop(absl::Duration grace) {
  for (base::Subprocess& server : servers_) server.Signal(SIGTERM);
  const absl::Time deadline = absl::Now() + grace;
  absl::Status status;
  for (base::Subprocess& server : servers_) {
    const auto exit =
        server.Terminate(std::max(deadline - absl::Now(), absl::ZeroDuration()), SIGTERM);
    if (!exit.ok()) status = exit.status();
  }
  servers_.clear();
  creation_.reset();
  return status;
}

std::string PrivateRedisCluster::NodeFolder(int index) const {
  return absl::StrCat(options_.data_dir, "/node", index);
}

}  // namespace devstack
