#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

// What a command costs a Redis node that is busy: CPU of the node over commands, under
// redis-benchmark with 50 connections without pipelining. A node that is mostly idle pays a wake-up
// for each command and looks several times dearer; extrapolating that figure to a busy shard would
// be wrong.

namespace simulator {

// `redis_url`: host:port of the cluster's nodes, by commas. Takes about a second; the keys it
// writes are its own ("key:__rand_int__"). NotFound without redis-benchmark, Unavailable when it
// fails.
absl::StatusOr<double> ProbeRedisCommandSeconds(const std::string& redis_url,
                                                const std::vector<pid_t>& pids);

}  // namespace simulator
