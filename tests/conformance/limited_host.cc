#include "tests/conformance/limited_host.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <exception>
#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/process_cpu.h"
#include "base/subprocess.h"
#include "simulator/calibration/observation.h"

namespace conformance {
namespace {

constexpr absl::Duration kMintTimeout = absl::Seconds(20);
constexpr absl::Duration kReconnect = absl::Seconds(3);

// Members of `tree` that are not below one of `others`.
std::vector<pid_t> Without(std::vector<pid_t> tree, const std::vector<pid_t>& others) {
  for (pid_t root : others) {
    for (pid_t pid : base::ProcessTree(root)) {
      tree.erase(std::remove(tree.begin(), tree.end(), pid), tree.end());
    }
  }
  return tree;
}

}  // namespace

absl::StatusOr<Programs> FindPrograms() {
  Programs programs;
  for (auto [path, into] : {std::pair{"server/server", &programs.server},
                            {"loadgen/loadgen", &programs.loadgen},
                            {"simulator/simulator", &programs.simulator},
                            {"tools/mint/mint", &programs.mint},
                            {"scenarios/clinic_day.yaml", &programs.scenario}}) {
    auto found = base::Runfile(path);
    if (!found.ok()) return found.status();
    *into = *std::move(found);
  }
  return programs;
}

absl::StatusOr<std::unique_ptr<LimitedHost>> LimitedHost::Start(
    const base::CpuController& controller, const HostLimits& limits, const Programs& programs,
    const std::string& log_folder, std::function<bool()> stop) {
  auto folder = base::MakeTemporaryFolder("praxis-conformance-");
  if (!folder.ok()) return folder.status();
  std::unique_ptr<LimitedHost> host(new LimitedHost(*folder));
  // Started by root, PostgreSQL runs as another user and must be able to pass through.
  if (chmod(folder->c_str(), 0711) != 0) return absl::InternalError(*folder + ": chmod failed");
  demo::ChildServerOptions child;
  child.binary = programs.server;
  child.data_dir = *folder + "/server";
  child.flags = {absl::StrCat("--workers=", limits.workers),
                 absl::StrCat("--database_connections=", limits.connections_per_worker)};
  child.log_file = log_folder + "/server.log";
  child.stop = std::move(stop);
  auto server = demo::ChildServer::Start(child);
  if (!server.ok()) return server.status();
  host->server_.emplace(*std::move(server));
  host->handle_ = host->server_->handle();
  if (absl::Status status = host->Mint(programs); !status.ok()) return status;
  if (absl::Status status = host->Limit(controller, limits); !status.ok()) return status;
  if (limits.connection_limit > 0) {
    absl::Status status = host->LimitConnections(limits.connection_limit);
    if (!status.ok()) return status;
  }
  if (limits.cache_lost) {
    if (absl::Status status = host->LoseCache(); !status.ok()) return status;
  }
  return host;
}

absl::Status LimitedHost::Mint(const Programs& programs) {
  auto output = base::RunCommand(
      {programs.mint, absl::StrCat("--signing_key_file=", handle().signing_key_file),
       "--patients=5000", "--doctors=100", "--receptionists=40"},
      kMintTimeout);
  if (!output.ok()) return output.status();
  if (!output->exit.ok()) return absl::UnavailableError(output->err);
  tokens_path_ = folder_.path() + "/tokens.txt";
  return base::WriteFile(tokens_path_, output->out, 0600);
}

absl::Status LimitedHost::LimitConnections(int limit) {
  try {
    pqxx::connection connection(handle().database_url);
    pqxx::nontransaction session(connection);
    session.exec(absl::StrCat("ALTER ROLE praxis_app CONNECTION LIMIT ", limit));
    session.exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'praxis_app'");
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("connection limit: ", error.what()));
  }
  absl::SleepFor(kReconnect);
  return absl::OkStatus();
}

