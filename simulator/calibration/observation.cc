#include "simulator/calibration/observation.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/http_get.h"
#include "base/paths.h"
#include "base/process_cpu.h"
#include "simulator/calibration/metrics_text.h"
#include "simulator/calibration/wake_up_count.h"

namespace simulator {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;
constexpr absl::Duration kMetricsTimeout = absl::Seconds(5);

// Metric name and the count that it fills.
struct Column {
  const char* metric;
  double OperationCounts::*field;
};
constexpr Column kColumns[] = {
    {"praxis_requests_total", &OperationCounts::requests},
    {"praxis_statements_total", &OperationCounts::statements},
    {"praxis_round_trips_total", &OperationCounts::round_trips},
    {"praxis_redis_commands_total", &OperationCounts::redis_commands},
    {"praxis_cache_hits_total", &OperationCounts::cache_hits},
    {"praxis_cache_misses_total", &OperationCounts::cache_misses},
    {"praxis_audit_rows_total", &OperationCounts::audit_rows},
    {"praxis_cpu_seconds_total", &OperationCounts::thread_cpu_seconds},
    {"praxis_blocking_cpu_seconds_total", &OperationCounts::blocking_cpu_seconds},
};

double SecondsSinceBoot() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

absl::StatusOr<double> TreeCpuSeconds(pid_t root) {
  auto nanoseconds = base::ProcessTreeCpuNanos(root);
  if (!nanoseconds.ok()) return nanoseconds.status();
  return static_cast<double>(*nanoseconds) / kNanosecondsPerSecond;
}

absl::Status FillCounters(const ServerHandle& server, Observation* seen) {
  auto answer = base::HttpGet("127.0.0.1", server.port, "/metrics", kMetricsTimeout);
  if (!answer.ok()) return answer.status();
  if (answer->status != 200) {
    return absl::UnavailableError(absl::StrCat("/metrics answered ", answer->status));
  }
  auto metrics = MetricsText::Parse(answer->body);
  if (!metrics.ok()) return metrics.status();
  for (const Column& column : kColumns) {
    for (const std::string& operation : metrics->LabelValues(column.metric, "operation")) {
      seen->operations[operation].*column.field =
          metrics->Sum(column.metric, {{"operation", operation}});
    }
  }
  for (auto& [operation, counts] : seen->operations) {
    counts.succeeded =
        metrics->Sum("praxis_requests_total", {{"operation", operation}, {"status_class", "2xx"}});
  }
  return absl::OkStatus();
}

void CountWakeUps(const ServerHandle& server, Observation* seen) {
  std::vector<pid_t> others = server.redis_pids;
  if (server.postgres_pid > 0) {
    const std::vector<pid_t> database = base::ProcessTree(server.postgres_pid);
    seen->database_wake_ups = WakeUps(database);
    others.insert(others.end(), database.begin(), database.end());
  }
  std::vector<pid_t> own;
  for (pid_t pid : base::ProcessTree(server.pid)) {
    if (std::find(others.begin(), others.end(), pid) == others.end()) own.push_back(pid);
  }
  seen->server_wake_ups = WakeUps(own);
  seen->server_workers = std::max<double>(1, static_cast<double>(own.size()) - 1);  // a supervisor
  seen->redis_wake_ups = WakeUps(server.redis_pids);
  if (server.client_pid > 0) {
    const std::vector<pid_t> client = base::ProcessTree(server.client_pid);
    seen->client_wake_ups = WakeUps(client);
    seen->client_cpu_seconds = TreeCpuSeconds(server.client_pid).value_or(0);
  }
  seen->audit_wake_ups = WakeUps(server.audit_pids);
  seen->backends = static_cast<double>(server.request_pids.size());
  seen->audit_backends = static_cast<double>(server.audit_pids.size());
  seen->backend_wake_ups = server.request_pids.empty()
                               ? seen->database_wake_ups - seen->audit_wake_ups
                               : WakeUps(server.request_pids);
  for (pid_t pid : server.audit_pids) {
    seen->audit_cpu_seconds +=
        static_cast<double>(base::ProcessCpuNanos(pid).value_or(0)) / kNanosecondsPerSecond;
  }
}

absl::Status FieldError(const std::string& path, const std::string& field) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": field `", field, "` missing or of the wrong type"));
}

}  // namespace

