#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/deployment.pb.h"
#include "simulator/engine/cache_memory.h"
#include "simulator/kernel/virtual_time.h"
#include "simulator/redis/cluster_bus.h"
#include "simulator/redis/slots.h"

namespace simulator {

// The Redis that the API uses, as a deployment and a profile give it: the cache's cluster where
// there are several.
struct RedisModel {
  redis::BusRules rules;  // node timeout 0: no cluster, nothing fails over
  redis::SlotMap owners{};
  std::vector<double> slot_popularity;  // share of the commands per slot
  double hottest_slot = 0;              // largest of them
  uint32_t hottest_slot_number = 0;
  bool full_coverage = true;  // one uncovered slot stops the whole cluster
  bool state = false;         // holds state: a refused command fails the request with 503
  Nanos batch = 0;            // of a shard for each batch of commands

  Nanos client_command = 0;  // of a worker, for each command that it sends
  // How the API's workers behave when a shard is away.
  Nanos refresh = 0;   // a new master is known within so long
  Nanos distrust = 0;  // a shard that was lost is not used for so long after it is back
  Nanos patience = 0;  // a command to a silent machine is given up after it
  Nanos stuck = 0;     // then its connection counts as lost and commands fail at once

  double keys = 0;  // that resharding moves
  double migrate_keys_per_second = 0;
  double migrate_busy_seconds = 0;  // of both ends, a key
  Eviction eviction = Eviction::kNone;
  double maxmemory_bytes = 0;   // of each master; 0: no limit
  bool memory_limited = false;  // maxmemory may be reached
  double fixed_bytes = 0;       // of keys that never leave, over all masters

  // Who scales the nodes, if anybody does (redis_scaler.h).
  std::optional<model::Autoscaler> autoscaler;
  std::string workload;
  uint32_t pods = 0;  // at the start
  int64_t request_millicores = 0;
  int64_t request_memory_bytes = 0;
  bool rebalancer = false;  // moves slots to and from nodes
};

}  // namespace simulator
