#include "tests/conformance/limited_host.h"

#include <sched.h>
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
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/process_cpu.h"
#include "base/subprocess.h"
#include "simulator/calibration/observation.h"

namespace conformance {
namespace {

constexpr int kMostPods = 4;
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

double CoresHere() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  return sched_getaffinity(0, sizeof(mask), &mask) == 0 ? CPU_COUNT(&mask) : 1;
}

absl::Status CheckLimits(const HostLimits& limits, double cores) {
  if (limits.pods < 1 || limits.pods > kMostPods) {
    return absl::InvalidArgumentError(
        absl::StrCat("--pods: expected 1 to ", kMostPods, ", found ", limits.pods));
  }
  if (limits.cache != "on" && limits.cache != "off" && limits.cache != "lost") {
    return absl::InvalidArgumentError(
        absl::StrCat("--cache: expected on, off or lost, found '", limits.cache, "'"));
  }
  const double left = cores - limits.pods * limits.server_cores - limits.database_cores;
  if (left >= kUnlimitedCores - 1e-9) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%d pods x %g cores and PostgreSQL's %g leave %.2f of %g cores to Redis and the load "
      "generator: expected at least %g",
      limits.pods, limits.server_cores, limits.database_cores, left, cores, kUnlimitedCores));
}

absl::StatusOr<std::unique_ptr<LimitedHost>> LimitedHost::Start(
    const base::CpuController& controller, const HostLimits& limits, const Programs& programs,
    const std::string& log_folder, std::function<bool()> stop) {
  if (absl::Status status = CheckLimits(limits, CoresHere()); !status.ok()) return status;
  auto folder = base::MakeTemporaryFolder("praxis-conformance-");
  if (!folder.ok()) return folder.status();
  std::unique_ptr<LimitedHost> host(new LimitedHost(*folder));
  // Started by root, PostgreSQL runs as another user and must be able to pass through.
  if (chmod(folder->c_str(), 0711) != 0) return absl::InternalError(*folder + ": chmod failed");
  for (int pod = 0; pod < limits.pods; ++pod) {
    absl::Status status = host->StartPod(pod, limits, programs, log_folder, stop);
    if (!status.ok()) return status;
  }
  if (absl::Status status = host->Mint(programs); !status.ok()) return status;
  if (absl::Status status = host->Limit(controller, limits); !status.ok()) return status;
  if (limits.connection_limit > 0) {
    absl::Status status = host->LimitConnections(limits.connection_limit);
    if (!status.ok()) return status;
  }
  if (limits.cache == "lost") {
    if (absl::Status status = host->LoseCache(); !status.ok()) return status;
  }
  return host;
}

absl::Status LimitedHost::StartPod(int index, const HostLimits& limits, const Programs& programs,
                                   const std::string& log_folder,
                                   const std::function<bool()>& stop) {
  demo::ChildServerOptions child;
  child.binary = programs.server;
  child.data_dir = absl::StrCat(folder_.path(), "/server-", index);
  child.flags = {absl::StrCat("--workers=", limits.workers), absl::StrCat("--pods=", limits.pods),
                 absl::StrCat("--database_connections=", limits.connections_per_worker),
                 absl::StrCat("--cache=", limits.cache == "off" ? "off" : "on")};
  if (index > 0) {
    child.flags.push_back("--database_url=" + handle_.database_url);
    child.flags.push_back("--signing_key_file=" + handle_.signing_key_file);
    if (limits.cache != "off") child.flags.push_back("--redis_url=" + handle_.redis_url);
  }
  child.log_file = absl::StrCat(log_folder, "/server-", index, ".log");
  child.stop = stop;
  auto server = demo::ChildServer::Start(child);
  if (!server.ok()) return server.status();
  pods_.push_back(*std::move(server));
  if (index == 0) handle_ = pods_.front().handle();
  return absl::OkStatus();
}

std::string LimitedHost::url() const {
  return absl::StrJoin(pods_, ",", [](std::string* out, const demo::ChildServer& pod) {
    absl::StrAppend(out, pod.url());
  });
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

absl::Status LimitedHost::LimitTree(const base::CpuController& controller,
                                    const base::CpuLimitOptions& options,
                                    const std::vector<pid_t>& members,
                                    base::CpuThrottling HostUse::*part) {
  auto limit = base::CpuLimit::Create(controller, options);
  if (!limit.ok()) return limit.status();
  limits_.push_back({part, *std::move(limit)});
  return limits_.back().limit.Add(members);
}

absl::Status LimitedHost::Limit(const base::CpuController& controller, const HostLimits& limits) {
  std::vector<pid_t> others = handle_.redis_pids;
  others.push_back(handle_.postgres_pid);
  for (size_t pod = 0; pod < pods_.size(); ++pod) {
    absl::Status status =
        LimitTree(controller,
                  {.name = absl::StrCat("praxis-server-", getpid(), "-", pod),
                   .cores = limits.server_cores,
                   .period = limits.period},
                  Without(base::ProcessTree(pods_[pod].handle().pid), others), &HostUse::server);
    if (!status.ok()) return status;
  }
  return LimitTree(controller,
                   {.name = absl::StrCat("praxis-database-", getpid()),
                    .cores = limits.database_cores,
                    .period = limits.period},
                   base::ProcessTree(handle_.postgres_pid), &HostUse::database);
}

LimitedHost::~LimitedHost() { Stop().IgnoreError(); }

absl::Status LimitedHost::Stop() {
  limits_.clear();  // without limits the shutdown is quicker
  absl::Status status;
  // The first pod's PostgreSQL goes with it: it is the last one.
  for (; !pods_.empty(); pods_.pop_back()) status.Update(pods_.back().Stop());
  return status;
}

absl::StatusOr<HostUse> LimitedHost::Use() const {
  HostUse use;
  for (size_t pod = 0; pod < pods_.size(); ++pod) {
    auto seen = simulator::Observe(pod == 0 ? handle_ : pods_[pod].handle());
    if (!seen.ok()) return seen.status();
    if (pod == 0) use.at_seconds = seen->at_seconds;
    use.server_cpu_seconds += seen->server_cpu_seconds;
    use.database_cpu_seconds += seen->database_cpu_seconds;
    use.redis_cpu_seconds += seen->redis_cpu_seconds;
  }
  for (const PartLimit& item : limits_) {
    auto throttling = item.limit.Throttling();
    if (!throttling.ok()) return throttling.status();
    (use.*item.part).periods += throttling->periods;
    (use.*item.part).throttled += throttling->throttled;
    (use.*item.part).throttled_time += throttling->throttled_time;
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
      "      replicas: %d\n"
      "      request_millicores: %d\n"
      "      limit_millicores: %d\n"
      "      limit_period_seconds: %g\n"
      "      request_memory_bytes: 512Mi\n"
      "      limit_memory_bytes: 1Gi\n"
      "      workers: %d\n"
      "      connections_per_worker: %d\n"
      "      audit_connections_per_worker: 1\n"
      "      request_deadline_seconds: 2\n"
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
      "    - {name: cache, role: cache, masters: 3, replicas_per_master: 1}\n%s",
      limits.pods, millicores(limits.server_cores), millicores(limits.server_cores),
      limits.model_period ? absl::ToDoubleSeconds(limits.period) : 0, limits.workers,
      limits.connections_per_worker, millicores(limits.database_cores),
      limits.connection_limit > 0 ? limits.connection_limit + 3 : 100,
      limits.shared_cores > 0 ? absl::StrFormat("  host: {cores: %g}\n", limits.shared_cores) : "");
}

}  // namespace conformance
