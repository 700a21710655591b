#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

// TCP ports on this machine: who may have which.
//
// SO_REUSEPORT lets a second server of the same user bind a port silently and take half of the
// traffic. Therefore a port is claimed first: a lock per port (an abstract Unix socket, so it is
// visible to every user, belongs to the network namespace as the port does, and vanishes with the
// last process that inherited it) and a probing bind without SO_REUSEPORT.

namespace base {

// A claimed port. Keep it as long as the port is in use; movable. Forked children share the claim,
// programs started with exec do not.
class PortClaim {
 public:
  int port() const { return port_; }

 private:
  friend absl::StatusOr<PortClaim> ClaimPort(const std::string& host, int port);
  PortClaim(int port, UniqueFd lock) : port_(port), lock_(std::move(lock)) {}
  int port_;
  UniqueFd lock_;
};

// Claims `port` (1..65535) on `host` (an IPv4 address; "0.0.0.0" for all). AlreadyExists with a
// message that names the port and, when it is one of ours, the holder's pid.
absl::StatusOr<PortClaim> ClaimPort(const std::string& host, int port);

// Claims `count` free ports on 127.0.0.1, below the kernel's ephemeral range where possible, such
// that port + o is free for each `o` in `offsets` too (Redis Cluster's bus: {10000}).
// ResourceExhausted when there are not enough.
absl::StatusOr<std::vector<PortClaim>> ClaimFreePorts(int count,
                                                      const std::vector<int>& offsets = {});

}  // namespace base
