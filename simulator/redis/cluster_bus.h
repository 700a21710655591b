#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"

// Failover by the rules of a Redis Cluster (redis.io, cluster specification; timing as in Redis 7's
// cluster.c), played message by message.
//
// Every node runs its cron ten times a second. It pings, once a second, the one of five random
// nodes whose last answer is oldest, and any node whose last answer is older than NODE_TIMEOUT / 2.
// A ping and its answer carry what the sender suspects.
//   PFAIL      a node that has left a ping unanswered for longer than NODE_TIMEOUT is suspected.
//   The
//              clock starts with the next ping that is due to it, whether its process or its
//              machine is gone: connections that are refused do not start it.
//   FAIL       who suspects a node itself and hears, by a message, that with it a majority of the
//              masters do (within 2 x NODE_TIMEOUT) declares it failed and tells everybody.
//   election   the replica sees it at its next cron, waits 500 ms + U(0, 500) ms + its rank x 1 s
//              and asks the masters; a majority of all masters must be there to vote. Otherwise it
//              tries again after max(4 x NODE_TIMEOUT, 4 s).
// A lost majority thus fails nothing over. Messages take no time here: a network hop is far below
// the cron's 100 ms.

namespace simulator::redis {

struct BusRules {
  uint32_t masters = 3;  // that own slots
  uint32_t replicas_per_master = 1;
  double node_timeout_seconds = 15;
};

struct Loss {
  std::vector<uint32_t> masters;  // that are away, the one in question first
  // The others have suspected it for long: only the votes were missing.
  bool suspected = false;
  uint32_t rank = 0;  // of the best replica that is alive
};

// Seconds after the loss; infinity: never as things are.
struct Failover {
  double suspected = 0;  // by the first node
  double failed = 0;
  double asked = 0;     // the replica asks for votes
  double promoted = 0;  // it owns the slots from here on
};

// One failover drawn at random. Without replicas `promoted` is infinite, without a majority
// `failed` too.
Failover PlayFailover(const BusRules& rules, const Loss& loss, base::RandomStream& random);

// Bounds of `promoted` with a majority and a replica, by the rules alone: NODE_TIMEOUT + 0.5 s at
// least; at most NODE_TIMEOUT / 2 more until the ping, as much until the message, the election's
// second, its rank, and a cron for each step.
double EarliestFailover(const BusRules& rules);
double LatestFailover(const BusRules& rules, const Loss& loss);

}  // namespace simulator::redis
