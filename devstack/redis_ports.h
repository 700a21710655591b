#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/ports.h"

// The ports of a private Redis Cluster across restarts. A node listens on its port and, for the
// other nodes, on its bus port. Internal to devstack.

namespace devstack {

inline constexpr int kRedisBusOffset = 10000;

// The ports of an earlier run, kept in the file `path`; empty when there was none.
std::vector<int> KeptPorts(const std::string& path);

// All of `ports` with their bus ports, or nothing.
std::vector<base::PortClaim> ClaimAgain(const std::vector<int>& ports);

// nodes.conf holds every node's address: moves them from the old ports to the new.
absl::Status MoveNodes(const std::string& path, const std::vector<int>& from,
                       const std::vector<int>& to);

}  // namespace devstack
