#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

// What calibration sees of a running server of ours: its own counters (/metrics) and the CPU time
// of its processes and of its PostgreSQL and Redis (the kernel's clocks). All from outside, on one
// host.

namespace simulator {

// Read from the file `server.json` that the server writes into its data folder once it is ready.
struct ServerHandle {
  uint16_t port = 0;
  pid_t pid = 0;           // the supervisor; its tree holds the workers
  pid_t postgres_pid = 0;  // 0: not ours to watch
  std::vector<pid_t> redis_pids;
  std::vector<pid_t> audit_pids;    // backends that write audit batches; not in the file
  std::vector<pid_t> request_pids;  // backends that work for requests; not in the file
  pid_t client_pid = 0;             // the load generator, while one runs; not in the file
  std::string database_url;
  std::string redis_url;
  std::string signing_key_file;
};

// Errors name the file and the field.
absl::StatusOr<ServerHandle> ReadServerHandle(const std::string& path);

// Counters of one operation since the server started, or in a window.
struct OperationCounts {
  double requests = 0;   // finished, whatever the answer
  double succeeded = 0;  // answered 2xx
  double statements = 0;
  double round_trips = 0;
  double redis_commands = 0;
  double cache_hits = 0;
  double cache_misses = 0;
  double audit_rows = 0;
  double thread_cpu_seconds = 0;    // by the thread clock, inside the request's coroutine only
  double blocking_cpu_seconds = 0;  // password hashing
};

// Totals since start (Observe) or of a window (Difference).
struct Observation {
  double at_seconds = 0;  // monotonic; a window's length after Difference
  std::map<std::string, OperationCounts> operations;
  double server_cpu_seconds = 0;    // worker processes
  double database_cpu_seconds = 0;  // the whole PostgreSQL process tree
  double redis_cpu_seconds = 0;     // all nodes
  double audit_cpu_seconds = 0;     // the audit backends' part of database_cpu_seconds
  // Times that a thread of these went to sleep (wake_up_count.h).
  double server_wake_ups = 0;
  double database_wake_ups = 0;  // the audit backends' included
  double audit_wake_ups = 0;
  double backend_wake_ups = 0;  // of those that work for requests; all but audit where not known
  double backends = 0;          // of those; 0: not known
  double audit_backends = 0;
  double redis_wake_ups = 0;
  double server_workers = 0;  // processes with an event loop, at the look
  // Of the load generator; 0 when none runs.
  double client_cpu_seconds = 0;
  double client_wake_ups = 0;
};

// Looks once. Unavailable when the server does not answer or a process is gone.
absl::StatusOr<Observation> Observe(const ServerHandle& server);

// Whether `pid` is `root` or below it in the process tree.
bool IsChildOf(pid_t root, pid_t pid);

Observation Difference(const Observation& later, const Observation& earlier);

// Sum of requests over operations.
double TotalRequests(const Observation& window);

}  // namespace simulator