absl::Status LimitedHost::LoseCache() {
  for (pid_t pid : handle_.redis_pids) kill(pid, SIGKILL);
  handle_.redis_pids.clear();
  absl::SleepFor(kReconnect);
  return absl::OkStatus();
}

absl::Status LimitedHost::Limit(const base::CpuController& controller, const HostLimits& limits) {
  const simulator::ServerHandle& server = handle();
  std::vector<pid_t> others = server.redis_pids;
  others.push_back(server.postgres_pid);
  struct Part {
    const char* name;
    double cores;
    std::vector<pid_t> members;
    std::optional<base::CpuLimit>* limit;
  };
  for (Part& part :
       std::vector<Part>{{"server", limits.server_cores,
                          Without(base::ProcessTree(server.pid), others), &server_limit_},
                         {"database", limits.database_cores, base::ProcessTree(server.postgres_pid),
                          &database_limit_}}) {
    auto limit = base::CpuLimit::Create(controller,
                                        {.name = absl::StrCat("praxis-", part.name, "-", getpid()),
                                         .cores = part.cores,
                                         .period = limits.period});
    if (!limit.ok()) return limit.status();
    part.limit->emplace(*std::move(limit));
    if (absl::Status status = (*part.limit)->Add(part.members); !status.ok()) return status;
  }
  return absl::OkStatus();
}

LimitedHost::~LimitedHost() { Stop().IgnoreError(); }

absl::Status LimitedHost::Stop() {
  // Without limits the shutdown is quicker.
  server_limit_.reset();
  database_limit_.reset();
  if (!server_.has_value()) return absl::OkStatus();
  const absl::Status status = server_->Stop();
  server_.reset();
  return status;
}

absl::StatusOr<HostUse> LimitedHost::Use() const {
  auto seen = simulator::Observe(handle());
  if (!seen.ok()) return seen.status();
  HostUse use;
  use.at_seconds = seen->at_seconds;
  use.server_cpu_seconds = seen->server_cpu_seconds;
  use.database_cpu_seconds = seen->database_cpu_seconds;
  use.redis_cpu_seconds = seen->redis_cpu_seconds;
  for (auto [limit, into] :
       {std::pair{&server_limit_, &use.server}, {&database_limit_, &use.database}}) {
    auto throttling = (*limit)->Throttling();
    if (!throttling.ok()) return throttling.status();
    *into = *throttling;
  }
  return use;
}

std::string DeploymentYaml(const HostLimits& limits) {
  auto millicores = [](double cores) { return static_cast<int>(std::lround(cores * 1000)); };
  return absl::StrFormat(
      "deployment:\n"
      "  name: limited-host\n"
      "  workloads:\n"
      "    - name: api\n"
      "      kind: Deployment\n"
      "      role: api\n"
      "      replicas: 1\n"
      "      request_millicores: %d\n"
      "      limit_millicores: %d\n"
      "      limit_period_seconds: %g\n"
      "      request_memory_bytes: 512Mi\n"
      "      limit_memory_bytes: 1Gi\n"
      "      workers: %d\n"
      "      connections_per_worker: %d\n"
      "      audit_connections_per_worker: 1\n"
      "      pipeline_depth: 64\n"
      "      start_seconds: 1\n"
      "      termination_grace_seconds: 30\n"
      "  services:\n"
      "    - {name: api, workloads: [api], balancing: per_connection}\n"
      "  database:\n"
      "    cores_millicores: %d\n"
      "    max_connections: %d\n"
      "    superuser_reserved_connections: 3\n"
      "    synchronous_commit: true\n"
      "  redis:\n"
      "    - {name: cache, role: cache, masters: 3, replicas_per_master: 1}\n",
      millicores(limits.server_cores), millicores(limits.server_cores),
      limits.model_period ? absl::ToDoubleSeconds(limits.period) : 0, limits.workers,
      limits.connections_per_worker, millicores(limits.database_cores),
      limits.connection_limit > 0 ? limits.connection_limit + 3 : 100);
}

}  // namespace conformance
