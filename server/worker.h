#pragma once

#include <string>
#include <vector>

#include "base/shared_counters.h"
#include "base/supervisor.h"
#include "server/auth/token.h"
#include "server/options.h"

// Worker: one process, one event loop, everything a request needs.
//
// Starts serving at once (health answers while the database is still connecting) and raises its
// readiness gauge when it can do work. SIGTERM drains: readiness goes down while connections are
// still served for drain_delay_seconds, responses say "Connection: close", then nothing new is
// accepted, idle connections are closed, requests in flight finish (drain_deadline_seconds at
// most), and the process ends with 0.

namespace server {

struct WorkerConfig {
  ServerOptions options;
  std::string app_database_url;  // of the role without privileges
  std::vector<std::string> redis_seeds;
  SigningKey key;
  std::string decoy_hash;  // see SessionService
  const base::SharedCounters* counters = nullptr;
  size_t ready_cell = 0;  // gauge: 1 while this worker is ready
};

// The process's exit code.
int RunWorker(const WorkerConfig& config, const base::WorkerContext& context);

}  // namespace server
