#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace base {

struct ListenerOptions {
  std::string host = "127.0.0.1";  // IPv4 address; "0.0.0.0" for all.
  int port = 0;                    // 0: the kernel picks one, see ListenerPort.
  int backlog = 4096;              // The kernel caps it at net.core.somaxconn.
  // Several listeners on one port, the kernel spreads connections over them. Claim the port first
  // (base/ports.h): with this option a foreign bind is not noticed.
  bool reuse_port = false;
};

// A listening IPv4 TCP socket: non-blocking, close-on-exec, SO_REUSEADDR. AlreadyExists when the
// port is taken; the message names host and port.
absl::StatusOr<UniqueFd> CreateListener(const ListenerOptions& options);

// The local port of a bound socket.
absl::StatusOr<int> ListenerPort(int fd);

}  // namespace base