absl::StatusOr<ServerHandle> ReadServerHandle(const std::string& path) {
  auto text = base::ReadFile(path);
  if (!text.ok()) return text.status();
  boost::system::error_code error;
  const boost::json::value json = boost::json::parse(*text, error);
  if (error || !json.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": expected a JSON object"));
  }
  const boost::json::object& object = json.get_object();
  ServerHandle handle;
  auto number = [&](const char* field, int64_t* into) {
    const boost::json::value* value = object.if_contains(field);
    if (value == nullptr || !value->is_int64()) return false;
    *into = value->get_int64();
    return true;
  };
  int64_t port = 0;
  int64_t pid = 0;
  int64_t postgres_pid = 0;
  if (!number("port", &port)) return FieldError(path, "port");
  if (!number("pid", &pid)) return FieldError(path, "pid");
  number("postgres_pid", &postgres_pid);
  handle.port = static_cast<uint16_t>(port);
  handle.pid = static_cast<pid_t>(pid);
  handle.postgres_pid = static_cast<pid_t>(postgres_pid);
  if (const auto* pids = object.if_contains("redis_pids"); pids != nullptr && pids->is_array()) {
    for (const boost::json::value& item : pids->get_array()) {
      if (item.is_int64()) handle.redis_pids.push_back(static_cast<pid_t>(item.get_int64()));
    }
  }
  for (auto [field, into] : {std::pair{"database_url", &handle.database_url},
                             {"redis_url", &handle.redis_url},
                             {"signing_key_file", &handle.signing_key_file}}) {
    const boost::json::value* value = object.if_contains(field);
    if (value != nullptr && value->is_string()) *into = std::string(value->get_string());
  }
  return handle;
}

absl::StatusOr<Observation> Observe(const ServerHandle& server) {
  Observation seen;
  seen.at_seconds = SecondsSinceBoot();
  if (absl::Status status = FillCounters(server, &seen); !status.ok()) return status;
  // The embedded PostgreSQL and Redis are children of the supervisor: they count apart.
  auto tree = TreeCpuSeconds(server.pid);
  if (!tree.ok()) return tree.status();
  seen.server_cpu_seconds = *tree;
  std::vector<pid_t> others = server.redis_pids;
  for (pid_t pid : others) {
    auto cpu = TreeCpuSeconds(pid);
    if (!cpu.ok()) return cpu.status();
    seen.redis_cpu_seconds += *cpu;
  }
  if (server.postgres_pid > 0) {
    auto cpu = TreeCpuSeconds(server.postgres_pid);
    if (!cpu.ok()) return cpu.status();
    seen.database_cpu_seconds = *cpu;
  }
  if (IsChildOf(server.pid, server.postgres_pid)) {
    seen.server_cpu_seconds -= seen.database_cpu_seconds;
  }
  if (!others.empty() && IsChildOf(server.pid, others.front())) {
    seen.server_cpu_seconds -= seen.redis_cpu_seconds;
  }
  CountWakeUps(server, &seen);
  return seen;
}

bool IsChildOf(pid_t root, pid_t pid) {
  for (pid_t member : base::ProcessTree(root)) {
    if (member == pid) return true;
  }
  return false;
}

Observation Difference(const Observation& later, const Observation& earlier) {
  Observation window = later;
  window.at_seconds -= earlier.at_seconds;
  window.server_cpu_seconds -= earlier.server_cpu_seconds;
  window.database_cpu_seconds -= earlier.database_cpu_seconds;
  for (auto total :
       {&Observation::redis_cpu_seconds, &Observation::audit_cpu_seconds,
        &Observation::server_wake_ups, &Observation::database_wake_ups,
        &Observation::audit_wake_ups, &Observation::redis_wake_ups, &Observation::backend_wake_ups,
        &Observation::client_cpu_seconds, &Observation::client_wake_ups}) {
    window.*total -= earlier.*total;
  }
  for (auto& [operation, counts] : window.operations) {
    auto before = earlier.operations.find(operation);
    if (before == earlier.operations.end()) continue;
    for (const Column& column : kColumns) counts.*column.field -= before->second.*column.field;
    counts.succeeded -= before->second.succeeded;
  }
  return window;
}

double TotalRequests(const Observation& window) {
  double total = 0;
  for (const auto& [operation, counts] : window.operations) total += counts.requests;
  return total;
}

}  // namespace simulator
