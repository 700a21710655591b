#pragma once

#include <string>

#include "devstack/redis_cluster.h"

// One node of a private Redis Cluster. Internal to devstack.

namespace devstack {

// One command to the node on 127.0.0.1:port, in text; empty when it does not answer within 200 ms.
std::string AskRedis(int port, const std::string& password, const char* command);

// The text of redis.conf of a node on `port`.
std::string RedisNodeConfig(const RedisClusterOptions& options, int port);

}  // namespace devstack
