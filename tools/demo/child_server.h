#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/subprocess.h"
#include "simulator/calibration/observation.h"

// The API server as a child process with its own private PostgreSQL and Redis Cluster.

namespace demo {

struct ChildServerOptions {
  std::string binary;
  std::string data_dir;            // created when missing; server.json appears here
  std::vector<std::string> flags;  // besides --port=0 and --data_dir
  std::string log_file;
  absl::Duration start_timeout = absl::Seconds(60);
  std::function<bool()> stop;  // true: give up waiting
};

class ChildServer {
 public:
  // Returns when the server has written server.json. Unavailable with the log's path when it ends
  // or stays silent; Cancelled after `stop`.
  static absl::StatusOr<ChildServer> Start(const ChildServerOptions& options);

  const simulator::ServerHandle& handle() const { return handle_; }
  std::string url() const;

  // SIGTERM: the server drains and stops its PostgreSQL and Redis. Bounded by 20 s.
  absl::Status Stop();

 private:
  ChildServer(base::Subprocess process, simulator::ServerHandle handle, std::string log_file)
      : process_(std::move(process)), handle_(std::move(handle)), log_file_(std::move(log_file)) {}

  base::Subprocess process_;
  simulator::ServerHandle handle_;
  std::string log_file_;
};

}  // namespace demo
