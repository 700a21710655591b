#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace server {

// OK when one of the `seeds` ("host:port") answers as a node of a cluster; otherwise one line with
// what the last of them said. For start-up: blocks, at most `patience` a seed and 3 x `patience`
// together.
absl::Status CheckRedisReachable(const std::vector<std::string>& seeds, absl::Duration patience);

}  // namespace server
