#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulator/engine/system_model.h"
#include "simulator/engine/workload.h"

namespace simulator {

// Operational bounds of a closed system: they hold for every distribution and discipline.
//
//   service demand law   D_k = visits x mean service of resource k per request, in seconds of work
//   throughput           X <= min( min_k C_k / D_k,  N / (Z + R0) )
//   response             R >= max( R0,  N / min_k (C_k / D_k) - Z )
//   knee                 N* = (Z + R0) min_k C_k / D_k
//
// C_k: work per second that k can do (cores, shards, connections). R0: mean response of a request
// that never queues and finds everybody awake. Logins are left out: they come once a user.
// Conditions on the inputs that the engine does not model (failures, cache loss) are not in the
// bounds either.
//
// Where waking a process costs CPU (WakeUpModel), D and R0 are without it, as only so they bound:
// the busier a resource, the fewer wake-ups it pays, none at saturation, where its limit is
// reached; and a request that queues behind others is spared its wake-ups, so that its response may
// be below that of one that is alone. What wake-ups add at a given load: load_estimate.h.
struct ResourceBound {
  std::string name;           // as in Result.resources; plus database_pool (connections' busy time)
  double demand_seconds = 0;  // D_k
  double capacity = 0;        // C_k
  std::string unit;           // of the capacity: cores, shards, connections
  double limit() const { return demand_seconds > 0 ? capacity / demand_seconds : 1e300; }
};

struct Bounds {
  std::vector<ResourceBound> resources;  // lowest limit first; those without demand left out
  double think_seconds = 0;              // Z
  double unloaded_seconds = 0;           // R0
  uint32_t pods = 0;
  uint64_t connections_asked = 0;  // pods x workers x (connections + audit connections)
  uint64_t connections_usable = 0;

  double MaxThroughput() const { return resources.empty() ? 1e300 : resources.front().limit(); }
  double Throughput(double users) const;   // upper bound
  double Response(double users) const;     // lower bound, seconds
  double Knee() const;                     // N*
  double ThinkAtKnee(double users) const;  // below this think time the bounds say saturated
};

// Misses of the cache are those of the engine's own model (cache_model.h) at the throughput that
// the bounds themselves allow for the workload's users: a closed system that sends less hits less.
// So they hold for at most that many users.
Bounds ComputeBounds(const Workload& workload, const SystemModel& system, uint32_t pods);

// The most pods there can be: the autoscaler's maximum, or the fixed number.
uint32_t MostPods(const SystemModel& system);

}  // namespace simulator
