#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

// What the command line said, checked. main.cc fills it from flags; everything else gets it passed.

namespace server {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8088;  // 0: any free one
  int workers = 2;
  std::string data_dir;
  std::string signing_key_file;  // empty: <data_dir>/signing_key.json
  // Empty: a private PostgreSQL / Redis Cluster is started under data_dir.
  std::string database_url;
  std::string redis_url;
  std::string cache = "on";      // or "off": no Redis, every record is read from the database
  int database_connections = 2;  // per worker, for requests; the audit log has one more
  int pipeline_depth = 64;
  int pods = 1;  // processes like this one that share the database, for the connection budget
  int blocking_threads = 1;
  int max_connections = 0;  // per worker; 0: what the process may open
  int idle_timeout_seconds = 300;
  int drain_delay_seconds = 0;
  int drain_deadline_seconds = 10;

  bool seed = false;  // insert the demonstration's entities
  int seed_clinics = 20;
  int seed_doctors_per_clinic = 5;
  int seed_patients_per_clinic = 500;
  int seed_receptionists_per_clinic = 2;
};

// InvalidArgument naming the flag, its value and what was expected.
absl::Status Validate(const ServerOptions& options);

}  // namespace server
