#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

// What lies between processes besides their CPU: the network, and waking whoever sleeps. Measured
// with pauses, so that both sides sleep as they do at a low load, and as the elapsed time of a
// round trip less the CPU time that both sides spent on it, since that is charged to their demands.

namespace simulator {

// PING of the first node of `redis_url` (host:port, by commas), whose process is one of `pids`.
// Seconds; takes about half a second. Unavailable when the node does not answer.
absl::StatusOr<double> ProbeRedisRoundTrip(const std::string& redis_url,
                                           const std::vector<pid_t>& pids);

// CPU seconds that a client spends on a command, sent and answered before the next: the median of a
// few batches of PINGs by a thread that does nothing else.
absl::StatusOr<double> ProbeRedisClientCpu(const std::string& redis_url);

// SELECT 1 on a connection of its own, likewise.
absl::StatusOr<double> ProbeDatabaseRoundTrip(const std::string& database_url);

}  // namespace simulator
